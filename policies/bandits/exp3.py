import math

from sim.core.errors import InputError
from sim.domains import bandits
from sim.domains.bandits.policy import horizon_of


class Exp3(bandits.Policy):
    """Draws an arm by exponential weights of what each has earned, its rewards divided by the chance that it was pulled.

    Nothing is assumed of the rewards: the expected regret against the best single arm is at most
    `2 sqrt(e - 1) sqrt(T K ln K)` for any table fixed beforehand.

    Parameters:
        gamma: share of exploration, in (0, 1]; None: sqrt(K ln K / ((e - 1) T)), at most 1, which the bound is for.

    Reference: Auer, Cesa-Bianchi, Freund and Schapire, "The Nonstochastic Multiarmed Bandit Problem", SIAM Journal on Computing
    2002, figure 1 and corollary 3.2.
    """

    gamma: float | None = None

    def __post_init__(self):
        if self.gamma is not None and not 0 < self.gamma <= 1:
            raise InputError(f"gamma must be a share in (0, 1], got {self.gamma:g}")

    def begin(self, setting, rng):
        self.rng = rng
        self.weights = bandits.Weights(setting.n_arms)
        self.share = (
            self.gamma if self.gamma is not None else best_share(setting.n_arms, horizon_of(setting, "exp3", "gamma"))
        )

    def choose(self, context):
        self.weights.spread(self.share)
        return self.weights.draw(self.rng)

    def probability(self, arm):
        return self.weights.p[arm]

    def update(self, arm, reward, cost):
        self.weights.log[arm] += self.share * reward / (self.weights.p[arm] * self.weights.n_alive)

    def drop(self, arm):
        self.weights.drop(arm)

    def add(self, arm):
        self.weights.add(arm)

    def bound(self, facts):
        if self.gamma is not None:
            return None
        return 2 * math.sqrt(math.e - 1) * math.sqrt(facts.n_rounds * facts.n_arms * math.log(facts.n_arms))


def best_share(n_arms: int, horizon: int) -> float:
    """The share of exploration that makes the bound least."""
    return min(1.0, math.sqrt(n_arms * math.log(n_arms) / ((math.e - 1) * horizon))) if n_arms > 1 else 1.0
