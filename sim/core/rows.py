"""The rows of a trace as a loop reads them: one named record at a time, never a future one."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np


class Rows:
    """Serves row after row as a named record; compiled loops read the same fields straight from the columns.

    Args:
        record: name of the record ("Request").
        n: number of rows.
        fields: in order, name -> an array of shape (n,) (the field is its i-th value) or a `Constant`.
    """

    def __init__(self, record: str, n: int, fields: dict[str, Any]):
        self.record = record
        self.n = n
        self.fields = fields
        self._make = namedtuple(record, ["index", *fields])._make  # type: ignore[misc, attr-defined]
        self._start = 0
        self._loaded: list[Any] = []

    def __getitem__(self, index: int) -> Any:
        position = index - self._start
        if position < 0:  # a look back, which leaves the block in place
            return self._records(index, index + 1)[0]
        if position >= len(self._loaded):
            self._start = index
            self._loaded = self._records(index, min(index + BLOCK, self.n))
            position = 0
        return self._loaded[position]

    def _records(self, start: int, stop: int) -> list[Any]:
        """Rows as records of plain Python numbers: a policy never sees an array of the trace."""
        columns = [
            [field.value] * (stop - start) if isinstance(field, Constant) else field[start:stop].tolist()
            for field in self.fields.values()
        ]
        return [self._make(row) for row in zip(range(start, stop), *columns, strict=True)]


BLOCK = 4096
"""Rows that are made into records at a time."""


class Constant:
    """A field that is the same in every row: a number, or an array that the system keeps up to date."""

    def __init__(self, value: int | float | np.ndarray):
        self.value = value
