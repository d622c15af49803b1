"""oracleGeneral: 24 bytes a request, as libCacheSim reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import NEVER, Trace
from traces.readers.oracle_general import ENDINGS, LAYOUT
from traces.sink import CHUNK, chunks, page_ids, whole

__all__ = ["ENDINGS", "write"]

HELD = ("page", "time_s", "size_bytes")


def write(trace: Trace, path: Path) -> list[str]:
    """Writes time, page id, size and next access of each request, see `LAYOUT` of the reader.

    The next access is the index of the page's next request, counting from 1, or -1. It is computed from the requests that
    are written. Times are cut to whole seconds.

    Returns:
        What the file lacks: columns, fractions of seconds.

    Raises:
        InputError: ids that are no integers of at least 0, times or sizes outside 0..2**32-1.
    """
    from sim.domains.paging.truth import next_use

    ids = trace.tables.get("pages", np.zeros(0, np.int64))
    if ids.dtype.kind not in "iu" or (len(ids) and ids.min() < 0):
        raise InputError(
            f"trace {trace.name} has page ids that oracleGeneral cannot hold (integers from 0 to 2**64-1); write a .csv"
        )
    has_fractions = False
    upcoming = next_use(trace)
    with whole(path) as file:
        for number, rows in enumerate(chunks(trace)):
            start = number * CHUNK
            records = np.zeros(len(rows), LAYOUT)
            records["id"] = page_ids(rows)
            if "time_s" in rows:
                time_s = np.asarray(rows["time_s"])
                has_fractions |= bool((time_s % 1 != 0).any())
                records["time_s"] = _fitting(np.floor(time_s), "time_s", "s", start)
            records["size_bytes"] = (
                _fitting(np.asarray(rows["size_bytes"]), "size_bytes", "bytes", start) if "size_bytes" in rows else 1
            )
            following = upcoming[start : start + len(rows)]
            records["next_access"] = np.where(following == NEVER, -1, following + 1)
            file.write(records.tobytes())
    lacking = [f"oracleGeneral has no place for the column {name}" for name in trace.columns if name not in HELD]
    if has_fractions:
        lacking.append("oracleGeneral has whole seconds only: times are rounded down")
    return lacking


def _fitting(values: np.ndarray, name: str, unit: str, start: int) -> np.ndarray:
    """The values of the column, which all fit 32 bits; `start` is the number of the first row."""
    is_held = (values >= 0) & (values < 2**32)  # not so for NaN
    if not is_held.all():
        row = int(is_held.argmin())
        raise InputError(
            f"request {start + row + 1}: {name} is {values[row]}; oracleGeneral holds 0 to {2**32 - 1} {unit}"
        )
    return values
