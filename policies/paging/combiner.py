from sim.domains import paging
from sim.domains.paging.combining import Combination


class Combiner(paging.Policy):
    """Simulates several policies on the whole sequence and follows one of them lazily, one page per miss.

    Deterministic: about twice the better of two, whatever they are; randomized: `1 + eps` times the best plus a constant.

    Parameters:
        of: the policies, at least two; each has a virtual cache of the same size.
        switching: "deterministic" or "randomized".
        gamma: deterministic: the bound on the followed policy's loads grows by 1 + gamma / (m - 1); above 0.
        eps: randomized: weights are (1 - eps / 2)^loads; in (0, 1).
        order: of the pages that the followed policy does not hold, "stamp": the one loaded longest ago leaves; "lru": the one
            requested longest ago.

    Reference: Fiat et al., 1998, and Wei, APPROX 2020 (deterministic); Blum and Burch, 2000 (randomized).
    """

    of: tuple[paging.Policy, ...] = ("marker", "follow_pred")  # type: ignore[assignment]
    switching: str = "deterministic"
    gamma: float = 0.01
    eps: float = 0.5
    order: str = "stamp"

    def begin(self, setting, rng):
        self.combination = Combination(self.of, setting, rng, self.switching, self.gamma, self.eps, self.order)

    def hit(self, request):
        self.combination.hit(request)

    def admit(self, request):
        self.combination.admit(request)

    def evict(self, request):
        return self.combination.evict(request)

    def forget(self, page):
        self.combination.forget(page)
