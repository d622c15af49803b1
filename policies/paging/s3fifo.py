import numpy as np

from sim.core.errors import InputError
from sim.domains import paging
from sim.domains.paging.queues import Queues

SMALL, MAIN, GHOST = 0, 1, 2
MOST = 3


class S3FIFO(paging.Policy):
    """Lets new pages through a small queue quickly, and keeps those requested again there, or soon after, in a main queue.

    Three queues in order of arrival: `small` for new pages, `main` for proven ones, and a ghost that holds the numbers of pages
    evicted from `small`; a page found in the ghost is loaded into `main`. Hits only count, up to 3. A page at the end of `small`
    goes to `main` if its count is high enough, else it is evicted; one at the end of `main` gives up 1 of its count to go round
    again, and is evicted at 0.

    Departs from the paper as libCacheSim does: before the first eviction, what `small` cannot hold is loaded into `main`, and
    `main` may exceed its size until the next eviction. Parts of the capacity that would be 0 are 1 page.

    Parameters:
        small_share: part of the capacity for `small`, in (0, 1); `main` has the rest.
        ghost_share: size of the ghost in capacities, above 0.
        promote_after: hits in `small` that take a page to `main`; 1 to 3.

    Reference: Yang, Zhang, Qiu, Yue and Rashmi, "FIFO Queues are All You Need for Cache Eviction", SOSP 2023, section 4,
    algorithm 1.
    """

    small_share: float = 0.1
    ghost_share: float = 0.9
    promote_after: int = 2

    def begin(self, setting, rng):
        if not 0 < self.small_share < 1:
            raise InputError(f"s3fifo: small_share must be above 0 and below 1, got {self.small_share}")
        if not 0 < self.ghost_share < np.inf:
            raise InputError(f"s3fifo: ghost_share must be above 0 and finite, got {self.ghost_share}")
        if not 1 <= self.promote_after <= MOST:
            raise InputError(f"s3fifo: promote_after must be 1 to {MOST}, got {self.promote_after}")
        self.queues = Queues(setting, 3)
        self.uses = np.zeros(setting.n_pages, np.uint8)
        self.small_size = max(1, int(self.small_share * setting.capacity))
        self.main_size = max(1, setting.capacity - self.small_size)
        self.ghost_size = max(1, int(self.ghost_share * setting.capacity))
        self.has_evicted = False
        self.is_known = False
        self.missed = -1

    def hit(self, request):
        self.uses[request.page] = min(self.uses[request.page] + 1, MOST)

    def admit(self, request):
        self.look_up(request)
        queues = self.queues
        is_early = not self.has_evicted and queues.used[SMALL] + request.size > self.small_size
        self.uses[request.page] = 0
        queues.enter(MAIN if self.is_known or is_early else SMALL, request.page, request.size)

    def evict(self, request):
        self.look_up(request)
        self.has_evicted = True
        queues = self.queues
        if queues.used[MAIN] <= self.main_size:
            while queues.sizes[SMALL] > 0:
                page = queues.back(SMALL)
                if self.uses[page] < self.promote_after:
                    queues.move_to_front(GHOST, page)
                    while queues.used[GHOST] > self.ghost_size:
                        queues.pop_back(GHOST)
                    return page
                self.uses[page] = 0
                queues.move_to_front(MAIN, page)
        page = queues.back(MAIN)
        while self.uses[page] > 0:
            self.uses[page] -= 1
            queues.move_to_front(MAIN, page)
            page = queues.back(MAIN)
        queues.remove(page)
        return page

    def look_up(self, request):
        """Notes once per miss whether the ghost holds the page, and takes it out there."""
        if self.missed != request.index:
            self.missed = request.index
            self.is_known = self.queues.list_of(request.page) == GHOST
            if self.is_known:
                self.queues.remove(request.page)

    def forget(self, page):
        self.queues.remove(page)
