"""Original ids to dense page numbers, in order of first appearance.

First-seen numbers put popular pages close together, which is worth a factor of two in the speed of a replay.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from sim.core.errors import InputError
from sim.core.modules import kernel

MIX = 0x9E3779B97F4A7C15
"""2**64 over the golden ratio, odd: multiplying by it carries every bit of an id into the high bits."""


class Interner:
    """Numbers integer ids as they come, chunk by chunk; exact for all of int64 and all of uint64."""

    def __init__(self):
        self._codes = np.full(1 << 12, -1, np.int32)  # open addressing: the code of the id in each slot, -1 free
        self._ids = np.empty(1 << 11, np.uint64)  # by code; as long as the table may be full
        self._n = 0
        self._is_unsigned = False

    def __len__(self) -> int:
        return self._n

    def codes(self, ids: np.ndarray) -> np.ndarray:
        """Numbers the next ids.

        Args:
            ids: integers, shape (n,).

        Returns:
            int32, shape (n,): equal ids have equal codes, over all calls; a new id has the next code, from 0 on.

        Raises:
            InputError: negative ids and ids of 2**63 or more in one trace; no integer type holds both.
        """
        keys = self._keys(ids)
        codes = np.empty(len(keys), np.int32)
        done = 0
        while True:
            done, self._n = _intern(keys, done, codes, self._codes, self._ids, self._n)
            if done == len(keys):
                return codes
            self._grow()

    def labels(self) -> np.ndarray:
        """The original ids by code, shape (n_distinct,): uint64 where any were given as unsigned, else int64."""
        return self._ids[: self._n].view(np.uint64 if self._is_unsigned else np.int64).copy()

    def _keys(self, ids: np.ndarray) -> np.ndarray:
        """The ids as 64 bits; what both signed and unsigned chunks hold has the same bits in each."""
        if ids.dtype.kind == "u":
            if not self._is_unsigned and self._ids[: self._n].view(np.int64).min(initial=0) < 0:
                raise InputError(MIXED)
            self._is_unsigned = True
        elif self._is_unsigned and ids.min(initial=0) < 0:
            raise InputError(MIXED)
        return np.ascontiguousarray(ids, np.uint64 if ids.dtype.kind == "u" else np.int64).view(np.uint64)

    def _grow(self) -> None:
        if len(self._codes) >= 1 << 32:
            raise InputError("more than 2**31 distinct pages; no trace may have as many")
        self._codes = np.full(4 * len(self._codes), -1, np.int32)
        self._ids = np.concatenate([self._ids, np.empty(3 * len(self._ids), np.uint64)])
        _fill(self._ids, self._n, self._codes)


class TextInterner:
    """Numbers ids that are text as they come, chunk by chunk: all `str`, or all `bytes` in UTF-8."""

    def __init__(self):
        self._codes = _NextCode()

    def __len__(self) -> int:
        return len(self._codes)

    def codes(self, ids: Collection[str] | Collection[bytes]) -> np.ndarray:
        """Numbers the next ids; gives int32, shape (n,), equal ids with equal codes over all calls, dense from 0."""
        return np.fromiter(map(self._codes.__getitem__, ids), np.int32, len(ids))

    def labels(self) -> np.ndarray:
        """The original ids by code, shape (n_distinct,), as text; bytes that are no UTF-8 are kept as surrogates."""
        return text_array([i.decode("utf-8", "surrogateescape") if isinstance(i, bytes) else i for i in self._codes])


class _NextCode(dict):
    def __missing__(self, key: str | bytes) -> int:
        code = self[key] = len(self)
        return code


def text_array(texts: list[str]) -> np.ndarray:
    """Text as an array: of fixed width, which can be mapped from disk, unless a few long ones would blow it up."""
    width = max(map(len, texts), default=1)
    has_outliers = width * len(texts) > max(1 << 24, 8 * sum(map(len, texts)))
    return np.array(texts, np.dtypes.StringDType() if has_outliers else f"<U{max(width, 1)}")


MIXED = "negative ids and ids of 2**63 or more in one trace; expected one kind or the other"


@kernel
def _slot(key, table):
    """Where the search for a key begins: the high bits of its product."""
    return int(((key ^ (key >> np.uint64(32))) * np.uint64(MIX)) >> np.uint64(33)) & (len(table) - 1)


@kernel
def _intern(keys, start, codes, table, ids, n):
    """Writes codes[i] for keys[i] from `start` on; stops before a new key where `ids` is full. Gives (stopped at, n)."""
    for i in range(start, len(keys)):
        key = keys[i]
        slot = _slot(key, table)
        code = table[slot]
        while code >= 0 and ids[code] != key:
            slot = (slot + 1) & (len(table) - 1)
            code = table[slot]
        if code < 0:
            if n == len(ids):
                return i, n
            code = n
            ids[code] = key
            table[slot] = code
            n += 1
        codes[i] = code
    return len(keys), n


@kernel
def _fill(ids, n, table):
    """Puts the codes 0 to n - 1 into an empty table."""
    for code in range(n):
        slot = _slot(ids[code], table)
        while table[slot] >= 0:
            slot = (slot + 1) & (len(table) - 1)
        table[slot] = code
