"""Structures for policies and rules: run interpreted and compiled alike.

All of them hold integers 0..n-1 (pages, slots, jobs) in arrays; every operation is O(1) unless it says otherwise. Methods that
remove or look up something that is not there raise `IndexError` or return NONE, as each says.
"""

from __future__ import annotations

import numpy as np

from sim.core.memory import touch, unchecked
from sim.core.trace import NONE


def draw(rng, n: int) -> int:
    """Draws an integer from 0..n-1 uniformly, by one `rng.random()`."""
    return int(rng.random() * n)


class Structure:
    """Base of everything that may be a policy's or a system's state beside numbers and arrays."""


class LinkedList(Structure):
    """A doubly linked list of distinct integers from 0..n-1.

    `links` interleaves both links, so that a node lies in one cache line: 2i holds the neighbour towards the front, 2i+1 the
    one towards the back; node n is the sentinel.
    """

    def __init__(self, n: int):
        self.n = n
        self.size = 0
        self.links = np.full(2 * (n + 1), NONE, np.int32)
        self.links[2 * n] = n
        self.links[2 * n + 1] = n

    def touch(self, i):
        """Fetches the node of `i`, which will be asked for soon."""
        touch(self.links, 2 * i)

    def contains(self, i):
        return self.links[2 * i] != NONE

    @unchecked()
    def front(self):
        """The first one, NONE when empty."""
        first = int(self.links[2 * self.n + 1])
        return first if first != self.n else NONE

    @unchecked()
    def back(self):
        """The last one, NONE when empty."""
        last = int(self.links[2 * self.n])
        return last if last != self.n else NONE

    def after(self, i):
        """The next one towards the back, NONE at the end."""
        follower = int(self.links[2 * i + 1])
        return follower if follower != self.n else NONE

    def before(self, i):
        """The next one towards the front, NONE at the start."""
        leader = int(self.links[2 * i])
        return leader if leader != self.n else NONE

    @unchecked()
    def push_front(self, i):
        self._link(i, self.n, int(self.links[2 * self.n + 1]))
        self.size += 1

    @unchecked()
    def push_back(self, i):
        self._link(i, int(self.links[2 * self.n]), self.n)
        self.size += 1

    def insert_after(self, i, j):
        """Puts `i`, which is not in the list, behind `j`; raises IndexError when that one is not in the list either."""
        follower = int(self.links[2 * j + 1])
        if follower == NONE:
            raise IndexError("put an integer behind one that is not in the list")
        self._link(i, j, follower)
        self.size += 1

    @unchecked()
    def move_to_front(self, i):
        first = int(self.links[2 * self.n + 1])
        if first != i:
            self._unlink(i)
            self._link(i, self.n, first)

    @unchecked()
    def move_to_back(self, i):
        last = int(self.links[2 * self.n])
        if last != i:
            self._unlink(i)
            self._link(i, last, self.n)

    def remove(self, i):
        """Takes `i` out; raises IndexError when it is not in the list."""
        if self.links[2 * i] == NONE:
            raise IndexError("removed an integer that is not in the list")
        self._unlink(i)
        self.links[2 * i] = NONE
        self.size -= 1

    def pop_front(self):
        """Takes out the first one and returns it, NONE when empty."""
        i = self.front()
        if i != NONE:
            self.remove(i)
        return i

    def pop_back(self):
        """Takes out the last one and returns it, NONE when empty."""
        i = self.back()
        if i != NONE:
            self.remove(i)
        return i

    @unchecked("leader", "follower")
    def _link(self, i, leader, follower):
        self.links[2 * i] = leader
        self.links[2 * i + 1] = follower
        self.links[2 * leader + 1] = i
        self.links[2 * follower] = i

    @unchecked("follower")  # the leader may be NONE
    def _unlink(self, i):
        leader = self.links[2 * i]
        follower = self.links[2 * i + 1]
        self.links[2 * leader + 1] = follower
        self.links[2 * follower] = leader


class LinkedLists(Structure):
    """Several doubly linked lists over 0..n-1, each integer in at most one of them: queues, segments and ghosts of a policy.

    `links` is that of a LinkedList, with node n+k as the sentinel of list k. Which list holds a node lies beside it, a byte
    each: a node of 16 bytes with both would be read more often from far away. `tag` is a free field for the policy's own
    use (a counter, a bit).

    Args:
        n: the integers are 0..n-1.
        n_lists: number of lists, at most 127.
    """

    def __init__(self, n: int, n_lists: int):
        self.n = n
        self.sizes = np.zeros(n_lists, np.int64)
        self.links = np.full(2 * (n + n_lists), NONE, np.int32)
        self.links[2 * n :] = np.repeat(np.arange(n, n + n_lists), 2)
        self.lists = np.full(n, NONE, np.int8)
        self.tags = np.zeros(n, np.int32)

    def touch(self, i):
        """Fetches the node of `i`, which will be asked for soon."""
        touch(self.links, 2 * i)

    def list_of(self, i):
        """The list that holds `i`, NONE when none does."""
        return int(self.lists[i])

    def tag(self, i):
        return int(self.tags[i])

    def set_tag(self, i, value):
        self.tags[i] = value

    def front(self, k):
        """The first one of list k, NONE when empty."""
        return self.after(self.n + k)

    def back(self, k):
        """The last one of list k, NONE when empty."""
        return self.before(self.n + k)

    def after(self, i):
        """The next one towards the back of its list, NONE at the end."""
        follower = int(self.links[2 * i + 1])
        return follower if follower < self.n else NONE

    def before(self, i):
        """The next one towards the front of its list, NONE at the start."""
        leader = int(self.links[2 * i])
        return leader if leader < self.n else NONE

    def push_front(self, k, i):
        """Puts `i`, which is in no list, at the front of list k."""
        head = self.n + k
        self._link(k, i, head, int(self.links[2 * head + 1]))

    def push_back(self, k, i):
        """Puts `i`, which is in no list, at the back of list k."""
        head = self.n + k
        self._link(k, i, int(self.links[2 * head]), head)

    def move_to_front(self, k, i):
        """Moves `i` from the list it is in to the front of list k."""
        head = self.n + k
        first = int(self.links[2 * head + 1])
        if first == i:
            return
        if self.lists[i] == k and k >= 0:
            self._detach(i)
            self._attach(i, head, first)
        else:
            self._unlink(i)
            self._link(k, i, head, first)

    def move_to_back(self, k, i):
        """Moves `i` from the list it is in to the back of list k."""
        head = self.n + k
        last = int(self.links[2 * head])
        if last != i:
            self._unlink(i)
            self._link(k, i, last, head)

    def remove(self, i):
        """Takes `i` out of its list; raises IndexError when it is in none."""
        self._unlink(i)
        self.lists[i] = NONE

    def pop_back(self, k):
        """Takes out the last one of list k and returns it, NONE when empty."""
        i = self.back(k)
        if i != NONE:
            self._leave(k, i)
            self.lists[i] = NONE
        return i

    def pop_front(self, k):
        """Takes out the first one of list k and returns it, NONE when empty."""
        i = self.front(k)
        if i != NONE:
            self._leave(k, i)
            self.lists[i] = NONE
        return i

    def sink(self, k, lower):
        """Moves the last one of list k to the front of the list `lower`, another one, and returns it; NONE when k is empty."""
        i = self.back(k)
        if i != NONE:
            self._leave(k, i)
            self.push_front(lower, i)
        return i

    def _link(self, k, i, leader, follower):
        self.sizes[k] += 1  # and a k that is no list raises, before it does harm
        self._attach(i, leader, follower)
        self.lists[i] = k

    def _unlink(self, i):
        k = int(self.lists[i])
        if k == NONE:
            raise IndexError("moved or removed an integer that is in no list")
        self._leave(k, i)

    def _leave(self, k, i):
        self._detach(i)
        self.sizes[k] -= 1

    @unchecked("leader", "follower")
    def _attach(self, i, leader, follower):
        self.links[2 * i] = leader
        self.links[2 * i + 1] = follower
        self.links[2 * leader + 1] = i
        self.links[2 * follower] = i

    @unchecked("leader", "follower")
    def _detach(self, i):
        leader = int(self.links[2 * i])
        follower = int(self.links[2 * i + 1])
        self.links[2 * leader + 1] = follower
        self.links[2 * follower] = leader


class Queue(Structure):
    """First in, first out: integers from 0..n-1 in a ring, which is written and read place after place.

    One that is removed keeps its place until its turn or until the ring is full, and is skipped then: of the entries of i the
    oldest `gone[i]` are such. So nothing but a removal looks at anything but the ends.

    Args:
        n: the integers are 0..n-1.
        most: how many may be in the queue at a time.
    """

    def __init__(self, n: int, most: int):
        self.ring = np.zeros(1 << max(1, (2 * most - 1).bit_length()), np.int32)
        self.mask = len(self.ring) - 1
        self.start = 0  # the entries are ring[k & mask] for k from start to end - 1
        self.end = 0
        self.gone = np.zeros(n, np.int32)
        self.n_gone = 0

    def push(self, i):
        """Puts in `i`, which is not in the queue, as the last one; raises IndexError when there are too many."""
        if self.end - self.start > self.mask:
            self._sweep()
        self.ring[self.end & self.mask] = i
        self.end += 1

    def pop(self):
        """Takes out the first one and returns it, NONE when empty."""
        while self.start < self.end:
            i = int(self.ring[self.start & self.mask])
            self.start += 1
            if self.n_gone == 0 or self.gone[i] == 0:
                return i
            self.gone[i] -= 1
            self.n_gone -= 1
        return NONE

    def remove(self, i):
        """Takes out `i`, which is in the queue, from wherever it stands."""
        self.gone[i] += 1
        self.n_gone += 1

    def _sweep(self):
        """Drops the places of those removed, in O(size); half of all places at least, so that a removal costs O(1)."""
        if self.n_gone == 0:
            raise IndexError("put more integers into a queue than it can hold")
        end = self.start
        for k in range(self.start, self.end):
            i = int(self.ring[k & self.mask])
            if self.gone[i] > 0:
                self.gone[i] -= 1
            else:
                self.ring[end & self.mask] = i
                end += 1
        self.n_gone = 0
        self.end = end


class RandomSet(Structure):
    """A set of integers from 0..n-1 from which one can draw uniformly."""

    def __init__(self, n: int):
        self.size = 0
        self.items = np.zeros(n, np.int32)
        self.position = np.full(n, NONE, np.int32)

    def contains(self, i):
        return self.position[i] != NONE

    def add(self, i):
        """Adds `i`; does nothing when it is in the set."""
        if self.position[i] == NONE:
            self.items[self.size] = i
            self.position[i] = self.size
            self.size += 1

    def discard(self, i):
        """Takes `i` out; does nothing when it is not in the set."""
        hole = int(self.position[i])
        if hole != NONE:
            self.size -= 1
            last = int(self.items[self.size])
            self.items[hole] = last
            self.position[last] = hole
            self.position[i] = NONE

    def clear(self):
        """Empties the set, in O(size)."""
        for k in range(self.size):
            self.position[self.items[k]] = NONE
        self.size = 0

    def item(self, k):
        """The k-th one in the set's own order, k in 0..size-1; the order changes with every `discard`."""
        return int(self.items[k])

    def draw_to(self, k, rng):
        """One of those from place k on, uniformly, moved to place k; for k = 0, 1, .. a sample without replacement."""
        other = k + int(rng.random() * (self.size - k))
        i = int(self.items[other])
        first = int(self.items[k])
        self.items[k] = i
        self.items[other] = first
        self.position[i] = k
        self.position[first] = other
        return i

    def draw(self, rng):
        """One of the set, uniformly; NONE when empty. It stays in the set."""
        if self.size == 0:
            return NONE
        return int(self.items[int(rng.random() * self.size)])


class Heap(Structure):
    """A priority queue of integers from 0..n-1: least (key, tie) first. Every change is O(log size)."""

    def __init__(self, n: int):
        self.size = 0
        self.items = np.zeros(n, np.int32)
        self.position = np.full(n, NONE, np.int32)
        self.keys = np.zeros(n, np.float64)
        self.ties = np.zeros(n, np.int64)

    def contains(self, i):
        return self.position[i] != NONE

    def key(self, i):
        """The key `i` was last set with."""
        return float(self.keys[i])

    def set(self, i, key, tie):
        """Inserts `i`, or gives it a new key and tie."""
        self.keys[i] = key
        self.ties[i] = tie
        if self.position[i] == NONE:
            self.items[self.size] = i
            self.position[i] = self.size
            self.size += 1
            self._up(self.size - 1)
        else:
            self._up(int(self.position[i]))
            self._down(int(self.position[i]))

    def first(self):
        """The one with the least (key, tie), NONE when empty; it stays."""
        return int(self.items[0]) if self.size > 0 else NONE

    def pop(self):
        """Takes out the one with the least (key, tie) and returns it, NONE when empty."""
        i = self.first()
        if i != NONE:
            self.discard(i)
        return i

    def discard(self, i):
        """Takes `i` out; does nothing when it is not in the heap."""
        hole = int(self.position[i])
        if hole == NONE:
            return
        self.position[i] = NONE
        self.size -= 1
        if hole < self.size:
            last = int(self.items[self.size])
            self.items[hole] = last
            self.position[last] = hole
            self._up(hole)
            self._down(int(self.position[last]))

    def _less(self, i, j):
        if self.keys[i] != self.keys[j]:
            return self.keys[i] < self.keys[j]
        return self.ties[i] < self.ties[j]

    def _up(self, k):
        i = int(self.items[k])
        while k > 0:
            parent = (k - 1) // 2
            j = int(self.items[parent])
            if not self._less(i, j):
                break
            self.items[k] = j
            self.position[j] = k
            k = parent
        self.items[k] = i
        self.position[i] = k

    def _down(self, k):
        i = int(self.items[k])
        while 2 * k + 1 < self.size:
            child = 2 * k + 1
            j = int(self.items[child])
            if child + 1 < self.size and self._less(int(self.items[child + 1]), j):
                child += 1
                j = int(self.items[child])
            if not self._less(j, i):
                break
            self.items[k] = j
            self.position[j] = k
            k = child
        self.items[k] = i
        self.position[i] = k


class IndexSet(Structure):
    """An ordered set of integers from 0..n-1; least and largest in O(log n / log 64) steps of one word each.

    A tree of 64-bit words, four levels over up to 2^24 values each reached by shifts; a word is non-zero when anything
    below it is set.
    """

    def __init__(self, n: int):
        self.n = n
        widths = [max(1, -(-n // 64))]
        while widths[-1] > 1:
            widths.append(-(-widths[-1] // 64))
        self.n_levels = len(widths)
        self.offsets = np.concatenate(([0], np.cumsum(widths))).astype(np.int64)
        self.words = np.zeros(int(self.offsets[-1]), np.int64)
        self.size = 0

    def fill(self):
        """Adds all of 0..n-1, in one pass; interpreted only, for use before the run."""
        n = self.n
        for start, stop in zip(self.offsets[:-1], self.offsets[1:], strict=True):
            self.words[start:stop] = -1
            if n % 64:
                self.words[stop - 1] = (1 << (n % 64)) - 1 if n % 64 < 63 else 2**63 - 1
            n = -(-n // 64)
        self.size = self.n

    def contains(self, i):
        return ((int(self.words[i >> 6]) >> (i & 63)) & 1) == 1

    def add(self, i):
        """Adds `i`; does nothing when it is in the set."""
        if self.contains(i):
            return
        self.size += 1
        for level in range(self.n_levels):
            word = int(self.offsets[level]) + (i >> 6)
            before = int(self.words[word])
            self.words[word] = before | _bit(i & 63)
            if before != 0:
                return
            i = i >> 6

    def discard(self, i):
        """Takes `i` out; does nothing when it is not in the set."""
        if not self.contains(i):
            return
        self.size -= 1
        for level in range(self.n_levels):
            word = int(self.offsets[level]) + (i >> 6)
            after = int(self.words[word]) & ~_bit(i & 63)
            self.words[word] = after
            if after != 0:
                return
            i = i >> 6

    def largest(self):
        """The largest one, NONE when empty."""
        if self.size == 0:
            return NONE
        i = 0
        for step in range(self.n_levels):
            level = self.n_levels - 1 - step
            i = i * 64 + _highest_bit(int(self.words[int(self.offsets[level]) + i]))
        return i

    def least(self):
        """The least one, NONE when empty."""
        if self.size == 0:
            return NONE
        i = 0
        for step in range(self.n_levels):
            level = self.n_levels - 1 - step
            i = i * 64 + _lowest_bit(int(self.words[int(self.offsets[level]) + i]))
        return i


def _bit(k):
    """2^k as a signed 64-bit word, k in 0..63."""
    return 1 << k if k < 63 else -(2**63)


def _highest_bit(word):
    """Position of the highest 1 in a non-zero signed 64-bit word."""
    if word < 0:
        return 63
    k = 0
    for step in (32, 16, 8, 4, 2, 1):
        if word >> step != 0:
            word = word >> step
            k += step
    return k


def _lowest_bit(word):
    """Position of the lowest 1 in a non-zero signed 64-bit word."""
    if word == -(2**63):
        return 63
    return _highest_bit(word & -word)


class Slots(Structure):
    """Where resident pages sit: free slots are filled lowest first, and a page keeps its slot while it is resident.

    Args:
        n: number of slots.
        n_pages: number of pages.
    """

    def __init__(self, n: int, n_pages: int):
        self.page_in = np.full(n, NONE, np.int32)
        self.slot_of = np.full(n_pages, NONE, np.int32)
        self.free = IndexSet(n)
        self.free.fill()

    def load(self, page):
        """Puts `page` into the lowest free slot and returns the slot."""
        slot = self.free.least()
        self.free.discard(slot)
        self.page_in[slot] = page
        self.slot_of[page] = slot
        return slot

    def drop(self, page):
        """Frees the slot of `page` and returns the slot."""
        slot = int(self.slot_of[page])
        self.free.add(slot)
        self.page_in[slot] = NONE
        self.slot_of[page] = NONE
        return slot

    def slot(self, page):
        """The slot of a resident page, NONE for any other."""
        return int(self.slot_of[page])

    def page(self, slot):
        """The page in this slot, NONE when it is free."""
        return int(self.page_in[slot])
