"""csv: a header with the names of the columns, then one request a line."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from sim.core.errors import InputError
from sim.core.operations import Operation
from sim.core.trace import Column, Interned, Trace
from traces.sink import chunks, page_ids, whole

ENDINGS = (".csv",)

FIRST = ("time_s", "page", "size_bytes", "op", "ttl_s", "tenant")
"""The customary columns, in this order where the trace has them; the others follow."""


def write(trace: Trace, path: Path) -> list[str]:
    """Writes all columns: pages by their original ids, operations by their names, numbers so that they read back exactly.

    Returns:
        The side tables that the file lacks.

    Raises:
        InputError: a column has more than one value a row.
    """
    names = [name for name in FIRST if name in trace] + [name for name in trace.columns if name not in FIRST]
    for name in names:
        column = trace[name]
        if not isinstance(column, Interned) and getattr(column, "ndim", 0) != 1:
            raise InputError(f"column {name} of trace {trace.name} has several values a row; csv has place for one")
    with whole(path) as file:
        text = io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="", write_through=True)
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(names)
        for rows in chunks(trace):
            lines.writerows(zip(*(_values(rows, name) for name in names), strict=True))
        text.detach()
    return [f"csv has no place for the table {name}" for name in trace.tables if name != "pages"]


def _values(rows: Trace, name: str) -> list[Any]:
    column: Column = rows[name]
    if name == "page":
        return page_ids(rows).tolist()
    if name == "op":
        return [NAMES[code] for code in np.asarray(column).tolist()]
    if isinstance(column, Interned):
        return np.asarray(column.labels)[column.codes].tolist()
    return np.asarray(column).tolist()


NAMES = {operation.value: operation.name.lower() for operation in Operation}
