"""transactions: a JSON file of database transactions, each a list of reads and writes."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Trace
from sim.domains.transactions.tokens import trace_of
from traces.source import Source

ENDINGS = (".json",)

SHAPE = '{"transactions": [{"id": "txn0", "ops": ["r-KEY", "w-KEY", "*"]}, ...]} or {"txn0": "r-KEY w-KEY *", ...}'


def read(source: Source) -> Trace:
    """Reads transactions in the order of the file, which is the order of their arrival.

    Two shapes: an object with the list `transactions`, each with `ops` and perhaps `id`, `type`, `arrival` (whole units of time
    from 1) and `rolls_back` (true: it takes all back at its end); or one object that maps a transaction's name to its operations,
    joined by single spaces.

    Args:
        source: the file, in UTF-8.

    Returns:
        The columns and the table of `sim.domains.transactions.tokens.trace_of`.

    Raises:
        InputError: no JSON, another shape, or a token that is no operation; names transaction and place.
    """
    try:
        content = json.loads(source.open().read(), object_pairs_hook=partial(_object, source.name))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{source.name} is no JSON file: {error}") from None
    except RecursionError:
        raise InputError(f"{source.name} nests too deeply; expected {SHAPE}") from None
    origin = {"format": "transactions", "notices": ()}
    if isinstance(content, dict) and isinstance(content.get("transactions"), list):
        return _listed(source.name, content["transactions"], origin)
    if isinstance(content, dict) and all(isinstance(value, str) for value in content.values()):
        tokens = [text.split(" ") if text else [] for text in content.values()]
        return trace_of(source.name, tokens, ids=list(content), origin=origin)
    raise InputError(f"{source.name} holds no transactions; expected {SHAPE}")


def _object(name: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, in which no name may stand twice: the first of two would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1)
        raise InputError(f'{name}: "{twice}" stands twice in one object; give each transaction a name of its own')
    return found


def _listed(name: str, rows: list[Any], origin: dict[str, Any]) -> Trace:
    for i, row in enumerate(rows):
        if not (isinstance(row, dict) and isinstance(row.get("ops"), list)):
            raise InputError(f'{name}: transaction {i} has no list "ops"; expected {SHAPE}')
    arrival = None
    if any("arrival" in row for row in rows):
        times = [row.get("arrival") for row in rows]
        for i, time in enumerate(times):
            if not isinstance(time, int) or isinstance(time, bool):
                raise InputError(f"{name}: arrival of transaction {i} is {time!r}; expected a whole number from 1")
        arrival = np.array(times, np.int64)
    typed = [i for i, row in enumerate(rows) if "type" in row]
    if typed and len(typed) < len(rows):
        i = next(i for i, row in enumerate(rows) if "type" not in row)
        raise InputError(
            f'{name}: transaction {i} has no "type", and transaction {typed[0]} has; give all one, or none'
        )
    for i, row in enumerate(rows):
        if not isinstance(row.get("rolls_back", False), bool):
            raise InputError(f"{name}: rolls_back of transaction {i} is {row['rolls_back']!r}; expected true or false")
    return trace_of(
        name,
        [row["ops"] for row in rows],
        ids=[str(row.get("id", f"txn{i}")) for i, row in enumerate(rows)],
        types=[str(row["type"]) for row in rows] if typed else None,
        arrival=arrival,
        rolls_back=np.array([row.get("rolls_back", False) for row in rows])
        if any("rolls_back" in row for row in rows)
        else None,
        origin=origin,
    )
