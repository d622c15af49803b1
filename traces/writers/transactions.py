"""transactions: a JSON file of database transactions, one a line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Trace
from sim.domains.transactions.tokens import tokens_of
from traces.sink import whole

ENDINGS = (".json",)

KEPT = ("id", "type", "kind", "key", "arrival", "rolls_back")


def write(trace: Trace, path: Path) -> list[str]:
    """Writes the operations of each transaction, with its id; and type, arrival and whether it rolls back where the trace tells.

    Returns:
        The columns that the file lacks.

    Raises:
        InputError: it is no trace of transactions.
    """
    if trace.domain != "transactions":
        raise InputError(
            f"trace {trace.name} is of domain {trace.domain}; the format transactions holds transactions only"
        )
    arrival = np.asarray(trace["arrival"]).tolist() if "arrival" in trace else None
    rows = []
    for i, tokens in enumerate(tokens_of(trace)):
        row = {"id": trace["id"][i]} if "id" in trace else {}
        if "type" in trace:
            row["type"] = trace["type"][i]
        if arrival is not None:
            row["arrival"] = arrival[i]
        if "rolls_back" in trace:
            row["rolls_back"] = bool(trace["rolls_back"][i])
        rows.append(json.dumps({**row, "ops": tokens}, ensure_ascii=False))
    with whole(path) as file:
        head = json.dumps(trace.name, ensure_ascii=False)
        body = ",\n".join(rows)
        file.write(f'{{"name": {head}, "transactions": [\n{body}\n]}}\n'.encode())
    return [f"transactions has no place for the column {name}" for name in trace.columns if name not in KEPT]
