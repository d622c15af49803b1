from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import paging
from sim.domains.paging.queues import Queues


class SLRU(paging.Policy):
    """Keeps pages in segments by how often they were requested, each an LRU; evicts from the lowest.

    A hit lifts the page to the next segment; what that segment cannot hold sinks to the one below, and from the lowest out of
    the cache. A new page enters the lowest segment with room, so that a cold cache fills upwards.

    All segments have the same size; what is left over when the capacity is divided lies with the lowest, which may be over its
    size after a load, and lets pages go unforced when a page sinks into it. One segment is `lru`.

    Parameters:
        n_segments: 1 to 100.

    Reference: Karedla, Love and Wherry, "Caching Strategies to Improve Disk System Performance", IEEE Computer 1994; more than
    two segments: Huang et al., "An Analysis of Facebook Photo Caching", SOSP 2013, section 6.
    """

    n_segments: int = 4

    def begin(self, setting, rng):
        if not 1 <= self.n_segments <= 100:
            raise InputError(f"slru: n_segments must be 1 to 100, got {self.n_segments}")
        self.segments = Queues(setting, self.n_segments)
        self.room = max(1, setting.capacity // self.n_segments)  # of each
        self.has_sunk = False

    def hit(self, request):
        segments = self.segments
        k = segments.list_of(request.page)
        if k == self.n_segments - 1:  # only its order changes, and nothing sinks
            segments.move_to_front(k, request.page)
            return
        k += 1
        segments.move_to_front(k, request.page)
        while k > 0 and segments.used[k] > self.room:
            while segments.used[k] > self.room:
                segments.sink(k, k - 1)
            k -= 1
            self.has_sunk = k == 0

    def release(self, request):
        if self.has_sunk:
            if self.segments.used[0] > self.room and self.segments.back(0) != request.page:
                return self.segments.pop_back(0)
            self.has_sunk = False
        return NONE

    def admit(self, request):
        k = 0
        while k < self.n_segments and self.segments.used[k] + request.size > self.room:
            k += 1
        self.segments.enter(k if k < self.n_segments else 0, request.page, request.size)

    def evict(self, request):
        k = 0
        while self.segments.sizes[k] == 0:
            k += 1
        return self.segments.pop_back(k)

    def forget(self, page):
        self.segments.remove(page)
