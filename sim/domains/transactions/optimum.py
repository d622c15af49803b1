"""The least makespan of a few transactions, proven: the lower bound that their schedules are held against."""

from __future__ import annotations

import numpy as np

from sim.core.modules import kernel
from sim.core.trace import Trace
from sim.domains.transactions.operations import FAR, columns

MOST = 20
"""With more transactions the optimum is not looked for."""

MOST_TRIED = 10_000_000
"""Beginnings of orders that are tried at most: two seconds' work."""


def optimum(trace: Trace, distance: np.ndarray, arrival: np.ndarray, lower: int) -> int | None:
    """The least makespan over all orders, none of which starts a transaction before it arrives.

    Tries orders transaction by transaction. A beginning is given up where what is left cannot end in time: one of those left
    alone, or two that conflict, whichever of them goes first. Of neighbours that do not conflict only one order is tried, of
    equal transactions that of their indices.

    Args:
        distance: as `bounds.distances` gives it, shape (n, n).
        arrival: unit from which each may start, int64, shape (n,).
        lower: no order is shorter; the search ends where one is found that is as short.

    Returns:
        None with more than `MOST` transactions, or where `MOST_TRIED` beginnings do not suffice.

    Reference: Land, Doig, "An Automatic Method of Solving Discrete Programming Problems", Econometrica 28(3), 1960; the
    precedences of pairs are those of job shops without waiting: Mascis, Pacciarelli, "Job-shop Scheduling with Blocking and
    No-wait Constraints", EJOR 143(3), 2002.
    """
    n = len(trace)
    if not 0 < n <= MOST:
        return None
    kinds, keys = columns(trace)
    length = np.diff(kinds.offsets).astype(np.int64)
    twin = np.full(n, -1)
    last: dict[tuple[bytes, bytes, int], int] = {}
    for t in range(n):
        same = (kinds[t].tobytes(), keys[t].tobytes(), int(arrival[t]))
        twin[t] = last.get(same, -1)
        last[same] = t
    found = int(_least(distance, length, arrival, twin, lower, MOST_TRIED))
    return found if found < FAR else None


@kernel
def _least(distance, length, arrival, twin, lower, most_tried):
    """The least makespan; FAR where it is not proven."""
    n = len(length)
    least = FAR
    order = np.full(n, -1)
    is_placed = np.zeros(n, np.bool_)
    makespan = np.zeros(n + 1, np.int64)
    earliest = np.zeros((n + 1, n), np.int64)  # start of each, after so many have been placed
    is_tried = np.zeros((n + 1, n), np.bool_)
    earliest[0] = arrival
    size = 0
    n_tried = 0
    while size >= 0:
        # of those not tried here, the one that ends first
        chosen = -1
        for j in range(n):
            if is_placed[j] or is_tried[size, j] or (twin[j] >= 0 and not is_placed[twin[j]]):
                continue
            if size > 0 and j < order[size - 1] and distance[order[size - 1], j] < -FAR // 2:
                continue
            if chosen < 0 or earliest[size, j] + length[j] < earliest[size, chosen] + length[chosen]:
                chosen = j
        if chosen < 0:
            size -= 1
            if size >= 0:
                is_placed[order[size]] = False
            continue
        n_tried += 1
        if n_tried > most_tried:
            return FAR
        is_tried[size, chosen] = True
        start = earliest[size, chosen]
        order[size] = chosen
        is_placed[chosen] = True
        size += 1
        makespan[size] = max(makespan[size - 1], start + length[chosen] - 1)
        bound = makespan[size]
        for j in range(n):
            if not is_placed[j]:
                earliest[size, j] = max(earliest[size - 1, j], start + distance[chosen, j])
                bound = max(bound, earliest[size, j] + length[j] - 1)
        for j in range(n):
            for k in range(j):
                if not is_placed[j] and not is_placed[k] and distance[j, k] > -FAR // 2:
                    k_later = max(earliest[size, k], earliest[size, j] + distance[j, k]) + length[k] - 1
                    j_later = max(earliest[size, j], earliest[size, k] + distance[k, j]) + length[j] - 1
                    bound = max(bound, min(k_later, j_later))
        if bound < least and size == n:
            least = bound
            if least <= lower:
                return least
        if bound >= least or size == n:
            size -= 1
            is_placed[chosen] = False
        else:
            is_tried[size] = False
    return least
