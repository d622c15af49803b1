"""How long does one wait for the command line, with warm caches?"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import zipf
from benchmarks.table import Table, limit
from benchmarks.timing import Times, command

N_REQUESTS, N_PAGES = 100_000, 10_000


def ask(size: zipf.Size) -> Table:
    augsim = str(Path(sys.executable).with_name("augsim"))
    file = str(zipf.file(zipf.Size(N_REQUESTS, N_PAGES, 0, 0)))
    replay = [augsim, "replay", "paging", file, "--capacity", "10%", "-p"]
    table = Table(
        f"the command line, caches warm\nthe trace: {N_REQUESTS:,} requests to {N_PAGES:,} pages",
        "Least and median by the clock on the wall, of which the target is the least: others may be at work on this machine.",
    )
    commands = {
        "augsim --help": ([augsim, "--help"], 0.3),
        "augsim replay -p lru": ([*replay, "lru"], 1.5),
        "augsim replay, four policies": ([*replay, "lru", "-p", "clock", "-p", "s3fifo", "-p", "arc"], None),
    }
    for name, (words, most) in commands.items():
        command(words)
        taken = [command(words) for _ in range(max(3, size.n_rounds))]
        wall = Times(tuple(seconds for seconds, _ in taken))
        table.add(
            command=name,
            least_s=wall.least,
            median_s=wall.median,
            spread=wall.spread,
            processor_s=Times(tuple(seconds for _, seconds in taken)).median,
            **(limit(most, wall.least) if most else {}),
        )
    return table
