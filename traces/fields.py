"""Fields of a text trace: values from their bytes, exact, each bad one an error with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sim.core.errors import InputError
from sim.core.modules import kernel

ZERO, NINE, MINUS, PLUS, POINT = 48, 57, 45, 43, 46
NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
"""A decimal number; Python's float() takes more: "nan", "1_000", digits of other alphabets."""


@dataclass(frozen=True, eq=False)
class Fields:
    """The same field of consecutive lines: field i is `text[starts[i]:ends[i]]` of line `lines[i]`.

    Args:
        source: name of the file.
        what: what the field is called in errors, "size".
        text: bytes, uint8.
        starts, ends, lines: int64, shape (n,); lines count from 1.
    """

    source: str
    what: str
    text: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    lines: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, rows: slice) -> Fields:
        return replace(self, starts=self.starts[rows], ends=self.ends[rows], lines=self.lines[rows])

    def field(self, row: int) -> bytes:
        """The bytes of one field."""
        return self.text[self.starts[row] : self.ends[row]].tobytes()

    def texts(self) -> list[bytes]:
        """The bytes of all fields."""
        data, offset = self._data
        return [data[a:b] for a, b in zip((self.starts - offset).tolist(), (self.ends - offset).tolist(), strict=True)]

    def stripped(self) -> Fields:
        """The fields without the blanks around them."""
        starts, ends = self.starts.copy(), self.ends.copy()
        _strip(self.text, starts, ends)
        return replace(self, starts=starts, ends=ends)

    def naturals(self, limit: int = 2**62) -> np.ndarray:
        """The fields as integers from 0 to limit - 1, int64, blanks around them allowed.

        Raises:
            InputError: one is anything else.
        """
        values = np.empty(len(self), np.int64)
        row = _naturals(self.text, self.starts, self.ends, limit, values)
        if row < len(self):
            digits = self.field(row).strip()
            raise self.bad(row, f"an integer below {limit:,}" if digits.isdigit() else "an integer of at least 0")
        return values

    def numbers(self, expected: str = "a number of at least 0") -> np.ndarray:
        """The fields as numbers of at least 0: int64 where all are integers, else float64, each the nearest one.

        Args:
            expected: what an error says is expected.

        Raises:
            InputError: one is no finite decimal number, or negative.
        """
        integers = np.empty(len(self), np.int64)
        if _naturals(self.text, self.starts, self.ends, 2**63 - 1, integers) == len(self):
            return integers
        values, is_hard = np.empty(len(self)), np.zeros(len(self), np.bool_)
        _decimals(self.text, self.starts, self.ends, values, is_hard)
        for row in np.flatnonzero(is_hard).tolist():
            field = self.field(row).strip()
            values[row] = float(field) if NUMBER.fullmatch(field) else np.nan
        is_good = (values >= 0) & (values < np.inf)
        if not is_good.all():
            raise self.bad(int(is_good.argmin()), expected)
        return values

    def words(self, codes: Mapping[str, int]) -> np.ndarray:
        """The fields as codes of known words, uint8; upper and lower case and blanks around them do not count.

        Args:
            codes: word in lower case, of at most 8 ASCII letters, -> its code.

        Raises:
            InputError: a field is another word; the known ones are listed.
        """
        keys = np.array([int.from_bytes(word.encode(), "big") for word in codes], np.uint64)
        values = np.empty(len(self), np.uint8)
        row = _words(self.text, self.starts, self.ends, keys, np.array([*codes.values()], np.uint8), values)
        if row < len(self):
            raise self.bad(row, f"one of {', '.join(codes)}")
        return values

    def ids(self, known: int, *, is_strict: bool) -> tuple[np.ndarray, int, int]:
        """The fields as integers of 64 bits, as far as they are.

        Args:
            known: what earlier fields tell: -1, there were negative ones; 1, some of 2**63 or more; 0, neither.
            is_strict: take only what the integer would be written as: no blanks, no leading zeros, no "-0".

        Returns:
            The integers, int64, or uint64 where some need it; how many there are before the first field that is none, or
            that no integer type holds together with the others; `known` from now on.
        """
        values = np.empty(len(self), np.uint64)
        row, known = _ids(self.text, self.starts, self.ends, is_strict, known, values)
        return values[:row].view(np.uint64 if known == 1 else np.int64), row, known

    def none_empty(self) -> Fields:
        """These fields.

        Raises:
            InputError: one is empty.
        """
        is_empty = self.starts == self.ends
        if is_empty.any():
            raise self.error(int(is_empty.argmax()), f'column "{self.what}" is empty')
        return self

    def bad(self, row: int, expected: str) -> InputError:
        """The error that a field is not what was expected."""
        if not self.field(row).strip():
            return self.error(row, f'column "{self.what}" is empty; expected {expected}')
        return self.error(row, f"{self.what} is {shown(self.field(row))}; expected {expected}")

    def error(self, row: int, message: str) -> InputError:
        """An error that names the file and the field's line."""
        return InputError(f"{self.source}, line {self.lines[row]}: {message}")

    @cached_property
    def _data(self) -> tuple[bytes, int]:
        """The bytes from the first field to the last, and where they begin."""
        start = int(self.starts[0]) if len(self) else 0
        return self.text[start : int(self.ends[-1]) if len(self) else 0].tobytes(), start


def shown(field: bytes) -> str:
    """A field as it stands in a message: quoted, on one line, shortened."""
    text = field[:160].decode("utf-8", "replace")
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return f'"{text[:40]}..."' if len(text) > 40 else f'"{text}"'


@kernel
def _is_blank(byte):
    return byte == 32 or 9 <= byte <= 13


@kernel
def _strip(text, starts, ends):
    """Moves starts and ends inwards over blanks, in place."""
    for row in range(len(starts)):
        while starts[row] < ends[row] and _is_blank(text[starts[row]]):
            starts[row] += 1
        while starts[row] < ends[row] and _is_blank(text[ends[row] - 1]):
            ends[row] -= 1


@kernel
def _digits(text, start, end):
    """The value of digits that fit 64 bits unsigned, and whether they are that."""
    value = np.uint64(0)
    n_wide = end - start - 18  # 18 digits always fit
    for i in range(start, end):
        if text[i] < ZERO or text[i] > NINE:
            return value, False
        digit = np.uint64(text[i] - ZERO)
        if n_wide > 0 and value > (np.uint64(18446744073709551615) - digit) // np.uint64(10):
            return value, False
        value = value * np.uint64(10) + digit
    return value, end > start


@kernel
def _naturals(text, starts, ends, limit, values):
    """Writes integers from 0 to limit - 1; gives the first row that is none, or the number of rows."""
    for row in range(len(starts)):
        start, end = starts[row], ends[row]
        while start < end and _is_blank(text[start]):
            start += 1
        while start < end and _is_blank(text[end - 1]):
            end -= 1
        value, is_good = _digits(text, start, end)
        if not is_good or value >= np.uint64(limit):
            return row
        values[row] = np.int64(value)
    return len(starts)


@kernel
def _ids(text, starts, ends, is_strict, known, values):
    """Writes integers of 64 bits; gives the first row that is none or fits the others not, and what is known by then."""
    for row in range(len(starts)):
        start, end = starts[row], ends[row]
        while not is_strict and start < end and _is_blank(text[start]):
            start += 1
        while not is_strict and start < end and _is_blank(text[end - 1]):
            end -= 1
        is_negative = start < end and text[start] == MINUS
        if is_negative:
            start += 1
        value, is_good = _digits(text, start, end)
        if is_strict and start < end and text[start] == ZERO and (end - start > 1 or is_negative):
            is_good = False
        sign = 0
        if is_negative and value > 0:
            sign = -1
            is_good = is_good and value <= np.uint64(9223372036854775808)
        elif value >= np.uint64(9223372036854775808):
            sign = 1
        if not is_good or sign * known < 0:
            return row, known
        if sign != 0:
            known = sign
        values[row] = ~value + np.uint64(1) if is_negative else value
    return len(starts), known


@kernel
def _decimals(text, starts, ends, values, is_hard):
    """Writes numbers such as 12 and 0.375 whose digits, without the point, fit 53 bits; marks the others."""
    power = np.array([1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15])
    for row in range(len(starts)):
        value = 0
        n_digits = n_after = 0
        is_after = False
        for i in range(starts[row], ends[row]):
            if text[i] == POINT and not is_after:
                is_after = True
            elif ZERO <= text[i] <= NINE and n_digits < 15:
                value = value * 10 + (text[i] - ZERO)
                n_digits += 1
                n_after += is_after
            else:
                is_hard[row] = True
                break
        is_hard[row] = is_hard[row] or n_digits == 0
        values[row] = value / power[n_after]  # both exact, so the quotient is the nearest number (Clinger 1990)


@kernel
def _words(text, starts, ends, keys, codes, values):
    """Writes the codes of known words, packed into 64-bit keys; gives the first row that is none."""
    for row in range(len(starts)):
        start, end = starts[row], ends[row]
        while start < end and _is_blank(text[start]):
            start += 1
        while start < end and _is_blank(text[end - 1]):
            end -= 1
        key = np.uint64(0)
        for i in range(start, end):
            lower = text[i] + 32 if 65 <= text[i] <= 90 else text[i]
            key = (key << np.uint64(8)) | np.uint64(lower)
        known = 0
        while known < len(keys) and (keys[known] != key or end - start > 8):
            known += 1
        if known == len(keys):
            return row
        values[row] = codes[known]
    return len(starts)
