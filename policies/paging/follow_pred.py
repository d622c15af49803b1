from sim.core.errors import InputError
from sim.domains import paging
from sim.domains.paging.follower import Follower


class FollowPred(paging.Policy):
    """Evicts the page whose next request is predicted furthest away. Perfect predictions give the optimum; not robust.

    Parameters:
        tie: among equal predictions "low_slot" or "high_slot" leaves first, or "lru", the page requested longest ago.

    Reference: BlindOracle in Wei, "Better and Simpler Learning-Augmented Online Caching", APPROX 2020, theorem 1.1; the second
    bound: Skachkov, Ponomaryov, Dorn, Demin, arXiv 2410.01760. Ties as in the experiments of Antoniadis et al., ICML 2020.
    """

    channels = ("next_use",)
    tie: str = "low_slot"

    def begin(self, setting, rng):
        if self.tie not in ("low_slot", "high_slot", "lru"):
            raise InputError(f'follow_pred: tie must be low_slot, high_slot or lru, got "{self.tie}"')
        self.pages = Follower(setting.n_slots, setting.n_pages, self.tie)

    def hit(self, request):
        self.pages.update(request.page, request.next_use, request.index)

    def admit(self, request):
        self.pages.load(request.page, request.next_use, request.index)

    def evict(self, request):
        return self.pages.evict()

    def forget(self, page):
        self.pages.drop(page)

    def score(self, page):
        return self.pages.prediction(page)

    def bound(self, facts):
        share, k = facts.eta / facts.opt, facts.k
        factors = [1 + share, 3 + 3 / k * share]
        if k > 1:
            factors.append(2 + 4 / (k - 1) * share)
        return facts.opt * min(factors)
