"""A trace: named columns of equal length, and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from sim.core.errors import InputError

NEVER = 2**62
"""Index of the next request of a page that is not requested again; larger than any index, and sums do not overflow."""

NONE = -1
"""No page, no job, no server: the one integer that names nothing."""


@dataclass(frozen=True, eq=False)
class Ragged:
    """A column whose rows differ in length: row i is `values[offsets[i]:offsets[i + 1]]`.

    Args:
        values: all rows, one after the other, shape (total,).
        offsets: int64, shape (n + 1,), never decreasing, from 0 to total.
    """

    values: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, rows):
        if not isinstance(rows, slice):
            return self.values[self.offsets[rows] : self.offsets[rows + 1]]
        start, stop, step = rows.indices(len(self))
        if step != 1:
            raise ValueError("a ragged column is cut into consecutive rows only")
        stop = max(start, stop)
        first, last = self.offsets[start], self.offsets[stop]
        return Ragged(self.values[first:last], self.offsets[start : stop + 1] - first)


@dataclass(frozen=True, eq=False)
class Interned:
    """A column of text or of arbitrary ids: row i is `labels[codes[i]]`, labels in order of first appearance.

    Args:
        codes: int32, shape (n,), dense from 0.
        labels: the originals, shape (n_distinct,): integers, or text.
    """

    codes: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows):
        if isinstance(rows, slice):
            return Interned(self.codes[rows], self.labels)
        return self.labels[self.codes[rows]]


Column = np.ndarray | Ragged | Interned


def _frozen(mapping: Mapping) -> Mapping:
    return MappingProxyType(dict(mapping))


@dataclass(frozen=True, eq=False)
class Trace:
    """Recorded or invented input: n rows in columns, and side tables for what is not per row.

    Args:
        name: what tables and figures call it.
        domain: the one word of the domain it belongs to.
        columns: name -> column with n rows: an array of shape (n, ...), a `Ragged` or an `Interned`.
        tables: what is not per row (the original ids of the pages, prices of links, a model file).
        origin: where it came from: format, file, SHA-256, options, notices ("13 requests of size 0").
        about: per column, what it was made for (a prediction column remembers predictor and capacity).

    Raises:
        InputError: columns of different lengths.
    """

    name: str
    domain: str
    columns: Mapping[str, Column]
    tables: Mapping[str, Any] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self):
        lengths = {name: len(column) for name, column in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise InputError(f"columns of trace {self.name} differ in length: {lengths}")
        for part in ("columns", "tables", "origin", "about"):
            object.__setattr__(self, part, _frozen(getattr(self, part)))

    def __len__(self) -> int:
        for column in self.columns.values():
            return len(column)
        return 0

    def __contains__(self, column: str) -> bool:
        return column in self.columns

    def __getitem__(self, column: str) -> Column:
        try:
            return self.columns[column]
        except KeyError:
            have = ", ".join(self.columns) or "none"
            raise InputError(f'trace {self.name} has no column "{column}" (columns: {have})') from None

    def with_column(self, name: str, values: Column, **about: Any) -> Trace:
        """Gives a new trace that has this column too (or instead of the one of that name); this one is unchanged."""
        return replace(self, columns={**self.columns, name: values}, about={**self.about, name: _frozen(about)})

    def rows(self, start: int, stop: int) -> Trace:
        """Gives the trace of rows start to stop - 1; side tables are shared."""
        return replace(self, columns={name: column[start:stop] for name, column in self.columns.items()})
