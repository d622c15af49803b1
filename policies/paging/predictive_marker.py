import math

from sim.core.errors import InputError
from sim.domains import paging
from sim.domains.paging.marking import Chains, PredictedMarks


class PredictiveMarker(paging.Policy):
    """Marking that follows the prediction until a chain of evictions grows too long, and chance from then on.

    A clean miss begins a chain; a stale miss lengthens the chain of its page; the victim represents the chain. While a chain is
    at most `gamma * H_k` long its victims are the unmarked pages predicted furthest (ties: highest slot), later uniform ones.
    Chains are cleared at every phase's beginning.

    Parameters:
        gamma: at least 0; 1 is the paper's.

    Reference: Lykouris and Vassilvitskii, "Competitive Caching with Machine Learned Advice", ICML 2018, algorithm 1; the bound
    is that of their theorem 3.3.
    """

    channels = ("next_use",)
    randomized = True
    gamma: float = 1.0

    def begin(self, setting, rng):
        if not self.gamma >= 0:
            raise InputError(f"predictive_marker: gamma must be at least 0, got {self.gamma}")
        self.rng = rng
        self.limit = self.gamma * sum(1 / i for i in range(1, setting.n_slots + 1))
        self.pages = PredictedMarks(setting.n_slots, setting.n_pages)
        self.chains = Chains(setting.n_pages)

    def hit(self, request):
        self.pages.serve(request.page, request.next_use)

    def admit(self, request):
        self.pages.load(request.page, request.next_use)

    def evict(self, request):
        if self.pages.is_phase_over():
            self.pages.begin_phase()
        chain = self.chains.grow(request.page, self.pages.marks.phase)
        if self.chains.length[chain] <= self.limit:
            page = self.pages.furthest()
        else:
            page = self.pages.draw(self.rng)
        self.chains.represent(chain, page)
        self.pages.drop(page)
        return page

    def forget(self, page):
        self.pages.drop(page)

    def bound(self, facts):
        return facts.opt * min(2 + 2 * math.sqrt(5 * facts.eta / facts.opt), 4 * facts.h_k) if self.gamma == 1 else None
