"""Does a user's own file run as fast as the same policy of the library?"""

from __future__ import annotations

import inspect
import tempfile
from pathlib import Path

from benchmarks import zipf
from benchmarks.replaying import replayer
from benchmarks.table import Table, limit
from benchmarks.timing import alternated
from policies.paging.clock import Clock
from policies.paging.lru import LRU

SLOWER = 1.05


def ask(size: zipf.Size) -> Table:
    table = Table(f"a user's file against the same policy of the library\n{size}")
    trace = zipf.trace(size)
    with tempfile.TemporaryDirectory() as folder:
        for cls in (LRU, Clock):
            name = cls.__module__.rpartition(".")[2]
            mine = Path(folder) / f"my_{name}.py"
            mine.write_text(
                inspect.getsource(inspect.getmodule(cls)).replace(f"class {cls.__name__}(", f"class My{cls.__name__}(")
            )
            contenders = {"library": name, "own file": str(mine)}
            times = alternated(
                {label: replayer(trace, policy, size.capacity) for label, policy in contenders.items()},
                3 * size.n_rounds,
            )
            slower = times["library"].times_faster_than(times["own file"])
            table.add(
                policy=name,
                library_M_per_s=size.n_requests / times["library"].median / 1e6,
                spread=times["library"].spread,
                own_file_M_per_s=size.n_requests / times["own file"].median / 1e6,
                spread_=times["own file"].spread,
                own_by_library_time=slower,
                **limit(SLOWER, slower),
            )
    return table
