"""csv: one request a line, its fields between delimiters, with or without a header."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Trace
from traces.fields import Fields
from traces.ids import Ids
from traces.lines import Lines, split
from traces.requests import Requests
from traces.source import Source
from traces.table import OPERATIONS, delimiter_in_bytes, guessed_delimiter, look

ENDINGS = (".csv", ".tsv")

COLUMNS: dict[str, tuple[str, Callable[[Fields], np.ndarray]]] = {
    "time": ("time_s", Fields.numbers),
    "size": ("size_bytes", Fields.naturals),
    "op": ("op", lambda fields: fields.words(OPERATIONS)),
    "ttl": ("ttl_s", Fields.numbers),
    "tenant": ("tenant", lambda fields: fields.naturals(2**31 - 1)),
}
"""What a table may have beside pages: its column in the trace, and how its fields are read."""


def read(
    source: Source,
    *,
    page_column: str | None = None,
    size_column: str | None = None,
    time_column: str | None = None,
    op_column: str | None = None,
    ttl_column: str | None = None,
    tenant_column: str | None = None,
    delimiter: str | None = None,
    has_header: bool | None = None,
    ids: str = "auto",
    obj_id_is_num: bool | None = None,
    skip_zero_size: bool = False,
) -> Trace:
    """Reads lines of fields; what is guessed is told in the trace's notices.

    Fields may be quoted as in RFC 4180, and then hold delimiters, line ends and doubled quotes. All lines have as many fields
    as the first. Blank lines are left out and counted.

    Args:
        source: the file, in UTF-8.
        page_column: the column of the ids: a number counting from 1, or a name of the header. None: the only column there is,
            or one whose name tells, see `traces.table.NAMES`.
        size_column, time_column, op_column, ttl_column, tenant_column: columns of what else is wanted: bytes (integers),
            seconds, operations by name, seconds to live, integers. None: if no column is given at all, those whose names
            tell; else not wanted.
        delimiter: what stands between fields: one character or more, or a word: tab, space... None: see `guessed_delimiter`.
        has_header: whether the first line names the columns; None: see `look`.
        ids: "number", "text", or "auto", see `Ids`.
        obj_id_is_num: another way to say ids=number (true) or ids=text (false).
        skip_zero_size: drop requests of size 0, and say so.

    Returns:
        A column `page` (int32) and those wanted: `time_s` (int64, or float64 where some are no integers), `size_bytes` (int64),
        `op` (uint8), `ttl_s` (float64), `tenant` (int32); table `pages` (int64, uint64 or text).

    Raises:
        InputError: no request; a column that is not there; a line with more or fewer fields; a value that is not what its
            column should hold.
    """
    options = {
        "page": page_column,
        "size": size_column,
        "time": time_column,
        "op": op_column,
        "ttl": ttl_column,
        "tenant": tenant_column,
    }
    given = {what: column for what, column in options.items() if column is not None}
    interner = Ids(_kind(ids, obj_id_is_num))
    requests = Requests(source, unit="line", interner=interner, skip_zero_size=skip_zero_size)
    lines = Lines(source)
    between = guessed_delimiter(lines.head) if delimiter is None else delimiter_in_bytes(delimiter)
    table = None
    for chunk in lines.chunks(between):
        rows = chunk
        if table is None:
            table = look(chunk[:2], between, given=given, has_header=has_header, is_guessed=delimiter is None)
            rows = chunk[int(table.has_header) :]
        fields = split(rows, between, table.n_columns, table.columns)
        requests.add(
            fields["page"], **{name: take(fields[what]) for what, (name, take) in COLUMNS.items() if what in fields}
        )
    guesses = table.guesses if table else []
    return requests.trace([*guesses, *interner.notices, *lines.notices], format="csv")


def _kind(ids: str, obj_id_is_num: bool | None) -> str:
    """The kind of ids, said in one way or the other."""
    if obj_id_is_num is None:
        return ids
    kind = "number" if obj_id_is_num else "text"
    if ids not in ("auto", kind):
        raise InputError(
            f"options ids={ids} and obj_id_is_num={str(obj_id_is_num).lower()} contradict each other; give one"
        )
    return kind
