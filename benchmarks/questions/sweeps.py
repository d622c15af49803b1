"""What does a sweep cost beside its replays: per run, in memory, and of the second processor?"""

from __future__ import annotations

import resource
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import zipf
from benchmarks.table import Table, limit, target
from sim.study.backends import processes, serial
from sim.study.runs import Backend
from sim.study.store import Store
from sim.study.sweep import Sweep

SLOW = """
from policies.paging.random import Random


class Slow(Random):
    '''Runs interpreted, so that a small trace takes long.'''

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.seen = []

    def hit(self, request):
        self.seen.append(request.page)
"""
REQUESTS_PER_SECOND = 600_000
"""About, of the policy above."""


def ask(size: zipf.Size) -> Table:
    is_quick = size == zipf.QUICK
    table = Table(
        "What does a sweep cost beside its replays?",
        "By the clock on the wall, so on a machine with nothing else to do. Efficiency: of two workers, against one.",
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _small_runs(table, folder, 1_000 if is_quick else 10_000)
        _long_runs(table, folder, 4 if is_quick else 20)
    return table


def _small_runs(table: Table, folder: Path, n_runs: int) -> None:
    sweep = Sweep(
        "paging",
        traces=(_trace(folder, 200, 50),),
        policies=("random",),
        settings=({"capacity": (5,)},),
        seeds=tuple(range(n_runs)),
        reference=False,
    )
    for name, backend in {"serial": serial.map, "1 process": _workers(1), "2 processes": _workers(2)}.items():
        with Store(folder / name.replace(" ", "-"), command="benchmark") as store:
            wall, frame = _timed(sweep, backend, store)
            per_run_ms = 1000 * wall / n_runs * (2 if name == "2 processes" else 1)
            table.add(
                what=f"{n_runs:,} runs of 200 requests, {name}",
                seconds=wall,
                ms_per_run=per_run_ms,
                memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                efficiency=None,
                **limit(5, per_run_ms),
            )
            if len(frame) != n_runs or (frame["status"] != "done").any():
                raise AssertionError("some run is missing")
    with Store(folder / "serial", command="benchmark") as store:
        wall, _ = _timed(sweep, serial.map, store)
        table.add(
            what=f"the same again: {n_runs:,} rows found",
            seconds=wall,
            ms_per_run=1000 * wall / n_runs,
            target="",
            met="",
        )


def _long_runs(table: Table, folder: Path, n_runs: int) -> None:
    (folder / "slow.py").write_text(SLOW)
    sweep = Sweep(
        "paging",
        traces=(_trace(folder, REQUESTS_PER_SECOND, 5000),),
        policies=(str(folder / "slow.py"),),
        settings=({"capacity": (500,)},),
        seeds=tuple(range(n_runs)),
        reference=False,
    )
    walls = {n: _timed(sweep, _workers(n), None)[0] for n in (1, 2)}
    efficiency = walls[1] / (2 * walls[2])
    for n, wall in walls.items():
        table.add(
            what=f"{n_runs} runs of a second, {n} worker{'s' * (n > 1)}",
            seconds=wall,
            ms_per_run=1000 * wall * n / n_runs,
            efficiency=efficiency if n == 2 else None,
            **(target(0.9, efficiency) if n == 2 else target(None, 0)),
        )


def _trace(folder: Path, n_requests: int, n_pages: int) -> str:
    path = folder / f"zipf-{n_requests}.txt"
    pages = np.random.default_rng(0).zipf(1.3, n_requests) % n_pages
    path.write_text("\n".join(map(str, pages.tolist())) + "\n")
    return str(path)


def _workers(n: int) -> Backend:
    return partial(processes.map, n_workers=n)


def _timed(sweep: Sweep, backend: Backend, store: Store | None) -> tuple[float, Any]:
    begun = time.perf_counter()
    frame = sweep.run(store, backend)
    return time.perf_counter() - begun, frame
