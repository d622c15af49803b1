"""lns: outcomes of neighbourhoods, as `augsim record bandits/lns` wrote them."""

from __future__ import annotations

import json
import math

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Trace
from traces.source import Source

ENDINGS = (".lns.json",)

COLUMN = "column "

KINDS = {"before": float, "after": float, "delta": float, "work": float, "seconds": float}
"""Columns that are not whole numbers."""

NEEDED = ("instance", "arms", "dropped", "states", "objectives", "first", "opening", "opening_at", "opening_work")

ROWS = ("state", "arm", "draw", "status", "before", "after", "delta", "work", "nodes", "iterations", "seconds", "next")


def read(source: Source) -> Trace:
    """Reads a table of outcomes; see `sim.domains.bandits.lns.recorded` for what is in it.

    Raises:
        InputError: no JSON, or a part is missing or does not fit the others.
    """
    try:
        content = json.loads(source.open().read())
    except ValueError as error:
        raise InputError(f"{source.name} is no JSON file: {error}") from None
    keys = [*NEEDED, *(f"{COLUMN}{name}" for name in ROWS)]
    missing = [key for key in keys if not isinstance(content, dict) or key not in content]
    if missing:
        raise InputError(f'{source.name} is no table of outcomes: it lacks "{missing[0]}"')
    columns, tables = {}, {}
    try:
        for key, value in content.items():
            if key.startswith(COLUMN):
                name = key.removeprefix(COLUMN)
                values = [math.nan if one is None else one for one in value]
                columns[name] = np.array(values, KINDS.get(name, np.int64))
            else:
                is_numbers = key in ("objectives", "opening", "opening_at")
                tables[key] = np.array(value, np.float64) if is_numbers else value
        trace = Trace(source.name, "bandits", columns, tables, {"format": "lns", "notices": ()})
    except (TypeError, ValueError) as error:
        raise InputError(f"{source.name} is no table of outcomes: {error}") from None
    n_states, most = len(tables["states"]), 2**20
    ends = {"state": n_states, "next": n_states, "arm": len(tables["arms"]), "status": 3, "draw": most}
    for name, end in ends.items():
        if not len(trace) or columns[name].min() < 0 or columns[name].max() >= end:
            raise InputError(f"{source.name}: {name} must be from 0 to {end - 1} in every row, and there must be one")
    if not np.all(columns["work"] > 0):
        raise InputError(f"{source.name}: work must be above 0 in every row")
    if len(tables["objectives"]) != n_states or not 0 <= tables["first"] < n_states:
        raise InputError(
            f"{source.name}: each of its {n_states} points needs an objective, and first must be one of them"
        )
    if len(tables["opening"]) != len(tables["opening_at"]):
        raise InputError(f"{source.name}: opening and opening_at must be of one length")
    return trace
