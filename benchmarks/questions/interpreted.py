"""How fast is the interpreted mode, beside plain Python caches?"""

from __future__ import annotations

from collections import OrderedDict

import cachetools
import numpy as np

from benchmarks import zipf
from benchmarks.replaying import replayer
from benchmarks.table import Table
from benchmarks.timing import alternated

N_REQUESTS = 200_000


def ask(size: zipf.Size) -> Table:
    trace = zipf.trace(size).rows(0, N_REQUESTS)
    capacity = size.capacity // 10
    pages = np.asarray(trace["page"]).tolist()
    misses = {}

    def ordered_dict() -> None:
        cache: OrderedDict[int, None] = OrderedDict()
        n = 0
        for page in pages:
            if page in cache:
                cache.move_to_end(page)
            else:
                n += 1
                if len(cache) == capacity:
                    cache.popitem(last=False)
                cache[page] = None
        misses["ordered_dict"] = n

    def cache_tools() -> None:
        cache: cachetools.LRUCache[int, bool] = cachetools.LRUCache(capacity)
        n = 0
        for page in pages:
            if cache.get(page) is None:
                n += 1
                cache[page] = True
        misses["cachetools"] = n

    def interpreted() -> None:
        misses["augsim"] = run().metrics["misses"]

    run = replayer(trace, "lru", capacity, mode="interpreted")
    times = alternated(
        {"augsim, interpreted": interpreted, "cachetools LRUCache": cache_tools, "OrderedDict loop": ordered_dict},
        size.n_rounds,
    )
    assert len(set(misses.values())) == 1
    table = Table(
        f"LRU in plain Python\n{N_REQUESTS:,} Zipf(1) requests, capacity {capacity:,}",
        "The interpreted replay runs the very policy that compiles, and checks every decision.",
    )
    for name, taken in times.items():
        table.add(
            way=name,
            M_per_s=N_REQUESTS / taken.median / 1e6,
            spread=taken.spread,
            augsim_by_this=times["augsim, interpreted"].times_faster_than(taken),
        )
    return table
