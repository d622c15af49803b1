"""jobs: a table of jobs between commas, one a line, under a header that names the columns."""

from __future__ import annotations

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Trace
from traces.ids import Ids
from traces.lines import Lines, fields_of, split
from traces.source import Source

ENDINGS = (".jobs.csv",)

DOMAIN = "dispatch"

NAMES = {
    "time": ("time", "arrival", "arrival_time", "time_s", "timestamp", "submit_time"),
    "size": ("size", "work", "service_time", "service", "runtime", "run_time", "duration", "size_bytes"),
    "predicted_size": ("predicted_size", "predicted", "estimate"),
    "client": ("client",),
    "think": ("think", "think_time"),
    "key": ("key", "user", "object", "id"),
}
"""The trace's columns, and the names by which a header may call them, the surest first."""


def read(
    source: Source, *, time_column: str | None = None, size_column: str | None = None, key_column: str | None = None
) -> Trace:
    """Reads jobs; columns of other names are left out, and told in the trace's notices.

    Args:
        source: the file, in UTF-8; it has `time`, or, of a closed system, `client` and `think`.
        time_column, size_column, key_column: the header's name of arrivals, sizes and keys, where it is not one of `NAMES`.

    Returns:
        Columns `size`, `time`, `think`, `predicted_size` (float64), `client` (int64) and `key` (int32) as far as the file has
        them; table `keys`: the keys' original ids. Arrivals must not go backwards.

    Raises:
        InputError: no jobs; no column of sizes; a line with more or fewer fields; a value that is no number of at least 0,
            or no size above it; a time before its predecessor's: file and line are named.
    """
    given = {"time": time_column, "size": size_column, "key": key_column}
    lines = Lines(source)
    keys = Ids("auto")
    found: dict[str, int] = {}
    parts: dict[str, list[np.ndarray]] = {}
    notices: list[str] = []
    latest = -np.inf
    header: list[str] = []
    for chunk in lines.chunks(b","):
        rows = chunk
        if not header:
            header = [name.strip() for name in fields_of(chunk, 0, b",")]
            found = _columns(source, header, given)
            if left := [name for i, name in enumerate(header) if i not in found.values()]:
                notices.append(f"columns left out: {', '.join(left)}")
            parts = {name: [] for name in found}
            rows = chunk[1:]
        fields = split(rows, b",", len(header), found)
        for name in found:
            if name == "key":
                parts[name].append(keys.codes(fields[name]))
                continue
            is_size = name in ("size", "predicted_size")
            if name == "client":
                values = fields[name].naturals()
            else:
                values = fields[name].numbers("a number above 0" if is_size else "a number of at least 0")
            if is_size and len(wrong := np.flatnonzero(values <= 0)):
                raise fields[name].bad(int(wrong[0]), "a number above 0")
            if name == "time" and len(values):
                before = np.concatenate(([latest], values[:-1]))
                if len(wrong := np.flatnonzero(values < before)):
                    i = int(wrong[0])
                    raise fields[name].error(i, f"time goes backwards, from {before[i]:g} to {values[i]:g}")
                latest = float(values[-1])
            parts[name].append(values)
    columns = {
        name: np.concatenate(values).astype({"client": np.int64, "key": np.int32}.get(name, np.float64))
        for name, values in parts.items()
    }
    if not columns or not len(columns["size"]):
        raise InputError(f"{source.name} has no jobs: expected a header and a line for each job")
    tables = {"keys": keys.labels()} if "key" in columns else {}
    return Trace(source.name, "dispatch", columns, tables, {"format": "jobs", "notices": (*notices, *lines.notices)})


def _columns(source: Source, header: list[str], given: dict[str, str | None]) -> dict[str, int]:
    """Where each column of the trace stands in the file."""
    found: dict[str, int] = {}
    lower = [name.lower() for name in header]
    for column, names in NAMES.items():
        wanted = given.get(column)
        if wanted is not None and wanted not in header:
            raise InputError(f'{source.name} has no column "{wanted}" (columns: {", ".join(header)})')
        place = next((lower.index(name) for name in names if name in lower), None)
        place = header.index(wanted) if wanted is not None else place
        if place is not None and place not in found.values():
            found[column] = place
    lacking = "size" if "size" not in found else "" if {"client", "think"} <= set(found) or "time" in found else "time"
    if lacking:
        raise InputError(
            f"{source.name} has no column of {lacking}s (columns: {', '.join(header)}); a header names it {lacking}, or -t "
            f"{lacking}-column=NAME does"
        )
    return found
