import math

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import bandits


class LUCB(bandits.Policy):
    """Pulls the arm that looks best and its strongest rival in turn, until their limits no longer overlap.

    It names an arm within eps of the best with probability 1 - delta.

    Parameters:
        delta: in (0, 1): the chance of naming a wrong arm.
        eps: how much worse than the best the arm named may be, at least 0.

    Reference: Kalyanakrishnan, Tewari, Auer and Stone, "PAC Subset Selection in Stochastic Multi-armed Bandits", ICML 2012,
    algorithm LUCB1.
    """

    delta: float = 0.05
    eps: float = 0.0

    def __post_init__(self):
        if not 0 < self.delta < 1:
            raise InputError(f"delta must be a probability in (0, 1), got {self.delta:g}")
        if not 0 <= self.eps < math.inf:
            raise InputError(f"eps must be at least 0, got {self.eps:g}")

    def begin(self, setting, rng):
        self.tally = bandits.Tally(setting.n_arms)
        self.rival = NONE
        self.is_rivals_turn = False
        self.is_sure = setting.n_arms == 1

    def radius(self, arm):
        tally = self.tally
        t = float(tally.total)
        return math.sqrt(math.log(5 * tally.n_arms * t * t * t * t / (4 * self.delta)) / (2 * tally.pulls[arm]))

    def choose(self, context):
        arm = self.tally.untried()
        if arm != NONE:
            return arm
        return self.rival if self.is_rivals_turn else self.tally.best()

    def update(self, arm, reward, cost):
        tally = self.tally
        is_pair = tally.n_untried == 0
        tally.count(arm, reward)
        if tally.n_untried > 0:
            return
        if is_pair and not self.is_rivals_turn and tally.n_arms > 1:
            self.is_rivals_turn = True
            return
        self.is_rivals_turn = False
        self.find_rival()

    def find_rival(self):
        """After both were pulled: the strongest other arm by its upper limit, and whether that is still above."""
        tally = self.tally
        best = tally.best()
        self.rival = NONE
        top = -math.inf
        for k in range(tally.n_arms):
            if k != best:
                limit = tally.mean(k) + self.radius(k)
                if limit > top:
                    self.rival = k
                    top = limit
        self.is_sure = top - (tally.mean(best) - self.radius(best)) <= self.eps

    def stopped(self):
        return self.is_sure

    def recommended(self):
        return self.tally.best()
