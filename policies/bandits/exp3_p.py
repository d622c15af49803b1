import math

from sim.core.errors import InputError
from sim.domains import bandits
from sim.domains.bandits.policy import horizon_of


class Exp3P(bandits.Policy):
    """Draws an arm by exponential weights of an upper estimate of what each would have earned.

    The regret is of order sqrt(K T ln(K T / delta)) with probability 1 - delta, and not in expectation only.

    Parameters:
        delta: in (0, 1): the chance that the bound fails.
        gamma: share of exploration, in (0, 1]; None: 2 sqrt(0.6 K ln K / T), at most 0.6.

    Reference: Auer, Cesa-Bianchi, Freund and Schapire, "The Nonstochastic Multiarmed Bandit Problem", SIAM Journal on Computing
    2002, figure 2 and theorem 6.3.
    """

    delta: float = 0.05
    gamma: float | None = None

    def __post_init__(self):
        if not 0 < self.delta < 1:
            raise InputError(f"delta must be a probability in (0, 1), got {self.delta:g}")
        if self.gamma is not None and not 0 < self.gamma <= 1:
            raise InputError(f"gamma must be a share in (0, 1], got {self.gamma:g}")

    def begin(self, setting, rng):
        self.rng = rng
        n, t = setting.n_arms, horizon_of(setting, "exp3_p", "")
        self.weights = bandits.Weights(n)
        self.share = self.gamma
        if self.gamma is None:
            self.share = min(0.6, 2 * math.sqrt(0.6 * n * math.log(n) / t)) if n > 1 else 0.6
        self.a = 2 * math.sqrt(math.log(n * t / self.delta))
        self.root = math.sqrt(n * t)
        for arm in range(n):
            self.weights.log[arm] = self.a * self.share / 3 * math.sqrt(t / n)

    def choose(self, context):
        self.weights.spread(self.share)
        return self.weights.draw(self.rng)

    def probability(self, arm):
        return self.weights.p[arm]

    def update(self, arm, reward, cost):
        weights = self.weights
        rate = self.share / (3 * weights.n_alive)
        for k in range(weights.n):
            if weights.alive[k]:
                estimate = reward / weights.p[k] if k == arm else 0.0
                weights.log[k] += rate * (estimate + self.a / (weights.p[k] * self.root))

    def drop(self, arm):
        self.weights.drop(arm)

    def add(self, arm):
        self.weights.add(arm)
