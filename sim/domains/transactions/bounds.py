"""How short a schedule can be at best: bounds that hold for every order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.core.modules import kernel
from sim.core.trace import Trace
from sim.domains.transactions.operations import FAR, PRIVATE, WRITE, Operations, arrivals, columns
from sim.domains.transactions.optimum import optimum

MOST_PAIRED = 2000
"""With more transactions the start gap is left out: it takes time that grows with the cube of their number."""


@dataclass(frozen=True)
class Bounds:
    """What no order can beat, and what any order keeps.

    Args:
        longest: last unit of the transaction that ends last though none waits: where all arrive at once, the longest.
        hottest_key: units that one key is occupied, with what comes before and after.
        start_gap: by the gaps that must lie between the starts of conflicting transactions; None: not worked out.
        serial: sum of all lengths; where all arrive at once, no order takes longer.
        conflicting_pairs: pairs of transactions of which one must wait for the other; None: not worked out.
        optimum: the least makespan; None: not worked out.
    """

    longest: int
    hottest_key: int
    start_gap: int | None
    serial: int
    conflicting_pairs: int | None
    optimum: int | None

    @property
    def lower(self) -> int:
        """The largest lower bound: the optimum itself where it is known."""
        return max(self.longest, self.hottest_key, self.start_gap or 0, self.optimum or 0)


def bounds(trace: Trace, operations: Operations) -> Bounds:
    """Works out the bounds; of a few transactions the optimum too."""
    length = operations.length
    if not len(length):
        return Bounds(0, 0, 0, 0, 0, 0)
    arrival = arrivals(trace)
    longest, hottest = int((arrival + length - 1).max()), hottest_key(trace)
    gap, pairs, least = None, None, None
    if operations.n <= MOST_PAIRED:
        distance = distances(operations)
        pairs = int(np.count_nonzero(np.triu(distance > -FAR // 2, 1)))
        gap = start_gap(distance, int(length.min()))
        least = optimum(trace, distance, arrival, max(longest, hottest, gap))
    return Bounds(longest, hottest, gap, int(length.sum()), pairs, least)


def hottest_key(trace: Trace) -> int:
    """The most units that the accesses of one key take, one for each write and one for all reads, and what lies around them.

    A transaction that accesses the key at place p begins p - 1 units before and ends L - p after it. Every access counts,
    repeated ones of a transaction too.
    """
    kinds, keys = columns(trace)
    lengths = np.diff(kinds.offsets)
    length = np.repeat(lengths, lengths)
    place = np.arange(len(length)) - np.repeat(kinds.offsets[:-1], lengths) + 1
    kind, key = np.asarray(kinds.values), np.asarray(keys.values)
    found = 0
    for chosen, reads_count in ((kind != PRIVATE, True), (kind == WRITE, False)):
        if not chosen.any():
            continue
        labels, of = np.unique(key[chosen], return_inverse=True)
        before, after = np.full(len(labels), FAR), np.full(len(labels), FAR)
        np.minimum.at(before, of, place[chosen] - 1)
        np.minimum.at(after, of, (length - place)[chosen])
        writes = np.bincount(of, kind[chosen] == WRITE, len(labels)).astype(np.int64)
        reads = np.bincount(of, minlength=len(labels)) - writes
        units = writes + (reads > 0) * reads_count
        found = max(found, int((units + before + after).max()))
    return found


def distances(operations: Operations) -> np.ndarray:
    """d(i, j), the least start of j less the start of i where i comes first; below -FAR / 2 where they do not conflict.

    int64, shape (n, n). Given an order, each start is the largest of 1 and of start(i) + d(i, j) over those before it.
    """
    ops = operations
    return _distances(
        ops.n, ops.n_keys, ops.offsets, ops.key, ops.first_read, ops.first_write, ops.last_access, ops.last_write
    )


@kernel
def _distances(n, n_keys, offsets, key, first_read, first_write, last_access, last_write):
    found = np.full((n, n), -FAR)
    access = np.full(n_keys, -FAR)
    write = np.full(n_keys, -FAR)
    for i in range(n):
        for r in range(offsets[i], offsets[i + 1]):
            access[key[r]] = last_access[r]
            write[key[r]] = last_write[r]
        for j in range(n):
            if i != j:
                for r in range(offsets[j], offsets[j + 1]):
                    after_write = write[key[r]] - first_read[r] + 1
                    after_access = access[key[r]] - first_write[r] + 1
                    found[i, j] = max(found[i, j], after_write, after_access)
        for r in range(offsets[i], offsets[i + 1]):
            access[key[r]] = -FAR
            write[key[r]] = -FAR
    return found


def start_gap(distance: np.ndarray, shortest: int) -> int:
    """A bound by the gaps between starts: the cheapest way to give each transaction a successor, one having none.

    The gap of a pair is d(i, j) where neither can start before the other has, else 0. A path through all transactions costs
    at least the cheapest assignment, and the last one on it takes its length.
    """
    from scipy.optimize import linear_sum_assignment

    n = len(distance)
    gap = np.where((distance > 0) & (distance.T > 0), distance, 0).astype(np.float64)
    cost = np.zeros((n + 1, n + 1))
    cost[:n, :n] = gap
    np.fill_diagonal(cost, float(FAR))
    rows, assigned = linear_sum_assignment(cost)
    return int(cost[rows, assigned].sum()) + shortest
