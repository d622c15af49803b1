"""Does throughput hold on longer traces, and how much memory does the longest take?"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks import zipf
from benchmarks.replaying import replayer
from benchmarks.table import Table
from benchmarks.timing import child
from traces import columns

N_PAGES, CAPACITY = 100_000, 10_000


def ask(size: zipf.Size) -> Table:
    table = Table(
        f"LRU on longer and longer traces\nZipf(1) requests to {N_PAGES:,} pages, capacity {CAPACITY:,}; one process each",
        "Peak memory counts the mapped column, which the system may drop at any time; own memory is what is left without it.",
    )
    first = None
    for n_requests in (size.n_requests // 10, size.n_requests, 10 * size.n_requests):
        folder = zipf.kept(n_requests, N_PAGES)
        runs = [child(replayed, str(folder)) for _ in range(3)]
        rate = max(n_requests / run["seconds"] for run in runs) / 1e6
        first = first or rate
        table.add(
            requests=n_requests,
            M_per_s=rate,
            by_the_shortest=rate / first,
            column_MB=4 * n_requests / 1e6,
            peak_MB=max(run["peak_mb"] for run in runs),
            own_MB=max(run["own_mb"] for run in runs),
        )
    return table


def replayed(folder: str) -> dict[str, Any]:
    """Replays the trace in a folder: seconds of processor time, and megabytes of this process."""
    trace = columns.read(Path(folder))
    run = replayer(trace, "lru", CAPACITY)
    seconds = []
    for _ in range(3):
        before = time.process_time()
        run()
        seconds.append(time.process_time() - before)
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    mb = {key: int(status[key].split()[0]) / 1024 for key in ("VmHWM", "RssAnon")}
    return {"seconds": min(seconds), "peak_mb": mb["VmHWM"], "own_mb": mb["RssAnon"]}
