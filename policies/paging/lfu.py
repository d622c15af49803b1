import numpy as np

from sim.core.errors import InputError
from sim.core.structures import Heap, LinkedList, Structure
from sim.core.trace import NONE
from sim.domains import paging


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
        self.classes = _Classes(1 if self.is_perfect else setting.n_pages, setting.n_requests)

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
        page = self.heap.first() if self.is_perfect else self.classes.order.front()
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


class _Classes(Structure):
    """Integers 0..n-1 in order of their counts, within a count in the order in which they came to it; O(1).

    `last[c]` was the last one of count c; it still is where its count is still c, and there is none where it is not, so that
    nothing need be cleared and the memory of counts that never occur stays untouched.

    Args:
        n: the integers are 0..n-1.
        most: largest count there can be.
    """

    def __init__(self, n: int, most: int):
        self.order = LinkedList(n)  # least count first
        self.counts = np.zeros(n, np.int32)  # 0: not in the order
        self.last = np.zeros(most + 2, np.int32)

    def add(self, i):
        """Puts in `i`, which is not there, with count 1."""
        last = int(self.last[1])
        if self.counts[last] == 1:
            self.order.insert_after(i, last)
        else:
            self.order.push_front(i)
        self.counts[i] = 1
        self.last[1] = i

    def raise_count(self, i):
        """Adds 1 to the count of `i`, which is there."""
        count = int(self.counts[i])
        place = int(self.last[count])
        self.leave_class(i)
        above = int(self.last[count + 1])
        if self.counts[above] == count + 1:
            place = above
        if place != i:
            self.order.remove(i)
            self.order.insert_after(i, place)
        self.counts[i] = count + 1
        self.last[count + 1] = i

    def remove(self, i):
        """Takes out `i`, which is there."""
        self.leave_class(i)
        self.order.remove(i)
        self.counts[i] = 0

    def leave_class(self, i):
        """Lets the one before `i` be the last of its count, if `i` was; that one may have a lower count, and then none is."""
        if self.last[self.counts[i]] == i:
            before = self.order.before(i)
            if before != NONE:
                self.last[self.counts[i]] = before
