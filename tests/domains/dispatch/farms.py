"""Worked examples in a line: jobs as arrivals and sizes, a policy, servers."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.core.engine import Mode, replay
from sim.core.result import Result
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.domains.dispatch import Setting, System
from sim.study import catalog


def jobs(time, size, **columns) -> Trace:
    values = {"time": time, "size": size, **columns}
    whole = ("key", "client")
    return Trace(
        "worked",
        "dispatch",
        {name: np.asarray(value, int if name in whole else float) for name, value in values.items()},
    )


def run(policy, trace: Trace, servers: int, *, mode: Mode = "interpreted", seed: int = 0, **setting) -> Result:
    """Replays jobs with the decisions recorded; a policy may be named. All jobs count unless `warmup` says otherwise."""
    built = catalog.policy("dispatch", policy) if isinstance(policy, str) else policy
    system = System(Setting(servers, **{"warmup": 0.0, **setting}))
    return replay(trace, system, built, mode=mode, seed=seed, record=True)


def played(policy, trace: Trace, servers: int, *, seed: int = 0, **setting) -> Any:
    """A run played to its end, interpreted; its `ledger` has what became of each job."""
    built = catalog.policy("dispatch", policy) if isinstance(policy, str) else policy
    begun = System(Setting(servers, **{"warmup": 0.0, **setting})).begin(
        trace, built, stream(seed, "policy", trace.name), record=True
    )
    n = len(trace)
    for start, stop in ((0, n // 2), (n // 2, n)):
        begun.loop(*begun.objects.values(), start, stop)
    return begun


def responses(policy, time, size, servers: int = 1, **setting) -> list[float]:
    """Response time of each job, nan for a lost one."""
    columns = {name: setting.pop(name) for name in ("predicted_size", "client", "think") if name in setting}
    ledger = played(policy, jobs(time, size, **columns), servers, **setting).ledger
    return (ledger.finished - ledger.arrived).round(9).tolist()
