"""How much faster is LRU than in libCacheSim when the file has never been opened: parsing and interning included?"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager

from benchmarks import zipf
from benchmarks.questions.replay import native
from benchmarks.replaying import replayer
from benchmarks.table import Table, target
from benchmarks.timing import alternated
from sim.core.trace import Trace
from traces import store

LEAST = 3


def ask(size: zipf.Size) -> Table:
    file = zipf.file(size)
    store.open_trace(file, cache=False)  # compiles the reader
    replayer(zipf.trace(size), "lru", size.capacity)

    def play(trace: Trace) -> None:
        replayer(trace, "lru", size.capacity)()

    def opened_first() -> None:
        with _empty_store():
            play(store.open_trace(file))

    contenders = {
        "libCacheSim": native(file, "LRU", size.capacity),
        "read, replay": lambda: play(store.open_trace(file, cache=False)),
        "read, hash, keep on disk, replay": opened_first,
        "open from the store, replay": lambda: play(store.open_trace(file)),
    }
    times = alternated(contenders, size.n_rounds)
    table = Table(f"LRU from a file, with its first parse and interning\n{size}")
    for name, taken in times.items():
        ratio = taken.times_faster_than(times["libCacheSim"])
        table.add(
            way=name,
            seconds=taken.median,
            spread=taken.spread,
            ratio=ratio,
            **target(LEAST if name == "read, replay" else None, ratio),
        )
    return table


@contextmanager
def _empty_store():
    """Lets the store keep its traces in a new folder for a while."""
    folder, usual = tempfile.mkdtemp(), store.cache_folder
    store.cache_folder = lambda kind: type(usual(kind))(folder) / kind
    try:
        yield
    finally:
        store.cache_folder = usual
        shutil.rmtree(folder)
