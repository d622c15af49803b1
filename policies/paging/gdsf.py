import numpy as np

from sim.core.structures import Heap
from sim.domains import paging

SCALE = 1e6


class GDSF(paging.Policy):
    """Evicts the page with the fewest requests per byte since it was loaded, where the clock of evictions ages all of them.

    Priority `L + 10^6 * requests / size`, L the priority of the page evicted last, as it stands at the page's last request; of
    equal ones the page requested longest ago leaves. With pages of equal size it is LFU with dynamic aging.

    libCacheSim ranks the newcomer before it makes room, with the L of before, and lets it compete: it may itself be the one that
    does not stay. Here room is made first, and the newcomer stays and gains from the higher L. Misses differ by less than
    0.5 % on the traces tried, by up to 2 % where the cache holds only a handful of pages.

    A size of 0 counts as 1. O(log of the resident pages) per request.

    Reference: Cherkasova, "Improving WWW Proxies Performance with Greedy-Dual-Size-Frequency Caching Policy", HP Laboratories
    1998, section 4, with cost 1.
    """

    def begin(self, setting, rng):
        self.uses = np.zeros(setting.n_pages, np.int32)
        self.worth = np.zeros(setting.n_pages, np.float64)  # of one request for the page, at its size when loaded
        self.priorities = Heap(setting.n_pages)
        self.age = 0.0

    def hit(self, request):
        page = request.page
        self.uses[page] += 1
        self.priorities.set(page, self.age + self.uses[page] * self.worth[page], request.index)

    def admit(self, request):
        self.uses[request.page] = 0
        self.worth[request.page] = SCALE / max(request.size, 1)
        self.hit(request)

    def evict(self, request):
        page = self.priorities.first()
        self.age = self.priorities.key(page)
        self.priorities.discard(page)
        return page

    def forget(self, page):
        self.priorities.discard(page)

    def score(self, page):
        return -self.priorities.key(page)
