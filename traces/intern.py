"""Original ids to dense page numbers, in order of first appearance.

First-seen numbers put popular pages close together, which is worth a factor of two in the speed of a replay.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from sim.core.errors import InputError
from sim.core.memory import touch
from sim.core.modules import kernel

MIX = 0x9E3779B97F4A7C15
"""2**64 over the golden ratio, odd: multiplying by it carries every bit of an id into the high bits."""

MOST = 2**31 - 1
"""Distinct pages: codes that fit int32."""


class Interner:
    """Numbers integer ids as they come, chunk by chunk; exact for all of int64 and all of uint64."""

    def __init__(self):
        self._table = np.zeros(1 << 12, np.uint32)  # open addressing: code + 1 in each slot, 0 where it is free
        self._ids = np.empty(1 << 11, np.uint64)  # by code + 1, so that popular ones lie close together
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
            done, self._n = _intern(keys, done, codes, self._table, self._shift, self._ids, self._n)
            if done == len(keys):
                return codes
            self._grow()

    def labels(self) -> np.ndarray:
        """The original ids by code, shape (n_distinct,): uint64 where any were given as unsigned, else int64."""
        return self._by_code().copy().view(np.uint64 if self._is_unsigned else np.int64)

    def _by_code(self) -> np.ndarray:
        return self._ids[1 : self._n + 1]

    def _keys(self, ids: np.ndarray) -> np.ndarray:
        """The ids as 64 bits; what both signed and unsigned chunks hold has the same bits in each."""
        if ids.dtype.kind == "u":
            if not self._is_unsigned and self._by_code().view(np.int64).min(initial=0) < 0:
                raise InputError(MIXED)
            self._is_unsigned = True
        elif self._is_unsigned and ids.min(initial=0) < 0:
            raise InputError(MIXED)
        return ids.astype(np.uint64 if ids.dtype.kind == "u" else np.int64, copy=False).view(np.uint64)

    @property
    def _shift(self) -> int:
        return 65 - len(self._table).bit_length()

    def _grow(self) -> None:
        if self._n >= MOST:
            raise InputError(f"more than {MOST:,} distinct pages; int32 numbers no more")
        self._table = np.zeros(2 * len(self._table), np.uint32)
        self._ids.resize(2 * len(self._ids), refcheck=False)
        _fill(self._table, self._shift, self._ids, self._n)


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
    """Text as an array: of fixed width, which can be mapped from disk, or of objects where a few long ones would blow it up."""
    width = max(map(len, texts), default=1)
    has_outliers = width * len(texts) > max(1 << 24, 8 * sum(map(len, texts)))
    return np.array(texts, object if has_outliers else f"<U{max(width, 1)}")


MIXED = "negative ids and ids of 2**63 or more in one trace; expected one kind or the other"


FAR, NEAR = 64, 32
"""Ids ahead of the present one whose slot is touched, and the id found there: each some 100 ns before it is looked at."""


@kernel
def _slot(key, shift):
    """Where the search for a key begins: the highest bits of its product, all but `shift` of 64."""
    return ((key ^ (key >> np.uint64(32))) * np.uint64(MIX)) >> shift


@kernel
def _intern(keys, start, codes, table, shift, ids, n):
    """Writes codes[i] for keys[i] from `start` on; stops before a new key when half full. Gives (stopped at, n)."""
    shift = np.uint64(shift)
    last = np.uint64(len(table) - 1)
    most = len(ids) - 1
    for i in range(start, len(keys)):
        if i + FAR < len(keys):
            touch(table, _slot(keys[i + FAR], shift))
            touch(ids, table[_slot(keys[i + NEAR], shift)])
        key = keys[i]
        slot = _slot(key, shift)
        number = table[slot]
        while number != 0 and ids[number] != key:
            slot = (slot + np.uint64(1)) & last
            number = table[slot]
        if number == 0:
            if n == most:
                return i, n
            n += 1
            number = np.uint32(n)
            ids[number] = key
            table[slot] = number
        codes[i] = number - np.uint32(1)
    return len(keys), n


@kernel
def _fill(table, shift, ids, n):
    """Puts all ids into an empty table."""
    shift = np.uint64(shift)
    last = np.uint64(len(table) - 1)
    for number in range(1, n + 1):
        slot = _slot(ids[number], shift)
        while table[slot] != 0:
            slot = (slot + np.uint64(1)) & last
        table[slot] = number
