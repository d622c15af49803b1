from sim.domains import paging
from sim.domains.paging.combining import Combination


class RobustFTP(paging.Policy):
    """Follows Marker or the predicted cache, switching at random by what each would have missed.

    Close to `1 + eps` times the better of the two; robust as Marker is. Perfect predictions do not give the optimum.

    Parameters:
        of: the policies; the published experiments take [marker;follow_pred].
        eps: weights are (1 - eps / 2)^loads; in (0, 1).
        order: of the pages that the followed policy does not hold, "stamp": the one loaded longest ago leaves; "lru": the one
            requested longest ago.

    Reference: Antoniadis et al., "Online Metric Algorithms with Untrusted Predictions", ICML 2020, section 3.
    """

    of: tuple[paging.Policy, ...] = ("marker", "ftp")  # type: ignore[assignment]
    eps: float = 0.5
    order: str = "stamp"

    def begin(self, setting, rng):
        self.combination = Combination(self.of, setting, rng, "randomized", 1.0, self.eps, self.order)

    def hit(self, request):
        self.combination.hit(request)

    def admit(self, request):
        self.combination.admit(request)

    def evict(self, request):
        return self.combination.evict(request)

    def forget(self, page):
        self.combination.forget(page)
