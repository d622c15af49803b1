"""The LRU stack: how many distinct pages lie between two requests of a page."""

from __future__ import annotations

import numpy as np

from sim.core.modules import kernel
from sim.core.trace import NEVER, Trace


def distances(trace: Trace) -> np.ndarray:
    """Stack distance of each request: distinct pages since the page's last request, itself included.

    An LRU cache of unit pages misses a request exactly where the distance exceeds its capacity.

    Returns:
        int64, shape (n,): 1 for an immediate repetition, NEVER for the first request of a page. Takes n log n steps.

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
    tree = np.zeros(len(page) + 1, np.int64)  # marks the last request of each page
    last = np.full(n_pages, -1, np.int64)
    distance = np.empty(len(page), np.int64)
    n_marks = 0
    for i in range(len(page)):
        previous = last[page[i]]
        if previous < 0:
            distance[i] = NEVER
            n_marks += 1
        else:
            distance[i] = n_marks - marks_before(tree, previous)
            add_mark(tree, previous, -1)
        add_mark(tree, i, 1)
        last[page[i]] = i
    return distance
