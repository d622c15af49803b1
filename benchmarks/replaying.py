"""A replay as the benchmarks time it: from the trace's columns to the result, set-up included, compiled beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.core import engine
from sim.core.policy import Policy
from sim.core.result import Result
from sim.core.trace import Trace
from sim.domains.paging.setting import Setting
from sim.domains.paging.system import System
from sim.study import catalog


def replayer(trace: Trace, policy: Policy | str, capacity: int, mode: Any = "compiled") -> Callable[[], Result]:
    """A function that replays the whole trace through a policy (a name, a path, the object itself), compiled by now."""
    built = catalog.policy("paging", policy) if isinstance(policy, str) else policy
    system = System(Setting(capacity).on(trace))
    if mode == "compiled":
        engine.replay(trace.rows(0, 10_000), system, built, mode=mode)
    return lambda: engine.replay(trace, system, built, mode=mode)
