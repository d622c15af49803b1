"""How a table in text is laid out: its delimiter, its header, and which column is which, as given or as guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sim.core.errors import InputError
from sim.core.operations import Operation
from traces.fields import NUMBER, Fields, shown
from traces.lines import fields_of

NAMES = {
    "page": (
        "page",
        "page_id",
        "obj_id",
        "object_id",
        "id",
        "obj",
        "object",
        "key",
        "lbn",
        "lba",
        "block",
        "item",
        "url",
    ),
    "time": ("time_s", "time", "timestamp", "clock_time", "ts"),
    "size": ("size_bytes", "size", "obj_size", "object_size", "len", "length", "bytes"),
    "op": ("op", "operation"),
    "ttl": ("ttl_s", "ttl"),
    "tenant": ("tenant", "tenant_id"),
}
"""Names in a header, by what they are guessed to mean, the surest first."""

OPERATIONS = {operation.name.lower(): int(operation) for operation in Operation} | {
    "r": int(Operation.READ),
    "w": int(Operation.WRITE),
}

DELIMITERS = (b",", b"\t", b";", b"|", b" ", b":")
"""Those that are guessed, the surest first; the last two only where each line has equally many."""

SPELLINGS = {"\\t": "\t", "tab": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|", "colon": ":"}
"""Other ways to give a delimiter."""

QUOTED = re.compile(rb'"(?:[^"]|"")*+"')

MOST_SHOWN = 20
"""Columns that an error lists."""

LOOKED_AT = 1 << 16
"""Bytes that a guess of the delimiter looks at."""


@dataclass(frozen=True)
class Table:
    """A layout.

    Args:
        n_columns: fields of each line.
        has_header: whether the first line names the columns.
        columns: what is wanted, by the keys of `NAMES`, -> index of its column, counting from 0.
        guesses: what of this was guessed, in words.
    """

    n_columns: int
    has_header: bool
    columns: dict[str, int]
    guesses: list[str]


def delimiter_in_bytes(given: str) -> bytes:
    """A delimiter as it stands in the file.

    Raises:
        InputError: nothing, or something with a quote or a line end.
    """
    delimiter = SPELLINGS.get(given.lower(), given)
    if not delimiter or any(c in delimiter for c in '"\r\n\0'):
        raise InputError(f"option delimiter must be one character or more, no quote and no line end, got {given!r}")
    return delimiter.encode("utf-8", "surrogateescape")


def guessed_delimiter(head: bytes) -> bytes:
    """The first of `DELIMITERS` that all lines have equally often; else one that the first line has; else a comma.

    Args:
        head: the beginning of the file.
    """
    lines = [line for line in QUOTED.sub(b"", head[:LOOKED_AT]).split(b"\n") if line.strip()]
    if len(head) >= LOOKED_AT and len(lines) > 1:
        lines.pop()  # it is cut
    counts = {d: [line.count(d) for line in lines] or [0] for d in DELIMITERS}
    even = [d for d in DELIMITERS if min(counts[d]) == max(counts[d]) > 0]
    likely = [d for d in DELIMITERS[:-2] if counts[d][0] > 0]
    return (even or likely or [b","])[0]


def look(
    lines: Fields,
    delimiter: bytes,
    *,
    given: Mapping[str, str | int],
    has_header: bool | None = None,
    is_guessed: bool = False,
) -> Table:
    """Looks at the first two lines of a file.

    Args:
        lines: the first ones, one at least.
        delimiter: of fields.
        given: what is wanted, by the keys of `NAMES`, -> the column's number, counting from 1, or its name in the header.
        has_header: None: to be guessed. A first line without numbers is one if it has a name of `NAMES` or one that is given,
            or if the second line has numbers.
        is_guessed: whether the delimiter was guessed.

    Returns:
        The layout: columns that are given; if none is, those whose names are in `NAMES` and whose values in the second line
        fit; and the pages in any case.

    Raises:
        InputError: a column that is given is not there, or it is not known which one holds the pages.
    """
    first = fields_of(lines, 0, delimiter)
    second = fields_of(lines, 1, delimiter) if len(lines) > 1 else []
    guesses = [f"delimiter {shown(delimiter)}"] if is_guessed and len(first) > 1 else []
    if has_header is None:
        has_header = _is_header(first, second, given)
        guesses.append("a header" if has_header else "no header")
    named = ", ".join(
        f"{i} {shown(name.encode('utf-8', 'surrogateescape'))}" for i, name in enumerate(first[:MOST_SHOWN], 1)
    )
    described = f"{lines.source} has {len(first):,} column{'s' * (len(first) != 1)}, in line {lines.lines[0]}: {named}"
    described += (", ..." if len(first) > MOST_SHOWN else "") + (f" (guessed: {', '.join(guesses)})" if guesses else "")

    names = [_plain(name) for name in first] if has_header else []
    columns = {}
    for what, column in given.items():
        index = _index(str(column).strip(), first if has_header else [], len(first))
        if index is None:
            kind = "a number or a name" if has_header else "the number"
            raise InputError(f"{described}; {what}_column must be {kind} of one of these, got {column}")
        columns[what] = index
    for what in NAMES if not given else {"page"} - set(given):
        taken = columns.values()
        known = [names.index(name) for name in NAMES[what] if name in names]
        fitting = [i for i in known if i not in taken and (i >= len(second) or FITS[what](second[i]))]
        if what == "page" and len(first) == 1:
            fitting = [0]
        if fitting:
            columns[what] = fitting[0]
            if len(first) > 1:
                guesses.append(f"{what} in column {fitting[0] + 1} {shown(first[fitting[0]].encode())}")
        elif unfit := [i for i in known if i not in taken and i < len(second)]:
            name, value = (shown(text[unfit[0]].encode("utf-8", "surrogateescape")) for text in (first, second))
            guesses.append(f"no {what} in column {unfit[0] + 1} {name}, where line {lines.lines[1]} has {value}")
        elif what == "page":
            raise InputError(f"{described}; give the page's as page_column, by its number" + " or name" * has_header)
    return Table(len(first), has_header, columns, [f"guessed: {', '.join(guesses)}"] if guesses else [])


def _is_number(text: str) -> bool:
    return NUMBER.fullmatch(text.strip().encode("utf-8", "surrogateescape")) is not None


FITS: dict[str, Callable[[str], bool]] = {
    "page": lambda text: True,
    "time": _is_number,
    "size": lambda text: text.strip().isdecimal(),
    "op": lambda text: text.strip().lower() in OPERATIONS,
    "ttl": _is_number,
    "tenant": lambda text: text.strip().isdecimal(),
}
"""Whether a value may stand in a column that is guessed to mean something."""


def _is_header(first: list[str], second: list[str], given: Mapping[str, str | int]) -> bool:
    if any(_is_number(field) for field in first):
        return False
    wanted = {str(column).strip() for column in given.values()} | {name for names in NAMES.values() for name in names}
    return any(_plain(field) in wanted or field in wanted for field in first) or any(map(_is_number, second))


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _index(column: str, names: list[str], n_columns: int) -> int | None:
    """The index of a column that is given by its number, or by its name; None where there is none, or more than one."""
    if column.isdecimal():
        return int(column) - 1 if 1 <= int(column) <= n_columns else None
    exact = [i for i, name in enumerate(names) if name.strip() == column]
    alike = [i for i, name in enumerate(names) if _plain(name) == _plain(column)]
    found = exact or alike
    return found[0] if len(found) == 1 else None
