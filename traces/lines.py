"""Text traces: the lines of a stream, chunk by chunk, and the fields of a line, as places in the bytes read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np

from sim.core.errors import InputError
from sim.core.modules import kernel
from traces.fields import Fields
from traces.records import fill
from traces.requests import counted
from traces.source import Source

CHUNK = 1 << 20
"""Bytes read at a time; they and the columns made of them stay close to the core."""

LONGEST = 1 << 24
"""Bytes of one line; a longer one is no line of a trace."""

LF, CR, QUOTE = 10, 13, 34
BROKEN_LINE, OPEN_QUOTE = 1, 2


class Lines:
    """The lines of one file, blank ones left out and counted.

    Lines end with LF or CR LF, the last one perhaps with nothing; a byte-order mark is skipped.

    Args:
        source: whose bytes they are; it is opened, and its first chunk read, at once.

    Raises:
        InputError: the source cannot be opened, or is UTF-16.
    """

    def __init__(self, source: Source):
        self.source = source
        self.n_blank = 0
        self._file = source.open()
        self._buffer = np.empty(CHUNK, np.uint8)
        self._n = fill(self._file, self._buffer.data)
        start = self._buffer[: min(self._n, 3)].tobytes()
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise InputError(f"{source.name} is text in UTF-16; expected UTF-8")
        self._start = 3 if start == b"\xef\xbb\xbf" else 0

    @property
    def head(self) -> bytes:
        """The first bytes, `CHUNK` at most; to be looked at before `chunks` is called."""
        return self._buffer[self._start : self._n].tobytes()

    @property
    def notices(self) -> list[str]:
        """What to tell the user of the lines seen so far."""
        return [counted(self.n_blank, "blank line")] if self.n_blank else []

    def chunks(self, delimiter: bytes = b"") -> Iterator[Fields]:
        """Gives the lines that are not blank, in order, without their ends; each chunk is overwritten by the next one.

        Args:
            delimiter: of fields that may be quoted, so that a quoted field can hold line ends; empty: no quotes.

        Raises:
            InputError: a NUL byte, a CR without LF, a quote that is not closed, a line of more than `LONGEST` bytes.
        """
        buffer, n, start, line = self._buffer, self._n, self._start, 1
        n_checked = start
        between = np.frombuffer(delimiter, np.uint8)
        places, numbers = np.empty((2, 0), np.int64), np.empty(0, np.int64)
        with self._file as file:
            while True:
                self._refuse_nul(buffer, start, n_checked, n, line)
                is_end = n < len(buffer)
                has_quotes = delimiter and (buffer[start:n] == QUOTE).any()
                n_most = len(buffer) // 2 + 1  # a line that is not blank has a byte and, but for the last, an end
                if len(numbers) < n_most:
                    numbers, places = np.empty(n_most, np.int64), np.empty((2, n_most), np.int64)
                found, start, line, n_blank, fault = _lines(
                    buffer, start, n, is_end, between if has_quotes else between[:0], places, numbers, line
                )
                self.n_blank += n_blank
                if found:
                    starts, ends = places[:, :found]
                    yield Fields(self.source.name, "line", buffer, starts, ends, numbers[:found])
                if fault:
                    raise InputError(f"{self.source.name}, line {line}: {FAULTS[fault]}")
                if is_end:
                    return
                rest = n - start
                if rest > len(buffer) // 2:
                    buffer = self._larger(buffer, line)
                buffer[:rest] = buffer[start:n].copy()
                start, n_checked, n = 0, rest, rest + fill(file, buffer[rest:].data)

    def _refuse_nul(self, buffer: np.ndarray, start: int, n_checked: int, n: int, line: int) -> None:
        is_nul = buffer[n_checked:n] == 0
        if is_nul.any():
            line += int(np.count_nonzero(buffer[start : n_checked + int(is_nul.argmax())] == LF))
            raise InputError(f"{self.source.name}, line {line}: a NUL byte; expected a trace in text, in UTF-8")

    def _larger(self, buffer: np.ndarray, line: int) -> np.ndarray:
        if len(buffer) > LONGEST:
            raise InputError(
                f"{self.source.name}, line {line}: longer than {LONGEST:,} bytes; "
                "the file is no text trace, or a quote is not closed"
            )
        larger = np.empty(2 * len(buffer), np.uint8)
        larger[: len(buffer)] = buffer
        return larger


FAULTS = {
    BROKEN_LINE: "a carriage return without a line feed; expected lines that end with LF or CR LF",
    OPEN_QUOTE: "a quote opens and is not closed",
}
STRAY_QUOTE = "text follows a closing quote; a quote within quotes must be doubled"


def split(lines: Fields, delimiter: bytes, n_columns: int, wanted: Mapping[str, int]) -> dict[str, Fields]:
    """Splits lines at a delimiter. Fields in double quotes may hold delimiters, line ends, and quotes doubled (RFC 4180).

    Args:
        lines: their bytes are overwritten where quotes are doubled.
        delimiter: one byte or more.
        n_columns: how many fields each line must have.
        wanted: what fields are called in errors -> index of their column, counting from 0.

    Returns:
        The fields wanted, by the same names, quotes removed.

    Raises:
        InputError: a line has more or fewer fields, or something between a closing quote and the delimiter.
    """
    columns = sorted(set(wanted.values()))
    slots = np.full(n_columns, -1, np.int64)
    slots[columns] = np.arange(len(columns))
    starts, ends = np.empty((2, len(columns), len(lines)), np.int64)
    between = np.frombuffer(delimiter, np.uint8)
    row, n_found = _split(lines.text, lines.starts, lines.ends, between, slots, starts, ends)
    if n_found < 0:
        raise lines.error(row, STRAY_QUOTE)
    if n_found:
        raise lines.error(row, f"{counted(n_found, 'column')}; expected {n_columns:,}")
    return {
        what: Fields(lines.source, what, lines.text, starts[slots[column]], ends[slots[column]], lines.lines)
        for what, column in wanted.items()
    }


def fields_of(lines: Fields, row: int, delimiter: bytes) -> list[str]:
    """All fields of one line, in any number, as text to look at; errors as `split`."""
    line = lines.field(row)
    field = re.compile(rb'(?:"((?:[^"]|"")*+)"|((?!").*?))(' + re.escape(delimiter) + rb"|\Z)", re.DOTALL)
    found, start = [], 0
    while True:
        match = field.match(line, start)
        if match is None:
            raise lines.error(row, STRAY_QUOTE)
        quoted, plain, between = match.groups()
        found.append((plain if quoted is None else quoted.replace(b'""', b'"')).decode("utf-8", "surrogateescape"))
        if not between:
            return found
        start = match.end()


@kernel
def _lines(text, start, n, is_end, delimiter, places, numbers, line):
    """Marks the lines that are not blank. Gives their count, the place and number of the line to go on with, blanks, fault."""
    found = n_blank = 0
    i = start
    while i < n:
        begin, number, may_open = i, line, len(delimiter) > 0
        while i < n and text[i] != LF:
            if may_open and text[i] == QUOTE:
                closing = _closing(text, i, n)
                if closing < 0:
                    return found, begin, number, n_blank, OPEN_QUOTE if is_end else 0
                for j in range(i, closing):
                    line += text[j] == LF
                i = closing + 1
                may_open = False
            elif len(delimiter) > 0 and _is_at(delimiter, text, i, n):
                i += len(delimiter)
                may_open = True
            else:
                if text[i] == CR and i + 1 < n and text[i + 1] != LF:
                    return found, begin, line, n_blank, BROKEN_LINE
                i += 1
                may_open = False
        if i == n and not is_end:
            return found, begin, number, n_blank, 0
        end = i - 1 if i > begin and text[i - 1] == CR else i
        i += 1
        line += 1
        first = begin
        while first < end and (text[first] == 32 or 9 <= text[first] <= 13):
            first += 1
        if first == end:
            n_blank += 1
        else:
            places[0, found] = begin
            places[1, found] = end
            numbers[found] = number
            found += 1
    return found, min(i, n), line, n_blank, 0


@kernel
def _split(text, starts, ends, delimiter, slots, field_starts, field_ends):
    """Marks the fields of columns that have a slot. Gives the first bad line and its number of fields (-1: quotes), or 0."""
    for row in range(len(starts)):
        start, end, column = starts[row], ends[row], 0
        while True:
            stop = _field_end(text, start, end, delimiter)
            if stop < 0:
                return row, -1
            if column < len(slots) and slots[column] >= 0:
                is_quoted = stop > start and text[start] == QUOTE
                field_starts[slots[column], row] = start + 1 if is_quoted else start
                field_ends[slots[column], row] = _unquoted(text, start + 1, stop - 1) if is_quoted else stop
            column += 1
            if stop == end:
                break
            start = stop + len(delimiter)
        if column != len(slots):
            return row, column
    return len(starts), 0


@kernel
def _field_end(text, start, end, delimiter):
    """Where the field that begins at `start` ends; -1: something other than a delimiter follows its closing quote."""
    i = start
    if i < end and text[i] == QUOTE:
        i = _closing(text, i, end) + 1
        return i if i > 0 and (i == end or _is_at(delimiter, text, i, end)) else -1
    while i < end and not _is_at(delimiter, text, i, end):
        i += 1
    return i


@kernel
def _is_at(delimiter, text, i, n):
    """Whether the delimiter stands at place i."""
    if text[i] != delimiter[0] or i + len(delimiter) > n:
        return False
    j = 1
    while j < len(delimiter) and text[i + j] == delimiter[j]:
        j += 1
    return j == len(delimiter)


@kernel
def _closing(text, start, n):
    """The place of the quote that closes the one at `start`; -1: there is none before n."""
    i = start + 1
    while i < n:
        if text[i] == QUOTE:
            if i + 1 == n or text[i + 1] != QUOTE:
                return i
            i += 1
        i += 1
    return -1


@kernel
def _unquoted(text, start, end):
    """Writes each doubled quote once, in place; gives the new end."""
    to = start
    i = start
    while i < end:
        text[to] = text[i]
        i += 2 if text[i] == QUOTE else 1
        to += 1
    return to
