"""lp: a mixed-integer program in the LP format of CPLEX."""

from __future__ import annotations

from sim.core.trace import Trace
from traces.mip import read_model
from traces.source import Source

ENDINGS = (".lp",)


def read(source: Source) -> Trace:
    """Reads a model; see `traces.mip.read_model`. A comment "\\ optimum 678" near the beginning tells the best known."""
    return read_model(source, "lp")
