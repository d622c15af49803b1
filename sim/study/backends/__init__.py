"""Back ends: where the runs of a sweep or a search take place. Each file has one function, for one list of runs, and one class,
for several lists that share what was opened and compiled:

    map(function, runs, budget) -> outcomes as they finish
    with Pool(function, budget) as pool: pool.map(runs) -> outcomes as they finish

`function` takes a `Planned` and gives an `Outcome`, and raises nothing. A back end that loses a run (a worker was killed, a limit
was passed) tries it again where that may help, and gives an outcome with the reason where it does not.
"""

from __future__ import annotations

import importlib
from types import ModuleType

NAMES = ("processes", "serial", "dask")


def find(name: str) -> ModuleType:
    """The back end of a name, one of `NAMES`; what it needs is imported with it."""
    return importlib.import_module(f"sim.study.backends.{name}")
