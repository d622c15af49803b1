"""The LRU stack: how many distinct pages lie between two requests of a page."""

from __future__ import annotations

import numpy as np

from sim.core.modules import kernel
from sim.core.trace import NEVER, Trace


def distances(trace: Trace) -> np.ndarray:
    """Stack distance of each request: distinct pages since the page's last request, itself included.

    An LRU cache of unit pages misses a request exactly where the distance exceeds its capacity.

    Returns:
        int64, shape (n,): 1 for an immediate repetition, NEVER for the first request of a page. Takes n log n_pages steps.

    Reference: Mattson, Gecsei, Slutz, Traiger, "Evaluation Techniques for Storage Hierarchies", IBM Systems Journal 1970.
    """
    return _distances(np.ascontiguousarray(trace["page"]), len(trace.tables["pages"]))


@kernel
def add_mark(tree, i, by):
    """Adds to counter i of a Fenwick tree, an array of one more than it has counters."""
    i += 1
    while i < len(tree):
        tree[i] += by
        i += i & -i


@kernel
def marks_before(tree, i):
    """Sum of the counters 0..i-1 of a Fenwick tree."""
    total = 0
    while i > 0:
        total += tree[i]
        i -= i & -i
    return total


@kernel
def find_mark(tree, rank):
    """The counter at which the sum of counters 0..i first exceeds `rank`: the mark number `rank`, from 0, of a Fenwick tree."""
    step = 1
    while 2 * step < len(tree):
        step *= 2
    i = 0
    while step > 0:
        if i + step < len(tree) and tree[i + step] <= rank:
            i += step
            rank -= tree[i]
        step //= 2
    return i


@kernel
def _distances(page, n_pages):
    n_words = WORDS * (
        2 * n_pages // (64 * WORDS) + 2
    )  # each request takes a slot of a bit; renumbered when all are taken
    words = np.zeros(n_words, np.uint64)  # marks the slot of each page's last request
    tree = np.zeros(
        n_words // WORDS + 1, np.int32
    )  # counts the marks of each block; the block that still fills is left out
    page_at = np.empty(64 * n_words, np.int32)
    last = np.full(n_pages, -1, np.int32)
    distance = np.empty(len(page), np.int64)
    n_slots = 0
    n_marks = 0
    one = np.uint64(1)
    for i in range(len(page)):
        p = page[i]
        if last[p] >= 0 and last[p] == n_slots - 1:
            distance[i] = 1
            continue
        if n_slots % (64 * WORDS) == 0 and n_slots > 0:
            if n_slots == 64 * n_words:
                n_slots = _renumber(page_at, last, words, tree)
            else:
                block = n_slots // (64 * WORDS) - 1
                add_mark(tree, block, _marks(words, WORDS * block, WORDS * block + WORDS))
        slot = np.int64(last[p])
        if slot < 0:
            distance[i] = NEVER
            n_marks += 1
        else:
            block = slot // (64 * WORDS)
            word = slot // 64
            bit = one << np.uint64(slot % 64)
            before = marks_before(tree, block) + _marks(words, WORDS * block, word) + _ones(words[word] & (bit - one))
            distance[i] = n_marks - before
            words[word] ^= bit
            if block < n_slots // (64 * WORDS):
                add_mark(tree, block, -1)
        words[n_slots // 64] |= one << np.uint64(n_slots % 64)
        page_at[n_slots] = p
        last[p] = n_slots
        n_slots += 1
    return distance


WORDS = 8
"""Words of a block: as many as a cache line holds. Their marks are counted bit by bit, those of blocks in a tree."""


@kernel
def _renumber(page_at, last, words, tree):
    """Moves the marks to the first slots, in the same order; gives their number."""
    n = 0
    for slot in range(len(page_at)):
        p = page_at[slot]
        if last[p] == slot:
            page_at[n] = p
            last[p] = n
            n += 1
    words[:] = np.uint64(0)
    tree[:] = 0
    for slot in range(n):
        words[slot // 64] |= np.uint64(1) << np.uint64(slot % 64)
    for block in range(n // (64 * WORDS)):
        add_mark(tree, block, 64 * WORDS)
    return n


@kernel
def _marks(words, start, stop):
    total = 0
    for i in range(start, stop):
        total += _ones(words[i])
    return total


@kernel
def _ones(word):
    """Bits set in a word of 64, in the form that compilers turn into the processor's own instruction."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))
