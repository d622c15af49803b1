import math

from sim.core.errors import InputError
from sim.domains import bandits


class UCB1(bandits.IndexPolicy):
    """Pulls the arm whose mean reward, plus a margin for what is not yet known of it, is highest.

    Its expected regret is at most `8 sum ln(T) / gap + (1 + pi^2/3) sum gap` over the arms that are not best.

    Parameters:
        alpha: factor of the margin, at least 0; the theorem is for 1.

    Reference: Auer, Cesa-Bianchi and Fischer, "Finite-time Analysis of the Multiarmed Bandit Problem", Machine Learning 2002,
    figure 1 and theorem 1.
    """

    alpha: float = 1.0

    def __post_init__(self):
        if not 0 <= self.alpha < math.inf:
            raise InputError(f"alpha must be at least 0, got {self.alpha:g}")

    def index(self, arm):
        tally = self.tally
        return tally.mean(arm) + self.alpha * math.sqrt(2 * math.log(tally.total) / tally.pulls[arm])

    def bound(self, facts):
        if self.alpha != 1 or facts.gaps is None:
            return None
        gaps = [float(gap) for gap in facts.gaps if gap > 0]
        return 8 * sum(math.log(facts.n_rounds) / gap for gap in gaps) + (1 + math.pi**2 / 3) * sum(gaps)
