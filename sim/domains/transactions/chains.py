"""Many lists over the same numbers, each number in at most one of them: who holds a key, who waits for it."""

from __future__ import annotations

import numpy as np

from sim.core.structures import Structure
from sim.core.trace import NONE


class Chains(Structure):
    """Doubly linked lists 0..n_lists-1 over 0..n-1; every operation is O(1)."""

    def __init__(self, n: int, n_lists: int):
        self.head = np.full(n_lists, NONE)
        self.tail = np.full(n_lists, NONE)
        self.following = np.full(n, NONE)
        self.before = np.full(n, NONE)
        self.list_of = np.full(n, NONE)

    def front(self, chain):
        """The first one, NONE when empty."""
        return self.head[chain]

    def back(self, chain):
        """The last one, NONE when empty."""
        return self.tail[chain]

    def after(self, i):
        """The next one towards the back, NONE at the end."""
        return self.following[i]

    def ahead(self, i):
        """The next one towards the front, NONE at the start."""
        return self.before[i]

    def contains(self, i):
        return self.list_of[i] != NONE

    def push_back(self, chain, i):
        self.insert_after(chain, i, self.tail[chain])

    def push_front(self, chain, i):
        self.insert_after(chain, i, NONE)

    def insert_after(self, chain, i, j):
        """Puts `i` behind `j`, which is in this list; NONE: to its front."""
        follower = self.following[j] if j != NONE else self.head[chain]
        self.list_of[i] = chain
        self.before[i] = j
        self.following[i] = follower
        if j != NONE:
            self.following[j] = i
        else:
            self.head[chain] = i
        if follower != NONE:
            self.before[follower] = i
        else:
            self.tail[chain] = i

    def remove(self, i):
        """Takes `i` out of its list; nothing happens where it is in none."""
        chain = self.list_of[i]
        if chain == NONE:
            return
        leader = self.before[i]
        follower = self.following[i]
        if leader != NONE:
            self.following[leader] = follower
        else:
            self.head[chain] = follower
        if follower != NONE:
            self.before[follower] = leader
        else:
            self.tail[chain] = leader
        self.list_of[i] = NONE
