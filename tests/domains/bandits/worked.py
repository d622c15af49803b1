"""Worked examples in a line: a table of rewards, a policy, the arms it pulls."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.core.engine import Mode, replay
from sim.core.result import Result
from sim.core.trace import Trace
from sim.domains.bandits import Policy, Setting, System


def table_of(rewards, n_rounds: int | None = None, *, name: str = "worked", means=None, **columns) -> Trace:
    """A trace of these rewards by round; one row, with `n_rounds`, stands in every round."""
    rewards = np.asarray(rewards, np.float64)
    if n_rounds is not None:
        rewards = np.tile(rewards, (n_rounds, 1))
    tables = {} if means is None else {"means": np.asarray(means, np.float64)}
    return Trace(name, "bandits", {"rewards": rewards, **{k: np.asarray(v) for k, v in columns.items()}}, tables)


def run(policy: Policy, trace: Trace, *, mode: Mode = "interpreted", seed: int = 0, **setting: Any) -> Result:
    """Replays with the decisions recorded."""
    return replay(trace, System(Setting(**setting)), policy, mode=mode, seed=seed, record=True)


def pulls(policy: Policy, rewards, n_rounds: int | None = None, **options: Any) -> list[int]:
    """The arms pulled, in order."""
    trace = rewards if isinstance(rewards, Trace) else table_of(rewards, n_rounds)
    return run(policy, trace, **options).decisions.subject.tolist()


def judged(policy: Policy, trace: Trace, **options: Any) -> dict[str, Any]:
    """A run's metrics with what hindsight adds."""
    setting = {key: options[key] for key in options if key not in ("mode", "seed")}
    system = System(Setting(**setting).on(trace))
    result = run(policy, trace, **options)
    return {**result.metrics, **system.judge(trace, policy, result.metrics, system.hindsight(trace))}
