"""The input of the benchmarks: Zipf traces, made once and kept in the cache folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.timing import child
from sim.core.modules import cache_folder
from sim.core.trace import Trace
from sim.study.experiment import Bench
from traces import columns, store
from traces.shelf import Shelf
from traces.writers import oracle_general


@dataclass(frozen=True)
class Size:
    """How large a benchmark is.

    Args:
        n_requests: of the trace that policies are compared on.
        n_pages: that it draws from, by Zipf's law with exponent 1.
        capacity: of the cache, in pages.
        n_rounds: most rounds that contenders take turns for.
    """

    n_requests: int
    n_pages: int
    capacity: int
    n_rounds: int

    def __str__(self) -> str:
        return f"{self.n_requests:,} Zipf(1) requests to {self.n_pages:,} pages, capacity {self.capacity:,}"


FULL = Size(10_000_000, 1_000_000, 100_000, 7)
QUICK = Size(1_000_000, 100_000, 10_000, 3)


def file(size: Size) -> Path:
    """The trace as an oracleGeneral file; libCacheSim reads it too."""
    path = cache_folder("benchmarks") / f"zipf-{size.n_requests}-{size.n_pages}.oracleGeneral"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        oracle_general.write(_drawn(size.n_requests, size.n_pages), path)
    return path


def trace(size: Size) -> Trace:
    """The trace as a replay of that file gets it: columns mapped from the store."""
    return store.open_trace(file(size))


def kept(n_requests: int, n_pages: int) -> Path:
    """The folder of the columns of such a trace; `traces.columns.read` maps them. Drawn in a process of its own."""
    shelf, name = Shelf(cache_folder("benchmarks"), float("inf")), f"zipf-{n_requests}-{n_pages}"
    if shelf.get(name) is None:
        child(_keep, n_requests, n_pages)
    return shelf.root / "whole" / name


def _keep(n_requests: int, n_pages: int) -> None:
    shelf = Shelf(cache_folder("benchmarks"), float("inf"))
    with shelf.workplace() as folder:
        columns.write(_drawn(n_requests, n_pages), folder)
        shelf.put(folder, f"zipf-{n_requests}-{n_pages}")


def _drawn(n_requests: int, n_pages: int) -> Trace:
    return Bench().trace(f"workload:zipf,alpha=1,n_requests={n_requests},n_pages={n_pages}", "paging")
