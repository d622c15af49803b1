"""What does a whole miss-ratio curve cost beside one replay, and how far off is a sampled one?"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import zipf
from benchmarks.replaying import replayer
from benchmarks.table import Table, limit
from benchmarks.timing import Times, alternated
from sim.core.trace import Trace
from sim.domains.paging import curves as rules
from sim.domains.paging.setting import Setting
from sim.study import curves
from sim.study.experiment import Bench

MOST_REPLAYS = 10
RATES = (0.1, 0.01, 0.001)
N_SEEDS = 5


def ask(size: zipf.Size) -> Table:
    trace = zipf.trace(size)
    n_pages = len(trace.tables["pages"])
    settings = [Setting(int(k)).on(trace) for k in np.unique(np.geomspace(n_pages / 1000, n_pages, 20).astype(int))]
    exact = rules.lru(trace, settings)
    sampled = {rate: rules.sample(trace, rate) for rate in RATES}
    ways: dict[str, Callable[[], Any]] = {"one replay": replayer(trace, "lru", size.capacity)}
    ways["exact curve"] = lambda: rules.lru(trace, settings)
    for rate in RATES:
        ways[f"sampling {rate:g} of the pages"] = lambda rate=rate: rules.sample(trace, rate)
        ways[f"curve of the sample {rate:g}"] = lambda rate=rate: rules.lru(*_swapped(sampled[rate], settings))
    times = alternated(ways, size.n_rounds)
    table = Table(
        f"LRU's misses at {len(settings)} capacities, and SIEVE's on {os.cpu_count()} cores by the clock on the wall\n{size}",
        f"Replays: of the same policy that take as long. Errors: of the miss ratio, over these capacities and {N_SEEDS} samples.",
    )
    for name, taken in times.items():
        replays = taken.median / times["one replay"].median
        rate = next((rate for rate in RATES if name == f"curve of the sample {rate:g}"), None)
        about = limit(MOST_REPLAYS, replays) if name == "exact curve" else {"target": "", "met": ""}
        row = {"seconds": taken.median, "spread": taken.spread, "replays": replays}
        table.add(way=name, **row, **about, **_error(trace, settings, exact, rate))
    separate, together = _walls(trace, settings, size.n_rounds)
    for name, taken in (("SIEVE, one replay after the other", separate), ("SIEVE, side by side", together)):
        replays = taken.median / separate.median * len(settings)
        table.add(way=name, seconds=taken.median, spread=taken.spread, replays=replays)
    return table


def _swapped(sampled: tuple[Trace, float], settings: list[Setting]) -> tuple[Trace, list[Setting], float]:
    return sampled[0], settings, sampled[1]


def _error(trace: Trace, settings: list[Setting], exact: rules.Pass, rate: float | None) -> dict[str, Any]:
    if rate is None:
        return {"mean_error": "", "largest_error": ""}
    errors = []
    for seed in range(N_SEEDS):
        part, real = rules.sample(trace, rate, seed)
        missed = np.minimum(rules.lru(part, settings, real).misses / real, len(trace))
        errors.append(np.abs(missed - exact.misses) / len(trace))
    return {"mean_error": float(np.mean(errors)), "largest_error": float(np.max(errors))}


def _walls(trace: Trace, settings: list[Setting], n_rounds: int) -> tuple[Times, Times]:
    """Seconds by the wall's clock for SIEVE at all capacities: single replays, and the same by `curves.answer`."""
    replays = [replayer(trace, "sieve", setting.capacity) for setting in settings]
    bench = _Opened(trace)
    capacity = ",".join(str(setting.capacity) for setting in settings)
    question = curves.Question("paging", trace.name, ("sieve",), setting={"capacity": capacity})
    ways: list[Callable[[], Any]] = [
        lambda: [replay() for replay in replays],
        lambda: curves.answer(question, bench, threads=os.cpu_count() or 1),
    ]
    taken: list[list[float]] = [[], []]
    for _ in range(max(2, n_rounds // 2)):
        for seconds, way in zip(taken, ways, strict=True):
            before = time.perf_counter()
            way()
            seconds.append(time.perf_counter() - before)
    return Times(tuple(taken[0])), Times(tuple(taken[1]))


class _Opened(Bench):
    """A bench whose only trace is this one."""

    def __init__(self, trace: Trace):
        super().__init__(reference=False)
        self.opened = trace

    def trace(self, text: str, domain: str, seed: int = 0, *place: int) -> Trace:
        return self.opened
