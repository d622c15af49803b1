from sim.core.structures import LinkedLists
from sim.domains import paging

KEEP, DROP = 0, 1


class FlushAllZeros(paging.Policy):
    """Evicts the page requested longest ago among those whose discard bit is 1; where there is none, empties the cache.

    Perfect bits give the optimum. With all bits 1 it is `lru`, with all bits 0 `flush_when_full`.
    Never more than `OPT + (k - 1) eta_0 + eta_1` misses.

    Reference: Antoniadis et al., "Paging with Succinct Predictions", ICML 2023, section 2 (Flush-When-All-0s). The paper lets any
    page of bit 1 leave; the oldest makes it deterministic.
    """

    channels = ("discard_bit",)

    def begin(self, setting, rng):
        self.pages = LinkedLists(setting.n_pages, 2)  # by discard bit, most recently requested first
        self.is_flushing = False

    def hit(self, request):
        self.pages.move_to_front(DROP if request.discard_bit else KEEP, request.page)

    def admit(self, request):
        self.pages.push_front(DROP if request.discard_bit else KEEP, request.page)

    def evict(self, request):
        if self.pages.sizes[DROP] > 0:
            return self.pages.pop_back(DROP)
        self.is_flushing = True
        return self.pages.pop_back(KEEP)

    def release(self, request):
        if self.is_flushing:
            for bit in (KEEP, DROP):
                page = self.pages.back(bit)
                if page >= 0 and page != request.page:
                    self.pages.remove(page)
                    return page
            self.is_flushing = False
        return -1

    def forget(self, page):
        self.pages.remove(page)

    def bound(self, facts):
        return facts.opt + (facts.k - 1) * facts.eta0 + facts.eta1
