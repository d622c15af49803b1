import math

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import bandits
from sim.domains.bandits.linear import Ridge


class LinTS(bandits.Policy):
    """Draws each arm's coefficients from what is believed of them, and pulls the arm whose drawn reward is highest.

    One ridge regression per arm. The regret is of order d^1.5 sqrt(T) ln T where rewards are linear in the context.

    Parameters:
        v: factor of the standard deviation, above 0.
        ridge: penalty on the coefficients' squares, above 0.

    Reference: Agrawal and Goyal, "Thompson Sampling for Contextual Bandits with Linear Payoffs", ICML 2013, algorithm 1; one fit
    per arm as in Li et al., WWW 2010.
    """

    contextual = True
    unit_rewards = False

    v: float = 1.0
    ridge: float = 1.0

    def __post_init__(self):
        if not 0 < self.v < math.inf:
            raise InputError(f"v must be above 0, got {self.v:g}")
        if not 0 < self.ridge < math.inf:
            raise InputError(f"ridge must be above 0, got {self.ridge:g}")

    def begin(self, setting, rng):
        self.rng = rng
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
                index = self.fit.drawn(k, self.v, self.rng)
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
