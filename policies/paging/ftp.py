from sim.core.trace import NONE
from sim.domains import paging
from sim.domains.paging.combining import Synchroniser


class FTP(paging.Policy):
    """Follows a predicted cache lazily: evicts pages that the predictor does not hold. Perfect predictions give the optimum.

    Not robust. Misses at most `OPT + 2 eta` times for predicted caches that let a page go only when full: it misses only where
    the predicted cache would, and that one's loads are at most those of the optimum plus its distance from it before and after.

    Parameters:
        order: of the pages the predictor does not hold, "stamp": the one loaded longest ago leaves; "lru": requested longest ago.

    Reference: Antoniadis et al., "Online Metric Algorithms with Untrusted Predictions", ICML 2020, section 1.2; `1 + 4 eta / OPT`
    for metrical task systems in general.
    """

    channels = ("cache_state",)
    order: str = "stamp"

    def begin(self, setting, rng):
        self.lazy = Synchroniser(setting.n_pages, self.order)

    def hit(self, request):
        self.follow(request)
        self.lazy.hit(request.page, request.index)

    def admit(self, request):
        self.follow(request)
        self.lazy.load(request.page, request.index)
        if not request.cache_state[request.page]:  # in time: it left while the page was on its way
            self.lazy.let_go(request.page)

    def evict(self, request):
        self.follow(request)
        return self.lazy.evict()

    def follow(self, request):
        if request.leaves != NONE and not request.cache_state[request.leaves]:
            self.lazy.let_go(request.leaves)

    def forget(self, page):
        self.lazy.drop(page)

    def bound(self, facts):
        return facts.opt + 2 * facts.eta_states
