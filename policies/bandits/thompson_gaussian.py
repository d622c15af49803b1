import math

from sim.core.errors import InputError
from sim.domains import bandits


class ThompsonGaussian(bandits.IndexPolicy):
    """Draws each arm's mean from a normal distribution around what it has earned, and pulls the arm that drew the highest.

    Every arm is pulled once first. The regret is of order sqrt(K T ln T).

    Parameters:
        s: standard deviation of a single reward, above 0.

    Reference: Agrawal and Goyal, "Near-Optimal Regret Bounds for Thompson Sampling", Journal of the ACM 2017, section 1.2.
    """

    unit_rewards = False

    s: float = 1.0

    def __post_init__(self):
        if not 0 < self.s < math.inf:
            raise InputError(f"s must be above 0, got {self.s:g}")

    def begin(self, setting, rng):
        self.rng = rng
        self.tally = bandits.Tally(setting.n_arms)

    def index(self, arm):
        return self.tally.mean(arm) + self.s / math.sqrt(self.tally.pulls[arm]) * self.rng.standard_normal()
