"""A candidate whose compiled loop runs in a second jail, where the trace is, while its Python ran in the first, where it is not.

The first process runs `begin` and sends the state it made, as numbers. The second loads the file (constants and definitions only,
which the allow-list has seen to), takes the state and plays the trace by machine code: bounds are checked, and it has no name for
anything but what the rules hand to a policy. Its decisions come back as columns; here the system replays them.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.adrs.candidate import Status
from sim.adrs.sandbox import Ended, Jail
from sim.core.policy import Policy
from sim.core.result import Decisions
from sim.core.seeds import stream
from sim.core.trace import Trace

State = tuple[Any, list[np.ndarray]]
"""A document and its arrays, see `states.py`."""


def begun(asking: Policy, jail: Jail, system: Any, trace: Trace, seed: int) -> State:
    """Begins a run with the candidate in its first jail; gives the state it made."""
    system.begin(trace, asking, stream(seed, "policy", trace.name), record=False)
    return jail.exchange(["state"])


class Player:
    """The second jail.

    Args:
        jail: with the candidate's file in its room, which is loaded after the traces are there.
        domain: one word.
        prepared: systems with their traces.
    """

    def __init__(self, jail: Jail, domain: str, prepared: Sequence[tuple[Any, Trace]]):
        self.jail = jail
        jail.order(
            ["hold"], [np.frombuffer(pickle.dumps([(system, _plain(trace)) for system, trace in prepared]), np.uint8)]
        )
        jail.order(["load", domain])

    def play(self, number: int, state: State) -> Decisions:
        """The decisions of a candidate that has begun, on one of the traces."""
        document, arrays = state
        _, found = self.jail.exchange(["play", number, document], arrays)
        if (
            len(found) != 3
            or len({part.shape for part in found}) != 1
            or any(part.dtype.kind not in "iu" for part in found)
        ):
            raise Ended(Status.ILLEGAL, "something wrote to the result channel: decisions of unknown form")
        row, kind, subject = found
        return Decisions(row.astype(np.int64), kind.astype(np.uint8), subject.astype(np.int64))


def _plain(trace: Trace) -> tuple[Any, ...]:
    """The arguments of a trace as they can be sent."""
    about = {name: dict(told) for name, told in trace.about.items()}
    return trace.name, trace.domain, dict(trace.columns), dict(trace.tables), {}, about


def check(log: Decisions, n_rows: int) -> None:
    """Refuses a log that no run writes: rows out of order or beyond the trace.

    Raises:
        Ended: it is one.
    """
    row = log.row
    if len(row) and (row[0] < 0 or row[-1] >= n_rows or np.any(np.diff(row) < 0)):
        raise Ended(Status.ILLEGAL, f"its decisions are not in the order of the {n_rows} rows")
