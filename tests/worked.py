"""Worked examples in a line: pages as letters, a policy, a capacity."""

from __future__ import annotations

import numpy as np

from sim.core.engine import Mode, replay
from sim.core.result import Result
from sim.core.trace import Trace
from sim.domains.paging import Policy, Setting, System


def trace_of(pages: str | list, name: str = "worked", **columns) -> Trace:
    """A trace from "a b c a" or "abca" or a list of ids; other columns as they are."""
    ids = (pages.split() if " " in pages.strip() else list(pages.strip())) if isinstance(pages, str) else list(pages)
    labels = list(dict.fromkeys(ids))
    position = {label: i for i, label in enumerate(labels)}
    page = np.array([position[i] for i in ids], np.int32)
    return Trace(
        name,
        "paging",
        {"page": page, **{key: np.asarray(values) for key, values in columns.items()}},
        {"pages": np.array(labels)},
    )


def run(policy: Policy, pages, capacity: int, *, mode: Mode = "interpreted", seed: int = 0, **setting) -> Result:
    """Replays pages (see `trace_of`, or a Trace) with its decisions recorded."""
    trace = pages if isinstance(pages, Trace) else trace_of(pages)
    return replay(trace, System(Setting(capacity, **setting)), policy, mode=mode, seed=seed, record=True)


def misses(policy: Policy, pages, capacity: int, **options) -> int:
    return run(policy, pages, capacity, **options).metrics["misses"]


def evictions(policy: Policy, pages, capacity: int, **options) -> list[str]:
    """The pages that left, by their letters, in order."""
    trace = pages if isinstance(pages, Trace) else trace_of(pages)
    log = run(policy, trace, capacity, **options).decisions
    return [str(trace.tables["pages"][page]) for page in log.subject]


def golden() -> Trace:
    """The golden trace of 1,000 requests: a cubed linear congruential sequence with a scan in the middle."""
    x, pages = 1, []
    for i in range(1, 1001):
        x = 48271 * x % 2147483647
        pages.append(1000 + i if 400 < i <= 450 else (x % 1000) ** 3 // 16000000)
    return trace_of(pages, name="golden")
