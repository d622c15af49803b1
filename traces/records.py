"""Binary traces: records of a fixed size, from a stream in chunks, and the trace they make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BufferedReader
from typing import Any

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Trace
from traces.intern import Interner
from traces.next_access import Agreement, NextAccess
from traces.requests import Requests
from traces.source import Source

CHUNK = 3 << 19
"""Bytes read at a time; they and the columns made of them stay close to the core."""

LETTERS = {"c": "u1", "b": "i1", "B": "u1", "h": "<i2", "H": "<u2", "i": "<i4", "I": "<u4", "l": "<i4", "L": "<u4"} | {
    "q": "<i8",
    "Q": "<u8",
    "f": "<f4",
    "d": "<f8",
}
"""The letters of module `struct` in their standard sizes, as NumPy types."""

FORMAT_LETTERS = f"{''.join(LETTERS)} (x: padding)"


class Records:
    """The records of one file, as a stream.

    Args:
        source: whose bytes they are.
        layout: a packed structured type; its fields are the record's.
        allow_truncated: drop a last record that is cut short, and say so; otherwise it is an error.
        file: the source, opened already, where a header was read from it.
        begun: bytes of the first records that were read from `file`.
    """

    def __init__(
        self,
        source: Source,
        layout: np.dtype,
        *,
        allow_truncated: bool = False,
        file: BufferedReader | None = None,
        begun: bytes = b"",
    ):
        self.source = source
        self.layout = layout
        self.allow_truncated = allow_truncated
        self.file = file
        self.begun = begun
        self.n_records = 0
        self.n_expected = source.size_bytes // layout.itemsize
        self.notices: list[str] = []

    @property
    def is_repeatable(self) -> bool:
        """Whether the records can be read a second time."""
        return self.file is None and self.source.path is not None and self.source.path.is_file()

    def __iter__(self) -> Iterator[np.ndarray]:
        """Gives the records in order, in arrays that are overwritten by the next one.

        Raises:
            InputError: the bytes end inside a record, or there is none.
        """
        size = self.layout.itemsize
        buffer = np.empty(max(CHUNK // size, 2) * size, np.uint8)
        view, records = buffer.data, buffer.view(self.layout)
        n_begun = len(self.begun)
        self.n_records = 0
        view[:n_begun] = self.begun
        with self.file or self.source.open() as file:
            while n_bytes := n_begun + fill(file, view[n_begun:]):
                n, left_over = divmod(n_bytes, size)
                self.n_records += n
                n_begun = 0
                if n:
                    yield records[:n]
                if left_over:
                    self._cut_short(left_over)
        if not self.n_records:
            raise InputError(f"{self.source.name} has no requests")

    def _cut_short(self, left_over: int) -> None:
        if not self.allow_truncated:
            raise InputError(
                f"{self.source.name}, record {self.n_records + 1}: {left_over} left-over bytes, a record has "
                f"{self.layout.itemsize}; the file is cut short or of another format (allow_truncated=true drops them)"
            )
        self.notices.append(f"dropped {left_over} left-over bytes after record {self.n_records} (allow_truncated)")


def fill(file: BufferedReader, buffer: memoryview) -> int:
    """Reads until the buffer is full or the stream ends; gives the number of bytes."""
    done = 0
    while done < len(buffer) and (n := file.readinto(buffer[done:])):
        done += n
    return done


def read_trace(records: Records, *, check_next: bool = True, skip_zero_size: bool = False, **origin: Any) -> Trace:
    """Reads records whose fields are `id`, perhaps `next_access`, and columns of a paging trace.

    Args:
        records: of the file.
        check_next: hold the field `next_access` against the ids.
        skip_zero_size: drop requests of size 0, and say so.
        origin: what the reader knows of the file, e.g. `format`.
    """
    fields = records.layout.names or ()
    columns = [field for field in fields if field not in ("id", "next_access")]
    requests = Requests(records.source, n_expected=records.n_expected, skip_zero_size=skip_zero_size)
    agreement = Agreement() if records.is_repeatable else NextAccess()
    check_next = check_next and "next_access" in fields
    for chunk in records:
        values = {name: np.ascontiguousarray(chunk[name]) for name in fields}  # what follows is quicker on those
        codes = requests.add(values["id"], **{column: values[column] for column in columns})
        if check_next:
            agreement.see(codes, values["next_access"])
    notices = list(records.notices)
    if check_next and not (isinstance(agreement, Agreement) and agreement):
        notices += _disagreement(records, agreement)
    return requests.trace(notices, **origin)


def _disagreement(records: Records, seen: Agreement | NextAccess) -> list[str]:
    """Looks at the next accesses page by page, reading the records once more where they went by too fast."""
    if isinstance(seen, Agreement):
        seen, interner = NextAccess(), Interner()
        for chunk in records:
            seen.see(interner.codes(chunk["id"]), chunk["next_access"])
    return seen.notices(records.source.name)


def layout(letters: str, columns: Mapping[str, int]) -> np.dtype:
    """The record type of a format string in the manner of module `struct`: little-endian, packed.

    Args:
        letters: e.g. "<IIIHHQQ"; a number repeats the letter after it, x is a byte of padding.
        columns: the fields wanted: name -> position among the letters, counting from 1.

    Raises:
        InputError: an unknown letter, another byte order, a position out of range.
    """
    types, offsets, size = [], [], 0
    for number, letter in re.findall(r"(\d*)(.?)", letters.removeprefix("<"), re.DOTALL)[:-1]:
        if letter not in LETTERS and letter != "x":
            raise InputError(
                f'record format "{letters}" has "{letter}"; expected < and then letters of {FORMAT_LETTERS}'
            )
        for _ in range(int(number or 1)):
            if letter != "x":
                types.append(LETTERS[letter])
                offsets.append(size)
            size += np.dtype(LETTERS.get(letter, "u1")).itemsize
            if size > 1 << 16:
                raise InputError(f'record format "{letters}" describes a record of more than 65,536 bytes')
    for name, column in columns.items():
        if not 1 <= column <= len(types):
            raise InputError(f'{name}: record format "{letters}" has columns 1 to {len(types)}, got {column}')
        if "f" in types[column - 1] and name not in ("time_s", "ttl_s"):
            raise InputError(f'{name}: column {column} of record format "{letters}" is real; expected an integer one')
    return np.dtype(
        {
            "names": list(columns),
            "formats": [types[column - 1] for column in columns.values()],
            "offsets": [offsets[column - 1] for column in columns.values()],
            "itemsize": size,
        }
    )
