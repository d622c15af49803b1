"""What transactions look like, in figures: what they do, where they meet, how short a schedule of them can be."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.core.trace import Interned, Trace
from sim.domains.transactions.bounds import bounds
from sim.domains.transactions.operations import PRIVATE, READ, WRITE, Operations, columns, rollbacks
from sim.domains.transactions.tokens import tokens_of

N_HOTTEST = 10


def describe(trace: Trace) -> dict[str, Any]:
    """Describes a trace of one transaction or more.

    Returns:
        Numbers by name, and tables as lists of rows under `types` and `hottest_keys`. The bounds are those of placement, see
        `bounds.Bounds`; what was not worked out, or the trace does not tell, is absent. Shares lie in [0, 1].
    """
    kinds, keys = columns(trace)
    kind, key = np.asarray(kinds.values), np.asarray(keys.values)
    operations = Operations(trace)
    n, length = operations.n, operations.length
    found = bounds(trace, operations)
    told = {
        "transactions": n,
        "operations": len(kind),
        "operations_per_transaction": len(kind) / n,
        "shortest_transaction": int(length.min()),
        "longest_transaction": int(length.max()),
        "reads": int(np.count_nonzero(kind == READ)),
        "writes": int(np.count_nonzero(kind == WRITE)),
        "private_operations": int(np.count_nonzero(kind == PRIVATE)),
        "distinct_keys": len(np.unique(key[kind != PRIVATE])),
        "keys_on_which_any_conflict": operations.n_keys,
        "conflicting_pairs": found.conflicting_pairs,
        "conflicting_share_of_pairs": None
        if found.conflicting_pairs is None
        else found.conflicting_pairs / max(n * (n - 1) // 2, 1),
        "roll_back": int(rollbacks(trace).sum()),
        "last_arrival": int(np.asarray(trace["arrival"])[-1]) if "arrival" in trace else None,
        "bound_of_the_longest": found.longest,
        "bound_of_the_hottest_key": found.hottest_key,
        "bound_of_the_start_gaps": found.start_gap,
        "optimum": found.optimum,
        "serial_makespan": found.serial,
    }
    return {
        **{name: value for name, value in told.items() if value is not None},
        "types": _types(trace, length),
        "hottest_keys": _hottest(trace, kind, key, operations),
    }


def originals(trace: Trace) -> dict[str, Any]:
    """The columns as a file has them: operations as text in place of kinds and numbers of keys."""
    others = {name: trace[name] for name in trace.columns if name not in ("kind", "key")}
    return {**others, "ops": [" ".join(tokens) for tokens in tokens_of(trace)]}


def _types(trace: Trace, length: np.ndarray) -> list[dict[str, Any]]:
    if "type" not in trace:
        return []
    types = trace["type"]
    assert isinstance(types, Interned)
    counts = np.bincount(types.codes, minlength=len(types.labels))
    total = np.bincount(types.codes, length, len(types.labels))
    return [
        {
            "type": str(types.labels[code]),
            "transactions": int(counts[code]),
            "share": float(counts[code] / len(trace)),
            "operations_per_transaction": float(total[code] / counts[code]),
        }
        for code in np.argsort(-counts, kind="stable")
        if counts[code]
    ]


def _hottest(trace: Trace, kind: np.ndarray, key: np.ndarray, operations: Operations) -> list[dict[str, Any]]:
    """The keys on which transactions conflict that most of them touch."""
    labels = trace.tables["keys"]
    touching = np.bincount(operations.key, minlength=operations.n_keys)
    rows = []
    for number in np.argsort(-touching, kind="stable")[:N_HOTTEST]:
        mine = kind[key == operations.labels[number]]
        rows.append(
            {
                "key": str(labels[operations.labels[number]]),
                "transactions": int(touching[number]),
                "reads": int(np.count_nonzero(mine == READ)),
                "writes": int(np.count_nonzero(mine == WRITE)),
            }
        )
    return rows
