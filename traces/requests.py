"""Requests, chunk by chunk, to a paging trace: ids interned, columns in small types, values checked at the door."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from sim.core.errors import InputError
from sim.core.memory import touch
from sim.core.modules import kernel
from sim.core.operations import Operation
from sim.core.trace import Trace
from traces.columns import Growing
from traces.intern import Interner
from traces.source import Source


class Numbering(Protocol):
    """What numbers ids as they come, as an `Interner` does."""

    def codes(self, ids: Any) -> np.ndarray: ...

    def labels(self) -> np.ndarray: ...


WORDS = {"time_s": "time", "size_bytes": "size", "ttl_s": "TTL"}


class Requests:
    """Collects the requests of one file.

    Args:
        source: the file, for its name.
        unit: what one row of it is called in errors: "record" or "line".
        n_expected: how many may come; no more than a hint.
        skip_zero_size: drop requests of size 0, and say so.
        interner: numbers the ids, whatever they are; None: an `Interner`, of integers.
        earliest_s: least time that is accepted, at most 0; -inf where times are relative to the first one.
    """

    def __init__(
        self,
        source: Source,
        *,
        unit: str = "record",
        n_expected: int = 0,
        skip_zero_size: bool = False,
        interner: Numbering | None = None,
        earliest_s: float = 0.0,
    ):
        self.source = source
        self.unit = unit
        self.skip_zero_size = skip_zero_size
        self.interner: Numbering = Interner() if interner is None else interner
        self.earliest_s = earliest_s
        self.n_expected = n_expected
        self.n_rows = 0  # rows seen, kept or not
        self._columns: dict[str, Growing] = {}
        self._n_zero_size = 0
        self._n_backwards = 0
        self._latest = -np.inf
        self._n_unknown_op = 0
        self._n_other_size = 0

    def add(self, ids: Any, **columns: np.ndarray) -> np.ndarray:
        """Takes the next requests.

        Args:
            ids: integers, shape (n,), or what else the interner numbers.
            columns: any of `time_s`, `size_bytes`, `op`, `ttl_s`, `tenant`, shape (n,); the same ones at each call.

        Returns:
            The codes of the ids, int32, shape (n,); of dropped requests too.

        Raises:
            InputError: a negative size or time, a time that is no number; the row is named.
        """
        codes = self.interner.codes(ids)
        kept = {"page": codes, **{name: self._checked(name, values) for name, values in columns.items()}}
        self._count_backwards(kept.get("time_s"))
        if "size_bytes" in kept:
            is_zero = kept["size_bytes"] == 0
            n_zero = int(np.count_nonzero(is_zero))
            self._n_zero_size += n_zero
            if n_zero and self.skip_zero_size:
                kept = {name: values[~is_zero] for name, values in kept.items()}
        self._append(kept)
        self.n_rows += len(codes)
        return codes

    def trace(self, notices: list[str], **origin: Any) -> Trace:
        """Gives the trace of all requests taken.

        Args:
            notices: what the reader has to tell the user.
            origin: what the reader knows of the file, e.g. `format`.

        Raises:
            InputError: there are none.
        """
        n = self._columns["page"].n if self._columns else 0
        if not n:
            raise InputError(f"{self.source.name} has no requests" + (" of a size above 0" if self.n_rows else ""))
        columns = {name: column.array() for name, column in self._columns.items()}
        labels = self.interner.labels()
        if n < self.n_rows:
            dense = Interner()
            columns["page"] = dense.codes(columns["page"])
            labels = labels[dense.labels()]
        if "size_bytes" in columns and columns["size_bytes"].min() < columns["size_bytes"].max():
            first = np.full(len(labels), -1, np.int64)
            self._n_other_size = int(_other_sizes(columns["page"], columns["size_bytes"], first))
        notices = [*notices, *self._notices()]
        return Trace(
            self.source.plain_name or self.source.name,
            "paging",
            columns,
            {"pages": labels},
            {**origin, "file": self.source.name, "notices": tuple(notices)},
        )

    def _checked(self, name: str, values: np.ndarray) -> np.ndarray:
        """The values in the column's type: uint32 where they fit for sure, int64, or float64 for times with fractions."""
        if name == "op":
            return self._known_operations(values)
        if values.dtype.kind == "u" and values.dtype.itemsize <= 4 and name in ("time_s", "size_bytes"):
            return values.astype(np.uint32, copy=False)
        is_real = name == "ttl_s" or (name == "time_s" and values.dtype.kind == "f")
        target = np.dtype(np.float64 if is_real else np.int32 if name == "tenant" else np.int64)
        limit = np.inf if is_real else 2 ** (8 * target.itemsize - 1) - 1
        is_good = (values >= (self.earliest_s if name == "time_s" else 0)) & (values < limit)
        if values.dtype.kind == "f" and not is_real:
            is_good &= values % 1 == 0
        if not is_good.all():
            row = int(is_good.argmin())
            raise InputError(
                f"{self.source.name}, {self.unit} {self.n_rows + row + 1}: {WORDS.get(name, name)} is {values[row]}; "
                f"expected {'a number' if is_real else 'an integer'} of at least 0"
            )
        return values.astype(target)

    def _known_operations(self, values: np.ndarray) -> np.ndarray:
        is_unknown = (values < 0) | (values > max(Operation))
        n_unknown = int(np.count_nonzero(is_unknown))
        self._n_unknown_op += n_unknown
        if n_unknown:
            values = np.where(is_unknown, Operation.NOP, values)
        return values.astype(np.uint8, copy=False)

    def _count_backwards(self, time_s: np.ndarray | None) -> None:
        if time_s is not None and len(time_s):
            self._n_backwards += int(np.count_nonzero(time_s[1:] < time_s[:-1])) + int(time_s[0] < self._latest)
            self._latest = time_s[-1]

    def _append(self, rows: dict[str, np.ndarray]) -> None:
        for name, values in rows.items():
            if name not in self._columns:
                path = self.source.scratch and self.source.scratch / f"{name}.npy"
                self._columns[name] = Growing(values.dtype, path, self.n_expected)
            elif values.dtype.kind == "f" and self._columns[name].dtype.kind != "f":
                self._columns[name].widen(values.dtype)  # times had no fractions until now
            self._columns[name].append(values)

    def _notices(self) -> list[str]:
        found = {
            "{} of size 0" + (" dropped (skip_zero_size)" if self.skip_zero_size else ""): self._n_zero_size,
            "time goes backwards at {}": self._n_backwards,
            "{} of an unknown operation": self._n_unknown_op,
            "{} of another size than at first": self._n_other_size,
        }
        return [text.format(counted(n, "request")) for text, n in found.items() if n]


def counted(n: int, noun: str) -> str:
    """How many there are, in words: "1 request", "13,671 requests"."""
    return f"{n:,} {noun}" + "s" * (n != 1)


AHEAD = 32
"""Requests ahead of the present one whose page is touched."""


@kernel
def _other_sizes(pages, sizes, first):
    """Requests whose size is not that of their page's first request; `first`, all -1, is overwritten."""
    n = 0
    for i in range(len(pages)):
        if i + AHEAD < len(pages):
            touch(first, pages[i + AHEAD])
        if first[pages[i]] < 0:
            first[pages[i]] = sizes[i]
        n += first[pages[i]] != sizes[i]
    return n
