"""twitter: the requests of Twitter's cache clusters, as published, in lines."""

from __future__ import annotations

import numpy as np

from sim.core.modules import kernel
from sim.core.operations import Operation
from sim.core.trace import Trace
from traces.fields import Fields
from traces.ids import Ids
from traces.lines import Lines
from traces.requests import Requests
from traces.source import Source

ENDINGS = (".twitter", ".twitter.csv")

FIELDS = ("time", "key", "key size", "value size", "client", "operation", "TTL")

OPERATIONS = {
    operation.name.lower(): int(operation) for operation in Operation if Operation.GET <= operation <= Operation.DECR
}

COMMA = 44


def read(source: Source, *, ids: str = "text", skip_zero_size: bool = False) -> Trace:
    """Reads lines of `FIELDS`, without a header; blank lines are left out and counted.

    The key is all between the first comma and the last five, so it may hold commas, and quotes are nothing special.

    Args:
        source: the file, in UTF-8.
        ids: what keys are: "text", "number", or "auto", see `Ids`.
        skip_zero_size: drop requests of size 0, and say so.

    Returns:
        Columns `page` (int32), `time_s` (int64, or float64 where some are no integers), `size_bytes` (int64, key and value
        together), `tenant` (int32, the client), `op` (uint8), `ttl_s` (float64, 0 for none); table `pages` (text, or what
        `ids` says).

    Raises:
        InputError: no request; a line with fewer fields; a value that is not what its field should hold.

    Reference: Yang, Yue and Rashmi, "A Large Scale Analysis of Hundreds of In-memory Cache Clusters at Twitter", OSDI 2020.
    """
    interner = Ids(ids)
    requests = Requests(source, unit="line", interner=interner, skip_zero_size=skip_zero_size)
    lines = Lines(source)
    for chunk in lines.chunks():
        fields = _split(chunk)
        requests.add(
            fields["key"],
            time_s=fields["time"].numbers(),
            size_bytes=fields["key size"].naturals() + fields["value size"].naturals(),
            tenant=fields["client"].naturals(2**31 - 1),
            op=fields["operation"].words(OPERATIONS),
            ttl_s=fields["TTL"].numbers(),
        )
    return requests.trace([*interner.notices, *lines.notices], format="twitter")


def _split(lines: Fields) -> dict[str, Fields]:
    starts, ends = np.empty((2, len(FIELDS), len(lines)), np.int64)
    row = _split_lines(lines.text, lines.starts, lines.ends, starts, ends)
    if row < len(lines):
        n_commas = lines.field(row).count(b",")
        expected = f"expected {len(FIELDS)}: {', '.join(FIELDS)}"
        raise lines.error(row, f"{n_commas + 1} field{'s' * (n_commas > 0)} between commas; {expected}")
    return {
        what: Fields(lines.source, what, lines.text, starts[i], ends[i], lines.lines) for i, what in enumerate(FIELDS)
    }


@kernel
def _split_lines(text, starts, ends, field_starts, field_ends):
    """Marks the fields of each line; gives the first line that has fewer, or the number of lines."""
    n_fields = len(field_starts)
    for row in range(len(starts)):
        start = end = ends[row]
        for field in range(n_fields - 1, 1, -1):  # those behind the key, from the last one on
            while start > starts[row] and text[start - 1] != COMMA:
                start -= 1
            if start == starts[row]:
                return row
            field_starts[field, row], field_ends[field, row] = start, end
            start -= 1
            end = start
        first = starts[row]
        while first < end and text[first] != COMMA:
            first += 1
        if first == end:
            return row
        field_starts[0, row], field_ends[0, row] = starts[row], first
        field_starts[1, row], field_ends[1, row] = first + 1, end
    return len(starts)
