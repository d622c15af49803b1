"""Pages in order of how often they were requested, in O(1)."""

import numpy as np

from sim.core.structures import LinkedList, Structure
from sim.core.trace import NONE


class Classes(Structure):
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

    def first(self):
        """The first one of the least count, NONE when there is none."""
        return self.order.front()

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
