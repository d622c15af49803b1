from sim.core.structures import draw
from sim.domains import bandits


class Uniform(bandits.Policy):
    """Pulls an arm at random, all equally likely.

    Reference: Auer, Cesa-Bianchi, Freund and Schapire, "The Nonstochastic Multiarmed Bandit Problem", SIAM Journal on Computing
    2002: exp3 with gamma 1.
    """

    unit_rewards = False

    def begin(self, setting, rng):
        self.rng = rng
        self.tally = bandits.Tally(setting.n_arms)

    def choose(self, context):
        return self.tally.nth(draw(self.rng, self.tally.n_alive))

    def probability(self, arm):
        return 1 / self.tally.n_alive

    def update(self, arm, reward, cost):
        return

    def drop(self, arm):
        self.tally.drop(arm)

    def add(self, arm):
        self.tally.add(arm)
