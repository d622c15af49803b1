"""What a trace looks like: as figures, as tables for the eye, and its first rows.

The measures belong to the trace's domain: its module has a function `describe(trace, **options)` that gives numbers by name,
tables as lists of rows, and series; and perhaps `originals(trace)`, the columns as a file has them. Here they are asked for and
laid out; a name ends with its unit, and so tells the form.
"""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

from sim.core.errors import InputError
from sim.core.operations import Operation
from sim.core.trace import Interned, Ragged, Trace
from sim.study import catalog
from sim.study.ranking import Ranking

PARTS = 10
"""Rows that a series gets in a table."""


def describe(trace: Trace, **options: Any) -> dict[str, Any]:
    """Describes a trace in plain values: numbers, texts, lists and dictionaries, as JSON holds them.

    Args:
        trace: of any domain; of one that has no measures only names and rows are told.
        options: of the domain's `describe`.

    Raises:
        InputError: the trace is empty, or its domain has no such option.
    """
    if not len(trace):
        raise InputError(f"trace {trace.name} is empty; there is nothing to describe")
    domain = catalog.module("sim.domains", trace.domain)
    known = inspect.signature(domain.describe).parameters if hasattr(domain, "describe") else ()
    for name in options:
        if name not in known:
            raise InputError(
                f"trace {trace.name} is one of {trace.domain}, whose description has no {name}; leave it out"
            )
    general = {
        "trace": trace.name,
        "domain": trace.domain,
        "rows": len(trace),
        "columns": list(trace.columns),
        **{key: trace.origin[key] for key in ("format", "file", "sha256") if key in trace.origin},
        "notices": list(trace.origin.get("notices", ())),
    }
    measured = domain.describe(trace, **options) if hasattr(domain, "describe") else {}
    return plain({**general, **measured})


def head(trace: Trace, n: int) -> list[dict[str, Any]]:
    """The first n rows as the file had them: pages by their original ids, operations by their names."""
    rows = trace.rows(0, min(n, len(trace)))
    domain = catalog.module("sim.domains", trace.domain)
    own = domain.originals(rows) if hasattr(domain, "originals") else None
    columns = own if own is not None else {name: _originals(rows, name) for name in rows.columns}
    return [
        plain({"request": i + 1, **{name: column[i] for name, column in columns.items()}}) for i in range(len(rows))
    ]


def _originals(trace: Trace, name: str) -> Any:
    column = trace[name]
    if name == "page" and "pages" in trace.tables:
        return np.asarray(trace.tables["pages"])[np.asarray(column)]
    if name == "op":
        return [Operation(code).name.lower() for code in np.asarray(column).tolist()]
    return column


def plain(value: Any) -> Any:
    """The value in Python's own types; what JSON cannot hold (infinity, not a number) as None."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, Interned | Ragged):
        return [plain(value[i]) for i in range(len(value))]
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(part) for part in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if isinstance(value, float) and not math.isfinite(value) else value


def tables(description: dict[str, Any]) -> list[Ranking]:
    """A description for the eye: one table of single values, then its tables and series, one each."""
    facts, others = [], []
    for key, value in description.items():
        if key in ("trace", "domain", "rows", "notices", "sha256"):
            continue
        if isinstance(value, list) and value and isinstance(value[0], dict):
            others.append(rows_table(_words(key), value))
        elif isinstance(value, dict) and "window" in value:
            others.append(_series_table(key, value))
        elif isinstance(value, dict):
            scalars = {sub: part for sub, part in value.items() if not isinstance(part, list)}
            facts += [
                [_words(f"{key} {sub}"), cell(sub, part)] for sub, part in scalars.items() if len(scalars) == len(value)
            ]
        elif value != []:
            facts.append([_words(key), cell(key, value) + (f"  ({_binary(value)})" if key.endswith("bytes") else "")])
    title = f"{description['trace']}: {description['rows']:,} rows of {description['domain']}"
    return [Ranking(title, [("", "left"), ("", "left")], facts, ""), *others]


def head_table(title: str, rows: list[dict[str, Any]]) -> Ranking:
    """First rows as a table; numbers as they are, without rounding."""
    columns = [(_words(key), "left" if isinstance(value, str) else "right") for key, value in rows[0].items()]
    return Ranking(title, columns, [[str(value) for value in row.values()] for row in rows], "")


def rows_table(title: str, rows: list[dict[str, Any]]) -> Ranking:
    """A table of rows with equal keys; a range `from` - `to` becomes one column."""
    keys = list(rows[0])
    columns = [(_words(key), "left" if isinstance(rows[0][key], str) else "right") for key in keys]
    cells = [[cell(key, row[key]) for key in keys] for row in rows]
    if keys[:2] == ["from", "to"]:
        columns[:2] = [("distance", "right")]
        cells = [[a if a == b else f"{a} - {b}", *rest] for a, b, *rest in cells]
    return Ranking(title, columns, cells, "")


def _series_table(key: str, series: dict[str, Any]) -> Ranking:
    """A series in ten parts: of each value the mean over the part's windows and the most; of running totals the last."""
    values = {k: np.array(v, float) for k, v in series.items() if k not in ("window", "first_request", "start_s")}
    n = len(series["first_request"])
    rows = []
    for part in np.array_split(np.arange(n), min(n, PARTS)):
        row: dict[str, Any] = {"from": int(part[0]) + 1, "to": int(part[-1]) + 1}
        for name, value in values.items():
            if name.endswith("so_far"):
                row[name] = int(value[part[-1]])
            else:
                row[f"mean_{name}"] = round(float(value[part].mean()))
                row[f"most_{name}"] = int(value[part].max())
        rows.append(row)
    table = rows_table(f"{_words(key)} in windows of {series['window']}", rows)
    table.columns[0] = ("windows", "right")
    return table


def cell(key: str, value: Any) -> str:
    """A value as text, in the form that its name's ending asks for."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, str) or key == "page":
        return str(value)
    if "share" in key.split("_"):
        return f"{value:.2%}".replace("%", " %")
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4f}" if abs(value) < 1 or key.endswith(("ratio", "alpha", "r2")) else f"{value:,.2f}"


def _binary(n: float) -> str:
    power = next((p for p in range(4) if n < 1024 ** (p + 1)), 4)
    return f"{n / 1024**power:,.{min(power, 1)}f} {('bytes', 'KiB', 'MiB', 'GiB', 'TiB')[power]}"


def _words(key: str) -> str:
    return key.replace("_", " ")
