import math

from sim.core.errors import InputError
from sim.domains import bandits
from sim.domains.bandits.divergence import bernoulli_kl


class KLUCB(bandits.IndexPolicy):
    """Pulls the arm that could, for all that has been seen, have the highest mean: the margins are those of a coin.

    Its regret for Bernoulli rewards is asymptotically the least possible, the sum over the arms of gap ln T / kl(mean, best).

    Parameters:
        c: factor of ln ln t in the level of confidence, at least 0; the theorem is for 3, practice for 0.

    Reference: Garivier and Cappé, "The KL-UCB Algorithm for Bounded Stochastic Bandits and Beyond", COLT 2011, algorithm 1.
    """

    c: float = 0.0

    def __post_init__(self):
        if not 0 <= self.c < math.inf:
            raise InputError(f"c must be at least 0, got {self.c:g}")

    def index(self, arm):
        t = self.tally.total + 1
        level = math.log(t)
        if t >= 3 and self.c > 0:
            level += self.c * math.log(math.log(t))
        return self.highest_mean(self.tally.mean(arm), level / self.tally.pulls[arm])

    def highest_mean(self, mean, most):
        """The largest q of at least `mean` whose divergence from it is at most `most`, to 1e-10."""
        low = min(mean, 1.0)
        high = 1.0
        while high - low > 1e-10:
            middle = (low + high) / 2
            if bernoulli_kl(mean, middle) <= most:
                low = middle
            else:
                high = middle
        return low
