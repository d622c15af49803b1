import numpy as np

from sim.core.errors import InputError
from sim.core.structures import Heap
from sim.domains import paging
from sim.domains.paging.classes import Classes


class LFU(paging.Policy):
    """Evicts the page requested least often; of several the one whose last request is oldest.

    No bound: a page once popular stays for ever.

    Parameters:
        counts: "in_cache" counts the requests since the page was loaded, "perfect" all requests, also those before it was last
            evicted. The two differ greatly. A request costs O(1) with "in_cache", O(log capacity) with "perfect".

    Reference: Breslau, Cao, Fan, Phillips, Shenker, "Web Caching and Zipf-like Distributions", INFOCOM 1999, section 4.2 (both
    counts); in O(1): Ketan Shah, Mitra and Matani, "An O(1) Algorithm for Implementing the LFU Cache Eviction Scheme", 2010.
    """

    counts: str = "in_cache"

    def begin(self, setting, rng):
        if self.counts not in ("in_cache", "perfect"):
            raise InputError(f'lfu: counts must be in_cache or perfect, got "{self.counts}"')
        self.is_perfect = self.counts == "perfect"
        self.uses = np.zeros(setting.n_pages if self.is_perfect else 1, np.int32)
        self.heap = Heap(setting.n_pages if self.is_perfect else 1)
        self.classes = Classes(1 if self.is_perfect else setting.n_pages, setting.n_requests)

    def hit(self, request):
        if self.is_perfect:
            self.rank(request)
        else:
            self.classes.raise_count(request.page)

    def admit(self, request):
        if self.is_perfect:
            self.rank(request)
        else:
            self.classes.add(request.page)

    def evict(self, request):
        page = self.heap.first() if self.is_perfect else self.classes.first()
        self.forget(page)
        return page

    def forget(self, page):
        if self.is_perfect:
            self.heap.discard(page)
        else:
            self.classes.remove(page)

    def rank(self, request):
        self.uses[request.page] += 1
        self.heap.set(request.page, float(self.uses[request.page]), request.index)
