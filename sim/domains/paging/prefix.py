"""The clairvoyant optimum of the requests so far, kept up request by request: what it would hold, what it would have missed."""

from __future__ import annotations

import numpy as np

from sim.core.structures import Structure
from sim.core.trace import NONE


class Profile(Structure):
    """Whole numbers at places 0..n-1, all 0 at first; each operation is O(log n).

    A binary tree over the places: `added[node]` counts for all places below it, `most[node]` is the largest sum below it of what
    was added there and further down. Nothing is ever passed down, so an operation touches two paths only.
    """

    def __init__(self, n: int):
        self.width = 1
        while self.width < n:
            self.width *= 2
        self.added = np.zeros(2 * self.width, np.int32)
        self.most = np.zeros(2 * self.width, np.int32)

    def add(self, start, stop, amount):
        """Adds to the places start..stop-1; nothing where there are none."""
        if start >= stop:
            return
        left = start + self.width
        right = stop + self.width
        while left < right:
            if left & 1:
                self.added[left] += amount
                self.most[left] += amount
                left += 1
            if right & 1:
                right -= 1
                self.added[right] += amount
                self.most[right] += amount
            left >>= 1
            right >>= 1
        self._mend(start + self.width)
        self._mend(stop - 1 + self.width)

    def _mend(self, node):
        """Brings the largest sums above a place up to date."""
        while node > 1:
            node >>= 1
            self.most[node] = self.added[node] + max(self.most[2 * node], self.most[2 * node + 1])

    def value(self, place):
        node = place + self.width
        total = 0
        while node > 0:
            total += int(self.added[node])
            node >>= 1
        return total

    def first_at_least(self, start, stop, value):
        """The first of the places start..stop-1 whose number is at least `value`, NONE where there is none."""
        if start >= stop:
            return NONE
        node = start + self.width
        above = self.value(start) - int(self.added[node])
        while above + self.most[node] < value:
            while node & 1:  # nothing further right below this parent
                if node == 1:
                    return NONE
                node >>= 1
                above -= int(self.added[node])
            node += 1
        while node < self.width:
            above += int(self.added[node])
            node *= 2
            if above + self.most[node] < value:
                node += 1
        place = node - self.width
        return place if place < stop else NONE


class PrefixOptimum(Structure):
    """LFD as it would run on the requests so far alone; of pages not requested again, the one requested longest ago leaves first.

    A page requested again lies between its two requests unless LFD lets it go at a place where `capacity - 1` such pages lie
    already: a later pair of requests ends later, so it displaces none of them. What room is left belongs to the pages' last
    requests, the latest first. So with every place goes the number of pages that lie across it, and of distinct pages whose last
    request is before it; a page is held as long as the sum of the first and of the later of the second leaves it room.

    Args:
        n_pages: number of pages.
        n_requests: requests at most.
        capacity: pages it holds.
    """

    def __init__(self, n_pages: int, n_requests: int, capacity: int):
        self.capacity = capacity
        self.n_requests = n_requests
        self.now = 0
        self.faults = 0
        self.last = np.full(n_pages, NONE, np.int64)
        self.across = Profile(n_requests + 1)  # pages that lie across this request, to be requested again
        self.claims = Profile(n_requests + 1)  # these, and the distinct pages whose last request is before it

    def holds(self, page):
        """Whether LFD, having served the requests so far, holds this page."""
        last = int(self.last[page])
        if last == NONE:
            return False
        earlier = self.claims.value(last) - self.across.value(last)  # distinct pages last requested before this one
        return self.claims.first_at_least(last + 1, self.now, self.capacity + earlier) == NONE

    def request(self, page):
        """One request more."""
        last = int(self.last[page])
        if last == NONE:
            self.faults += 1
            self.claims.add(self.now + 1, self.n_requests + 1, 1)
        else:
            gone = self.across.first_at_least(last + 1, self.now, self.capacity - 1)
            if gone == NONE:
                gone = self.now
            else:
                self.faults += 1
            self.across.add(last + 1, gone, 1)
            self.claims.add(gone, self.now + 1, -1)
        self.last[page] = self.now
        self.now += 1
