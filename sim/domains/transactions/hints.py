"""What a policy with hints sees of transactions: the keys it was told, right or wrong, instead of those they touch."""

from __future__ import annotations

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import NONE, Ragged, Trace
from sim.domains.transactions.operations import PRIVATE, Operations, columns
from sim.domains.transactions.policy import Policy, channels_needed

HINTS = "hints"
"""The channel of predicted keys; the column `hint` holds one for each operation, NONE where nothing is told."""


def operations_seen_by(policy: Policy, trace: Trace, *, is_held: bool = False) -> Operations:
    """The operations as this policy knows them: the true ones, or, where it reads hints, what they tell.

    Raises:
        InputError: it reads hints, and the trace has none.
    """
    if HINTS not in channels_needed(policy):
        return Operations(trace, is_held=is_held)
    if "hint" not in trace:
        raise InputError(
            f"{type(policy).__name__} needs predictions of channel hints: give --predict hints or hints:wrong=0.1"
        )
    kinds, _ = columns(trace)
    hint = trace["hint"]
    assert isinstance(hint, Ragged)
    told = np.asarray(hint.values) != NONE
    kind = np.where(told, np.asarray(kinds.values), PRIVATE).astype(np.int8)
    seen = trace.with_column("kind", Ragged(kind, kinds.offsets)).with_column("key", hint)
    return Operations(seen, is_held=is_held)


def n_misled(policy: Policy, trace: Trace) -> int | None:
    """How many transactions a hint told of a key wrongly; None where the policy reads no hints, or nothing was told."""
    if HINTS not in channels_needed(policy) or "hint" not in trace:
        return None
    hint, key = trace["hint"], trace["key"]
    assert isinstance(hint, Ragged) and isinstance(key, Ragged)
    told = np.asarray(hint.values) != NONE
    if not told.any():
        return None
    wrong = told & (np.asarray(hint.values) != np.asarray(key.values))
    return len(np.unique(np.repeat(np.arange(len(trace)), np.diff(key.offsets))[wrong]))


def hottest(operations: Operations, n_hot: int) -> np.ndarray:
    """Marks the shared keys that most transactions access; of equals the first."""
    hot = np.zeros(operations.n_keys, np.bool_)
    counts = np.bincount(operations.key, minlength=operations.n_keys)
    hot[np.argsort(-counts, kind="stable")[:n_hot]] = True
    return hot
