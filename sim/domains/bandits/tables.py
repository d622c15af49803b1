"""A bandit's trace: the columns it may have, and what makes them usable.

Columns, one row a round:

    rewards     float64, shape (n, n_arms): what each arm would earn in this round
    pulls       instead of rewards: row m is what each arm earns at its m-th pull (rested and rotting arms)
    means       expected rewards, shape (n, n_arms), where they move
    cost        cost of pulling each arm, shape (n, n_arms), at least 0; without it every pull costs 1
    context     features, shape (n, d)
    available   which arms are there, bool, shape (n, n_arms)
    predicted_arm  the arm that an expert takes for the best, int64, shape (n,)

Tables: `means`, shape (n_arms,), where they do not move; `arms`, their names; `context_range`, the range of the first feature.
"""

from __future__ import annotations

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Trace


def paid(trace: Trace) -> tuple[str, np.ndarray]:
    """The column that pays, "rewards" or "pulls", and its values, shape (n, n_arms).

    Raises:
        InputError: there is none, or it is no table.
    """
    name = next((name for name in ("rewards", "pulls") if name in trace), None)
    if name is None:
        have = ", ".join(trace.columns) or "none"
        raise InputError(f"trace {trace.name} has no rewards: expected a column rewards or pulls (columns: {have})")
    return name, matrix(trace, name)


def n_arms(trace: Trace) -> int:
    return paid(trace)[1].shape[1]


def context(trace: Trace) -> np.ndarray | None:
    """Features of each round, shape (n, d); None without."""
    return matrix(trace, "context") if "context" in trace else None


def means(trace: Trace) -> np.ndarray | None:
    """Expected rewards, shape (n, n_arms) where they move, else (1, n_arms); None where they are not known."""
    if "means" in trace:
        return matrix(trace, "means")
    if "means" in trace.tables:
        return np.asarray(trace.tables["means"], np.float64).reshape(1, -1)
    return None


def matrix(trace: Trace, name: str) -> np.ndarray:
    """A column as float64, shape (n, k); one of shape (n,) is a single column."""
    values = np.asarray(trace[name])
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or values.shape[1] < 1 or values.dtype.kind not in "biuf":
        raise InputError(f"column {name} of trace {trace.name} must hold numbers, a row per round, got {values.shape}")
    return np.ascontiguousarray(values, np.float64)


def check(trace: Trace, values: np.ndarray, what: str, low: float, high: float, expected: str) -> None:
    """Refuses a number that is not finite or lies outside [low, high], and names its round and arm."""
    good = (values >= low) & (values <= high) & np.isfinite(values)
    if not good.all():
        row, arm = np.argwhere(~good)[0].tolist()
        raise InputError(
            f"trace {trace.name}, round {row}: {what} of arm {arm} is {values[row, arm]:g}; expected {expected}"
        )
