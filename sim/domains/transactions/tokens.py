"""Transactions as text: r-KEY reads, w-KEY writes, * touches nothing shared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import NONE, Interned, Ragged, Trace
from sim.domains.transactions.operations import PRIVATE, READ, WRITE

KINDS = {"r": READ, "w": WRITE}


def trace_of(
    name: str,
    transactions: Iterable[Sequence[str]],
    *,
    ids: Sequence[str] | None = None,
    types: Sequence[str] | None = None,
    arrival: np.ndarray | None = None,
    rolls_back: np.ndarray | None = None,
    origin: Mapping[str, Any] | None = None,
) -> Trace:
    """Builds a trace from operations as text.

    Args:
        name: what tables and errors call it.
        transactions: each its operations, one token or more: "r-KEY", "w-KEY" or "*". A key is any text but the empty one.
        ids: names of the transactions; None: txn0, txn1 ...
        types: what kind of transaction each is ("new_order"); None: not told.
        arrival: whole units from 1, never decreasing; None: all at 1.
        rolls_back: whether each, once it has done its last operation, takes all back by itself; None: none does.
        origin: see `Trace`.

    Returns:
        Ragged columns `kind` (int8: 0 private, 1 read, 2 write) and `key` (int32, -1 of a private one), `id`, and `type`,
        `arrival` and `rolls_back` where given; the table `keys` holds the texts of the keys, in order of first appearance.

    Raises:
        InputError: a token is none of these, or a transaction is empty; names transaction and place.
    """
    kinds: list[int] = []
    keys: list[int] = []
    offsets = [0]
    labels: dict[str, int] = {}
    for number, tokens in enumerate(transactions):
        for place, token in enumerate(tokens, 1):
            if token == "*":
                kinds.append(PRIVATE)
                keys.append(NONE)
                continue
            kind = KINDS.get(token[:1]) if isinstance(token, str) and token[1:2] == "-" and len(token) > 2 else None
            if kind is None:
                who = f' ("{ids[number]}")' if ids is not None else ""
                raise InputError(
                    f"{name}: operation {place} of transaction {number}{who} is {token!r}; expected r-KEY, w-KEY or *"
                )
            kinds.append(kind)
            keys.append(labels.setdefault(token[2:], len(labels)))
        if len(kinds) == offsets[-1]:
            raise InputError(
                f"{name}: transaction {number} has no operations; expected r-KEY, w-KEY or * at least once"
            )
        offsets.append(len(kinds))
    n = len(offsets) - 1
    bounds = np.array(offsets, np.int64)
    columns: dict[str, Any] = {
        "id": interned([f"txn{i}" for i in range(n)] if ids is None else ids),
        "kind": Ragged(np.array(kinds, np.int8), bounds),
        "key": Ragged(np.array(keys, np.int32), bounds),
    }
    if types is not None:
        columns["type"] = interned(types)
    if arrival is not None:
        columns["arrival"] = np.asarray(arrival)
    if rolls_back is not None:
        columns["rolls_back"] = np.asarray(rolls_back, np.bool_)
    return Trace(name, "transactions", columns, {"keys": np.array(list(labels), object)}, origin or {})


def tokens_of(trace: Trace) -> list[list[str]]:
    """The operations of each transaction as text, as `trace_of` takes them."""
    labels = trace.tables["keys"]
    letters = {READ: "r", WRITE: "w"}
    kinds, keys = trace["kind"], trace["key"]
    return [
        [
            "*" if kind == PRIVATE else f"{letters[kind]}-{labels[key]}"
            for kind, key in zip(kinds[i].tolist(), keys[i].tolist(), strict=True)
        ]
        for i in range(len(trace))
    ]


def interned(texts: Sequence[str]) -> Interned:
    labels: dict[str, int] = {}
    codes = np.array([labels.setdefault(text, len(labels)) for text in texts], np.int32)
    return Interned(codes, np.array(list(labels), object))
