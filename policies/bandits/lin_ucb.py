import math

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import bandits
from sim.domains.bandits.linear import Ridge


class LinUCB(bandits.Policy):
    """Pulls the arm whose reward, fitted linearly to the context and with a margin for what is not yet known, is highest.

    One ridge regression per arm. The regret is of order d sqrt(T) ln T where rewards are linear in the context.

    Parameters:
        alpha: factor of the margin, at least 0.
        ridge: penalty on the coefficients' squares, above 0.

    Reference: Li, Chu, Langford and Schapire, "A Contextual-Bandit Approach to Personalized News Article Recommendation", WWW
    2010, algorithm 1.
    """

    contextual = True
    unit_rewards = False

    alpha: float = 1.0
    ridge: float = 1.0

    def __post_init__(self):
        if not 0 <= self.alpha < math.inf:
            raise InputError(f"alpha must be at least 0, got {self.alpha:g}")
        if not 0 < self.ridge < math.inf:
            raise InputError(f"ridge must be above 0, got {self.ridge:g}")

    def begin(self, setting, rng):
        self.fit = Ridge(setting.n_arms, setting.n_features, self.ridge)
        self.tally = bandits.Tally(setting.n_arms)

    def choose(self, context):
        self.fit.look(context)
        arm = self.tally.untried()
        if arm != NONE:
            return arm
        best = NONE
        highest = -math.inf
        for k in range(self.tally.n_arms):
            if self.tally.alive[k]:
                index = self.fit.predicted(k) + self.alpha * self.fit.width(k)
                if best == NONE or index > highest:
                    best = k
                    highest = index
        return best

    def update(self, arm, reward, cost):
        self.tally.count(arm, reward)
        self.fit.learn(arm, reward)

    def drop(self, arm):
        self.tally.drop(arm)
        self.fit.forget(arm)

    def add(self, arm):
        self.tally.add(arm)
