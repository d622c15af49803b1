import math

from sim.core.errors import InputError
from sim.domains import bandits
from sim.domains.bandits.policy import horizon_of


class Exp3S(bandits.Policy):
    """Draws an arm by exponential weights as exp3 does, and gives every arm back a little of all weight in each round.

    So no arm is given up for good: the regret against a sequence that changes its arm S times is of order sqrt(S K T ln(K T)).

    Parameters:
        gamma: share of exploration, in (0, 1]; None: sqrt(K ln(K T) / T), at most 1.
        a: share of the total weight that is given back, above 0; None: 1 / T.

    Reference: Auer, Cesa-Bianchi, Freund and Schapire, "The Nonstochastic Multiarmed Bandit Problem", SIAM Journal on Computing
    2002, figure 5 and corollary 8.2.
    """

    gamma: float | None = None
    a: float | None = None

    def __post_init__(self):
        if self.gamma is not None and not 0 < self.gamma <= 1:
            raise InputError(f"gamma must be a share in (0, 1], got {self.gamma:g}")
        if self.a is not None and not 0 < self.a < math.inf:
            raise InputError(f"a must be above 0, got {self.a:g}")

    def begin(self, setting, rng):
        self.rng = rng
        self.weights = bandits.Weights(setting.n_arms)
        n = setting.n_arms
        self.share, self.back = self.gamma, self.a
        if self.gamma is None:
            t = horizon_of(setting, "exp3_s", "gamma")
            self.share = min(1.0, math.sqrt(n * math.log(n * t) / t))
        if self.a is None:
            self.back = 1 / horizon_of(setting, "exp3_s", "a")

    def choose(self, context):
        self.weights.spread(self.share)
        return self.weights.draw(self.rng)

    def probability(self, arm):
        return self.weights.p[arm]

    def update(self, arm, reward, cost):
        weights = self.weights
        weights.log[arm] += self.share * reward / (weights.p[arm] * weights.n_alive)
        weights.give_back(math.e * self.back / weights.n_alive)

    def drop(self, arm):
        self.weights.drop(arm)

    def add(self, arm):
        self.weights.add(arm)
