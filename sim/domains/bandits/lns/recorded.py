"""What neighbourhoods gave, as a table: bandits are replayed against it in milliseconds, all against the same outcomes."""

from __future__ import annotations

from typing import Any

from sim.core.structures import Structure
from sim.core.trace import Trace

WAYS = ("tree", "bucket")


def is_table(trace: Trace) -> bool:
    return "next" in trace


def arms(trace: Trace, portfolio: str) -> list[str]:
    raise NotImplementedError


class Recorded(Structure):
    def __init__(self, *args: Any):
        raise NotImplementedError
