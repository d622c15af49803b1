"""mps: a mixed-integer program as a free MPS file, the same bytes on every machine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Interned, Trace
from traces.sink import whole

ENDINGS = (".mps",)


def write(trace: Trace, path: Path) -> list[str]:
    """Writes the model; the best objective known, if any, as a comment that the reader understands.

    Returns:
        Nothing is lost.

    Raises:
        InputError: the trace is no model.
    """
    if "starts" not in trace.tables or "cost" not in trace:
        raise InputError(f"trace {trace.name} is no mixed-integer program; the format mps holds nothing else")
    with whole(path) as file:
        for line in _lines(trace):
            file.write(f"{line}\n".encode())
    return []


def _lines(trace: Trace) -> Iterator[str]:
    tables, column = trace.tables, trace["name"]
    labels = column.labels[column.codes] if isinstance(column, Interned) else np.asarray(column)
    names = [str(label) for label in labels.tolist()]
    rows = np.asarray(tables["row_names"]).tolist()
    if "optimum" in tables:
        yield f"* optimum {_number(tables['optimum'])}"
    yield f"NAME {trace.name.replace(' ', '_')}"
    if tables["maximise"]:
        yield from ("OBJSENSE", "    MAX")
    sides = list(zip(np.asarray(tables["row_lower"]).tolist(), np.asarray(tables["row_upper"]).tolist(), strict=True))
    yield from ("ROWS", " N obj")
    yield from (f" {_kind(*side)} {row}" for row, side in zip(rows, sides, strict=True))
    yield "COLUMNS"
    yield from _columns(trace, names, rows)
    yield "RHS"
    if tables["offset"]:
        yield f" rhs obj {_number(-tables['offset'])}"
    for row, (low, high) in zip(rows, sides, strict=True):
        if value := low if math.isfinite(low) else high if math.isfinite(high) else 0.0:
            yield f" rhs {row} {_number(value)}"
    ranged = [(row, high - low) for row, (low, high) in zip(rows, sides, strict=True) if _is_ranged(low, high)]
    if ranged:
        yield "RANGES"
        yield from (f" range {row} {_number(width)}" for row, width in ranged)
    yield "BOUNDS"
    yield from _bounds(trace, names)
    yield "ENDATA"


def _columns(trace: Trace, names: list[str], rows: list[str]) -> Iterator[str]:
    """Entries column by column, integer columns between markers."""
    tables = trace.tables
    starts, index = np.asarray(tables["starts"]), np.asarray(tables["index"])
    entries: list[list[tuple[str, float]]] = [[] for _ in names]
    for i, row in enumerate(rows):
        for k in range(starts[i], starts[i + 1]):
            entries[index[k]].append((row, float(tables["value"][k])))
    is_inside, n_markers = False, 0
    for j, name in enumerate(names):
        if bool(trace["is_integer"][j]) != is_inside:
            is_inside, n_markers = not is_inside, n_markers + 1
            yield f" marker{n_markers} 'MARKER' '{'INTORG' if is_inside else 'INTEND'}'"
        cost = float(trace["cost"][j])
        for row, value in [("obj", cost)] * (cost != 0 or not entries[j]) + entries[j]:
            yield f" {name} {row} {_number(value)}"
    if is_inside:
        yield f" marker{n_markers + 1} 'MARKER' 'INTEND'"


def _bounds(trace: Trace, names: list[str]) -> Iterator[str]:
    lower, upper = np.asarray(trace["lower"]).tolist(), np.asarray(trace["upper"]).tolist()
    for name, is_integer, low, high in zip(names, np.asarray(trace["is_integer"]).tolist(), lower, upper, strict=True):
        if is_integer and (low, high) == (0.0, 1.0):
            yield f" BV bound {name}"
        elif low == -math.inf and high == math.inf:
            yield f" FR bound {name}"
        elif low == high:
            yield f" FX bound {name} {_number(low)}"
        else:
            if low:
                yield f" MI bound {name}" if low == -math.inf else f" LO bound {name} {_number(low)}"
            if high < math.inf:
                yield f" UP bound {name} {_number(high)}"
            elif is_integer:
                yield f" PL bound {name}"


def _kind(low: float, high: float) -> str:
    if low == high:
        return "E"
    if math.isfinite(low):
        return "G"
    return "L" if math.isfinite(high) else "N"


def _is_ranged(low: float, high: float) -> bool:
    return math.isfinite(low) and math.isfinite(high) and low != high


def _number(value: float) -> str:
    """The shortest text that reads back as the same number."""
    value = float(value)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
