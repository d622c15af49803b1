"""SCIP, where PySCIPOpt is installed.

Reference: Bolusani et al., "The SCIP Optimization Suite 9.0", 2024; Maher et al., "PySCIPOpt: Mathematical Programming in Python
with the SCIP Optimization Suite", ICMS 2016.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from sim.core.errors import MissingDependency
from sim.domains.bandits.lns.model import Model
from sim.domains.bandits.lns.solvers import (
    BROKEN,
    INFEASIBLE,
    NODE_WORK,
    OPTIMAL,
    STOPPED,
    UNBOUNDED,
    Limits,
    Solved,
    highs,
)

try:
    import pyscipopt
except ImportError as error:
    raise MissingDependency(
        f"the solver scip needs PySCIPOpt, which is not installed: pip install 'augsim[scip]' ({error})"
    ) from None

SEEDS = 2**31 - 1

COUNTING = (pyscipopt.SCIP_STAGE.SOLVING, pyscipopt.SCIP_STAGE.SOLVED)
"""Stages of SCIP in which it counts iterations."""


def solve(
    model: Model, limits: Limits, *, start: np.ndarray | None = None, seed: int = 0, follow: bool = False
) -> Solved:
    """Solves with SCIP on one thread; its work is looked at whenever it has solved an LP or found a point."""
    scip, variables = _loaded(model)
    parameters: dict[str, Any] = {"randomization/randomseedshift": seed % SEEDS, "limits/gap": 0.0}
    if limits.nodes is not None:
        parameters["limits/totalnodes"] = int(limits.nodes)
    if limits.points is not None:
        parameters["limits/bestsol"] = int(limits.points)
    if limits.seconds < math.inf:
        parameters["limits/time"] = float(limits.seconds)
    scip.setParams(parameters)
    if start is not None:
        point = scip.createSol()
        for variable, value in zip(variables, start.tolist(), strict=True):
            scip.setSolVal(point, variable, value)
        scip.addSol(point)
    clock = _Clock(variables, limits.work, follow)
    scip.includeEventhdlr(clock, "work", "stops the solve at its limit of work")
    scip.optimize()
    return _ended(scip, variables, clock, limits)


def relax(model: Model, limits: Limits) -> Solved:
    """Solves the relaxation, with HiGHS: both solvers then work around the same point."""
    return highs.relax(model, limits)


class _Clock(pyscipopt.Eventhdlr):
    """Adds up simplex iterations and nodes while SCIP runs, and stops it beyond the limit."""

    def __init__(self, variables: list[Any], limit: float, follow: bool):
        self.variables = variables
        self.limit = limit
        self.follow = follow
        self.began_s = time.perf_counter()
        self.points: list[tuple[float, float, np.ndarray]] = []

    def eventinit(self):
        for kind in (pyscipopt.SCIP_EVENTTYPE.LPSOLVED, pyscipopt.SCIP_EVENTTYPE.BESTSOLFOUND):
            self.model.catchEvent(kind, self)

    def eventexit(self):
        for kind in (pyscipopt.SCIP_EVENTTYPE.LPSOLVED, pyscipopt.SCIP_EVENTTYPE.BESTSOLFOUND):
            self.model.dropEvent(kind, self)

    def eventexec(self, event):
        work = _iterations(self.model) + NODE_WORK * self.model.getNTotalNodes() + 1.0
        if self.follow and event.getType() == pyscipopt.SCIP_EVENTTYPE.BESTSOLFOUND:
            self.points.append((work, time.perf_counter() - self.began_s, _point(self.model, self.variables)))
        if work > self.limit:
            self.model.interruptSolve()


def _iterations(scip: Any) -> int:
    """Simplex iterations so far; there are none, and SCIP must not be asked, before it solves."""
    return int(scip.getNLPIterations()) if scip.getStage() in COUNTING else 0


def _point(scip: Any, variables: list[Any]) -> np.ndarray:
    best = scip.getBestSol()
    return np.array([scip.getSolVal(best, variable) for variable in variables], np.float64)


def _loaded(model: Model) -> tuple[Any, list[Any]]:
    scip = pyscipopt.Model(model.name)
    scip.hideOutput()
    bounds = [
        [value if math.isfinite(value) else None for value in side.tolist()] for side in (model.lower, model.upper)
    ]
    kinds = ["I" if is_integer else "C" for is_integer in model.is_integer.tolist()]
    variables = [
        scip.addVar(lb=low, ub=high, vtype=kind, obj=cost)
        for low, high, kind, cost in zip(*bounds, kinds, model.cost.tolist(), strict=True)
    ]
    scip.addObjoffset(model.offset)
    starts, index, value = model.starts.tolist(), model.index.tolist(), model.value.tolist()
    for i, (low, high) in enumerate(zip(model.row_lower.tolist(), model.row_upper.tolist(), strict=True)):
        terms = range(starts[i], starts[i + 1])
        if not terms:
            continue
        row = pyscipopt.quicksum(value[k] * variables[index[k]] for k in terms)
        if low == high:
            scip.addCons(row == low)
        else:
            if math.isfinite(low):
                scip.addCons(row >= low)
            if math.isfinite(high):
                scip.addCons(row <= high)
    return scip, variables


def _ended(scip: Any, variables: list[Any], clock: _Clock, limits: Limits) -> Solved:
    status = scip.getStatus()
    ended = {
        "optimal": OPTIMAL,
        "infeasible": INFEASIBLE,
        "unbounded": UNBOUNDED,
        "inforunbd": UNBOUNDED,
    }.get(status, STOPPED if status.endswith("limit") or status == "userinterrupt" else BROKEN)
    x = _point(scip, variables) if scip.getNSols() else None
    return Solved(ended, x, int(scip.getNTotalNodes()), _iterations(scip), clock.points, status == "timelimit")
