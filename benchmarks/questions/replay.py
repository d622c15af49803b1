"""How much faster is a compiled replay from the column store than libCacheSim's native loop on the same trace?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import libcachesim

from benchmarks import zipf
from benchmarks.replaying import replayer
from benchmarks.table import Table, target
from benchmarks.timing import alternated

POLICIES = {
    "lru": ("LRU", 10),
    "fifo": ("FIFO", 10),
    "clock": ("Clock", 10),
    "sieve": ("Sieve", 10),
    "s3fifo": ("S3FIFO", 8),
    "arc": ("ARC", 8),
    "two_q": ("TwoQ", 8),
    "slru": ("SLRU", 8),
    "lfu": ("LFU", 8),
    "lirs": ("LIRS", 5),
    "wtinylfu": ("WTinyLFU", 5),
    "lecar": ("LeCaR", 5),
    "lhd": ("LHD", 5),
    "gdsf": ("GDSF", 5),
    "random": ("Random", 5),
    "belady": ("Belady", 5),
}
"""Our name -> libCacheSim's, and the ratio wanted."""


def ask(size: zipf.Size) -> Table:
    table = Table(
        f"compiled replay from the column store, against libCacheSim's native loop\n{size}",
        "Theirs runs with its hash table sized to the cache, its best case, and reads 24-byte records and hashes 64-bit ids;\n"
        "ours reads 4-byte page numbers, which the first opening of the file has made (see first_read).",
    )
    trace, file = zipf.trace(size), zipf.file(size)
    for name, (theirs, least) in POLICIES.items():
        results: dict[str, float] = {}
        ours = replayer(trace, name, size.capacity)
        play = native(file, theirs, size.capacity)
        times = alternated(
            {
                "ours": lambda ours=ours, results=results: results.update(ours=ours().metrics["miss_ratio"]),
                "theirs": lambda play=play, results=results: results.update(theirs=play()),
            },
            size.n_rounds,
            most_s=20,
        )
        ratio = times["ours"].times_faster_than(times["theirs"])
        table.add(
            policy=name,
            augsim_M_per_s=size.n_requests / times["ours"].median / 1e6,
            spread=times["ours"].spread,
            libCacheSim_M_per_s=size.n_requests / times["theirs"].median / 1e6,
            spread_=times["theirs"].spread,
            ratio=ratio,
            **target(least, ratio),
            rounds=len(times["ours"].seconds),
            miss_ratio=f"{results['ours']:.5f}",
            theirs=f"{results['theirs']:.5f}",
        )
    return table


def native(file: Path, policy: str, capacity: int) -> Callable[[], float]:
    """A function that replays the file through libCacheSim's own loop, and gives the miss ratio."""

    def play() -> float:
        cache = getattr(libcachesim, policy)(cache_size=capacity, hashpower=max(1, (capacity - 1).bit_length()))
        parameters = libcachesim.ReaderInitParam(ignore_obj_size=True)
        reader = libcachesim.TraceReader(str(file), libcachesim.TraceType.ORACLE_GENERAL_TRACE, parameters)
        return cache.process_trace(reader)[0]

    return play
