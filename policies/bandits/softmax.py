import math

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import bandits


class Softmax(bandits.Policy):
    """Draws an arm with a probability that grows exponentially with its mean reward.

    Every arm is pulled once first. For a fixed temperature the regret grows linearly.

    Parameters:
        tau: temperature, above 0: the difference of means that makes an arm e times as likely.

    Reference: Luce, "Individual Choice Behavior", 1959; as a bandit: Sutton and Barto, "Reinforcement Learning", 1998,
    section 2.3.
    """

    unit_rewards = False

    tau: float = 1.0

    def __post_init__(self):
        if not 0 < self.tau < math.inf:
            raise InputError(f"tau must be above 0, got {self.tau:g}")

    def begin(self, setting, rng):
        self.rng = rng
        self.tally = bandits.Tally(setting.n_arms)
        self.weights = bandits.Weights(setting.n_arms)
        self.forced = NONE

    def choose(self, context):
        arm = self.tally.untried()
        self.forced = arm
        if arm != NONE:
            return arm
        for k in range(self.tally.n_arms):
            if self.tally.alive[k]:
                self.weights.log[k] = self.tally.mean(k) / self.tau
        self.weights.spread(0.0)
        return self.weights.draw(self.rng)

    def probability(self, arm):
        if self.forced != NONE:
            return 1.0 if arm == self.forced else 0.0
        return self.weights.p[arm]

    def update(self, arm, reward, cost):
        self.tally.count(arm, reward)

    def drop(self, arm):
        self.tally.drop(arm)
        self.weights.drop(arm)

    def add(self, arm):
        self.tally.add(arm)
        self.weights.add(arm)
