"""Solvers behind one small interface: a module per solver with a function

    solve(model, limits, *, start=None, seed=0, follow=False) -> Solved
    relax(model, limits) -> Solved

`solve` looks for the best point of a mixed-integer program, `relax` solves the program without integrality. What a solve costs is
its work: simplex iterations + `NODE_WORK` per node + 1, the same again for equal arguments. A solver that is not installed raises
MissingDependency.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from dataclasses import dataclass, field
from types import ModuleType

import numpy as np

from sim.core.errors import UnknownName

NODE_WORK = 10
"""Simplex iterations that a node of the search tree counts as."""

OPTIMAL, STOPPED, INFEASIBLE, UNBOUNDED, BROKEN = "optimal", "stopped", "infeasible", "unbounded", "broken"
"""How a solve ended: proven, at a limit, without any point, without end, in an error of the solver."""


@dataclass(frozen=True)
class Limits:
    """When a solve stops.

    Args:
        nodes: of the search tree; None: no limit.
        work: beyond which it is stopped as soon as that is noticed.
        points: feasible points found, each better than the one before; None: no limit.
        seconds: of wall clock: a safety only, since a solve that it stops cannot be repeated.
    """

    nodes: int | None = None
    work: float = math.inf
    points: int | None = None
    seconds: float = math.inf


@dataclass(frozen=True, eq=False)
class Solved:
    """What a solve gave; points are as the solver had them, unchecked.

    Args:
        status: one of those above.
        x: the best point, shape (n,); None without.
        nodes, iterations: what it took.
        points: where asked for, each improving point after the work at which it was noticed and the seconds since the beginning.
        is_late: the wall clock stopped it.
    """

    status: str
    x: np.ndarray | None
    nodes: int
    iterations: int
    points: list[tuple[float, float, np.ndarray]] = field(default_factory=list)
    is_late: bool = False

    @property
    def work(self) -> float:
        return self.iterations + NODE_WORK * self.nodes + 1.0


def names() -> list[str]:
    return sorted(found.name for found in pkgutil.iter_modules(__path__))


def find(name: str) -> ModuleType:
    """A solver by its name.

    Raises:
        UnknownName: there is none of this name.
    """
    if name not in names():
        raise UnknownName(f'no solver named "{name}" (solvers: {", ".join(names())})')
    return importlib.import_module(f"sim.domains.bandits.lns.solvers.{name}")
