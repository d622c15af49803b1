"""What transactions do, as far as it matters to each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.core.errors import InputError
from sim.core.structures import Structure
from sim.core.trace import Ragged, Trace

PRIVATE, READ, WRITE = 0, 1, 2
"""Kinds of operations, as the column `kind` has them; a private one touches nothing shared."""

FAR = 2**40
"""Beyond any time: its negative stands for "never yet"."""


class Operations(Structure):
    """The operations of all transactions, one record for each shared key that a transaction touches.

    Records offsets[t] to offsets[t + 1] - 1 belong to transaction t. Places count from 1; a key that no other transaction
    touches, or that nobody writes, has no records: nobody ever waits for it. With `is_held` every key that a transaction touches
    is occupied until it ends.

    Attributes:
        n: number of transactions.
        n_keys: number of keys that have records, numbered from 0.
        length: operations of each transaction, private ones included.
        reads, writes: of each transaction, operations of these kinds.
        labels: the number in the trace of each key that has records.
        key: of each record.
        first_read, first_write: place of the first one in the transaction; FAR: it has none.
        last_access, last_write: place of the last one; -FAR: it has none.
    """

    def __init__(self, trace: Trace, *, is_held: bool = False):
        kinds, keys = columns(trace)
        offsets = np.asarray(kinds.offsets, np.int64)
        self.n = len(trace)
        self.length = np.diff(offsets)
        owner = np.repeat(np.arange(self.n), self.length)
        place = np.arange(len(owner)) - np.repeat(offsets[:-1], self.length) + 1
        kind, key = np.asarray(kinds.values), np.asarray(keys.values, np.int64)
        self.reads = np.bincount(owner[kind == READ], minlength=self.n)
        self.writes = np.bincount(owner[kind == WRITE], minlength=self.n)
        touched = kind != PRIVATE
        owner, place, kind, key = owner[touched], place[touched], kind[touched], key[touched]
        n_labels = int(key.max()) + 1 if len(key) else 0
        pairs, record = np.unique(owner * max(n_labels, 1) + key, return_inverse=True)
        of_key = pairs % max(n_labels, 1)
        is_written = np.zeros(n_labels, np.bool_)
        is_written[key[kind == WRITE]] = True
        shared = np.flatnonzero(is_written & (np.bincount(of_key, minlength=n_labels) > 1))
        number = np.full(n_labels, -1, np.int64)
        number[shared] = np.arange(len(shared))
        self.n_keys = len(shared)
        self.labels = shared
        fields = {name: np.full(len(pairs), empty) for name, empty in EMPTY.items()}
        for name, chosen in (("read", kind == READ), ("write", kind == WRITE), ("access", kind != PRIVATE)):
            if name != "access":
                np.minimum.at(fields[f"first_{name}"], record[chosen], place[chosen])
            if name != "read":
                np.maximum.at(fields[f"last_{name}"], record[chosen], place[chosen])
        kept = number[of_key] >= 0
        self.key = number[of_key[kept]]
        self.first_read, self.first_write, self.last_access, self.last_write = (fields[f][kept] for f in EMPTY)
        counts = np.bincount(pairs[kept] // max(n_labels, 1), minlength=self.n)
        self.offsets = np.concatenate(([0], np.cumsum(counts)))
        if is_held:
            length = np.repeat(self.length, counts)
            self.last_access = length.copy()
            self.last_write = np.where(self.last_write > 0, length, -FAR)


EMPTY = {"first_read": FAR, "first_write": FAR, "last_access": -FAR, "last_write": -FAR}
"""Places of what a record lacks."""


LATEST = 10**9
"""The latest arrival: from there a schedule stays below `FAR` by far."""


def columns(trace: Trace) -> tuple[Ragged, Ragged]:
    """The columns `kind` and `key`, checked.

    Raises:
        InputError: the trace is of another domain, they are missing or do not fit; a transaction has no operation.
    """
    if trace.domain != "transactions":
        raise InputError(f"trace {trace.name} is one of {trace.domain}; transactions are read from NAME.json")
    kinds, keys = trace["kind"], trace["key"]
    if not (isinstance(kinds, Ragged) and isinstance(keys, Ragged)):
        raise InputError(f"trace {trace.name}: kind and key must be ragged columns, one value for each operation")
    if not np.array_equal(kinds.offsets, keys.offsets):
        raise InputError(f"trace {trace.name}: kind and key differ in length")
    if len(kinds.values) and not 0 <= int(kinds.values.min()) <= int(kinds.values.max()) <= WRITE:
        raise InputError(f"trace {trace.name}: a kind of operation must be 0 (private), 1 (read) or 2 (write)")
    empty = np.flatnonzero(np.diff(kinds.offsets) == 0)
    if len(empty):
        raise InputError(f"trace {trace.name}: transaction {empty[0]} has no operations")
    return kinds, keys


def rollbacks(trace: Trace) -> np.ndarray:
    """Whether each transaction takes all back by itself after its last operation, int64; 0 where the trace does not say."""
    if "rolls_back" not in trace:
        return np.zeros(len(trace), np.int64)
    return np.asarray(trace["rolls_back"], np.bool_).astype(np.int64)


def arrivals(trace: Trace) -> np.ndarray:
    """When each transaction arrives, int64, at least 1; 1 where the trace does not say.

    Raises:
        InputError: a time below 1 or above `LATEST`, or before its predecessor's.
    """
    if "arrival" not in trace:
        return np.ones(len(trace), np.int64)
    arrival: Any = np.asarray(trace["arrival"])
    if arrival.dtype.kind not in "iu":
        raise InputError(f"trace {trace.name}: arrival must be in whole units of time, got {arrival.dtype}")
    if len(arrival) and arrival[0] < 1:
        raise InputError(f"trace {trace.name}: arrival of transaction 0 is {arrival[0]}; expected at least 1")
    wrong = np.flatnonzero(np.diff(arrival) < 0)
    if len(wrong):
        i = int(wrong[0]) + 1
        raise InputError(
            f"trace {trace.name}: arrival goes back at transaction {i}, from {arrival[i - 1]} to {arrival[i]}; "
            "sort the transactions by arrival"
        )
    if len(arrival) and arrival[-1] > LATEST:
        i = int(np.argmax(arrival > LATEST))
        raise InputError(f"trace {trace.name}: arrival of transaction {i} is {arrival[i]}; expected at most {LATEST:,}")
    return arrival.astype(np.int64)
