import math

from sim.core.errors import InputError
from sim.core.structures import draw
from sim.core.trace import NONE
from sim.domains import bandits


class EpsilonGreedy(bandits.Policy):
    """Pulls the arm of the highest mean reward, and now and then, by chance, any arm.

    Every arm is pulled once first. With a fixed share of exploration the regret grows linearly; with one that falls like 1 / t,
    in proportion to ln t.

    Parameters:
        epsilon: share of rounds in which any arm is drawn, in [0, 1]; where `c` is given, the most it may be.
        c: above 0, above 5 in the theorem: the share in round t is c K / (d^2 t), K the number of arms; None: it stays.
        d: in (0, 1], at most the smallest gap between the best arm's mean and another's; used with `c` alone.

    Reference: Auer, Cesa-Bianchi and Fischer, "Finite-time Analysis of the Multiarmed Bandit Problem", Machine Learning 2002,
    figure 3 and theorem 3.
    """

    unit_rewards = False

    epsilon: float = 0.1
    c: float | None = None
    d: float = 0.1

    def __post_init__(self):
        if not 0 <= self.epsilon <= 1:
            raise InputError(f"epsilon must be a share in [0, 1], got {self.epsilon:g}")
        if self.c is not None and not 0 < self.c < math.inf:
            raise InputError(f"c must be above 0, got {self.c:g}")
        if not 0 < self.d <= 1:
            raise InputError(f"d must be in (0, 1], got {self.d:g}")

    def begin(self, setting, rng):
        self.rng = rng
        self.tally = bandits.Tally(setting.n_arms)
        self.t = 0
        self.forced = NONE

    def share(self):
        """The share of exploration in this round."""
        if self.c is None:
            return self.epsilon
        else:
            return min(1.0, self.c * self.tally.n_alive / (self.d * self.d * self.t))

    def choose(self, context):
        self.t += 1
        arm = self.tally.untried()
        self.forced = arm
        if arm != NONE:
            return arm
        if self.rng.random() < self.share():
            return self.tally.nth(draw(self.rng, self.tally.n_alive))
        return self.tally.best()

    def probability(self, arm):
        if self.forced != NONE:
            return 1.0 if arm == self.forced else 0.0
        share = self.share() / self.tally.n_alive
        return share + (1 - self.share() if arm == self.tally.best() else 0.0)

    def update(self, arm, reward, cost):
        self.tally.count(arm, reward)

    def drop(self, arm):
        self.tally.drop(arm)

    def add(self, arm):
        self.tally.add(arm)
