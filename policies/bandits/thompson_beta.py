from sim.core.trace import NONE
from sim.domains import bandits
from sim.domains.bandits.draws import beta_variate


class ThompsonBeta(bandits.Policy):
    """Draws each arm's chance of success from what is believed of it, and pulls the arm that drew the highest.

    Beliefs are Beta(1 + successes, 1 + failures). A reward between 0 and 1 counts as a success with that probability, drawn anew.
    For Bernoulli rewards the regret is asymptotically the least possible.

    Reference: Thompson, "On the Likelihood that One Unknown Probability Exceeds Another", Biometrika 1933; rewards between 0 and
    1: Agrawal and Goyal, "Analysis of Thompson Sampling for the Multi-armed Bandit Problem", COLT 2012, algorithm 2.
    """

    def begin(self, setting, rng):
        self.rng = rng
        self.tally = bandits.Tally(setting.n_arms)

    def choose(self, context):
        best = NONE
        highest = -1.0
        for arm in range(self.tally.n_arms):
            if self.tally.alive[arm]:
                wins = self.tally.earned[arm]
                sample = beta_variate(self.rng, 1 + wins, 1 + self.tally.pulls[arm] - wins)
                if best == NONE or sample > highest:
                    best = arm
                    highest = sample
        return best

    def update(self, arm, reward, cost):
        if 0 < reward < 1:
            reward = 1.0 if self.rng.random() < reward else 0.0
        self.tally.count(arm, reward)

    def drop(self, arm):
        self.tally.drop(arm)

    def add(self, arm):
        self.tally.add(arm)
