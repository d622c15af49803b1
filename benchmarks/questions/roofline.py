"""How far is a replay from a bare loop that touches the same memory?"""

from __future__ import annotations

import numpy as np
from numba import njit

from benchmarks import zipf
from benchmarks.replaying import replayer
from benchmarks.table import Table, target
from benchmarks.timing import alternated

LEAST = 0.5


@njit(nogil=True, boundscheck=False)
def bare_lru(page, capacity, resident, links):
    """LRU written out for one case: no policy, no checks, no records. Links as `sim.core.structures.LinkedList` has them."""
    n = len(resident)
    used = 0
    misses = 0
    for i in range(len(page)):
        p = np.uint64(page[i])
        first = np.uint64(links[2 * n + 1])
        if resident[p]:
            if first == p:
                continue
            before, after = np.uint64(links[2 * p]), np.uint64(links[2 * p + 1])
            links[2 * before + 1] = after
            links[2 * after] = before
        else:
            misses += 1
            if used == capacity:
                last = np.uint64(links[2 * n])
                before = np.uint64(links[2 * last])
                links[2 * before + 1] = n
                links[2 * n] = before
                resident[last] = False
                first = np.uint64(links[2 * n + 1])
            else:
                used += 1
            resident[p] = True
        links[2 * p] = n
        links[2 * p + 1] = first
        links[2 * n + 1] = p
        links[2 * first] = p
    return misses


def ask(size: zipf.Size) -> Table:
    trace = zipf.trace(size)
    page, n_pages = np.asarray(trace["page"]), len(trace.tables["pages"])
    misses = {}

    def bare() -> None:
        links = np.full(2 * n_pages + 2, n_pages, np.int32)
        misses["bare"] = bare_lru(page, size.capacity, np.zeros(n_pages, np.bool_), links)

    def replayed() -> None:
        misses["replay"] = run().metrics["misses"]

    run = replayer(trace, "lru", size.capacity)
    bare()
    times = alternated({"bare": bare, "replay": replayed}, 3 * size.n_rounds)
    assert misses["bare"] == misses["replay"]
    share = 1 / times["bare"].times_faster_than(times["replay"])
    table = Table(f"LRU against a bare compiled loop that touches the same memory\n{size}")
    table.add(
        replay_M_per_s=size.n_requests / times["replay"].median / 1e6,
        spread=times["replay"].spread,
        bare_M_per_s=size.n_requests / times["bare"].median / 1e6,
        spread_=times["bare"].spread,
        share_of_roofline=share,
        **target(LEAST, share),
    )
    return table
