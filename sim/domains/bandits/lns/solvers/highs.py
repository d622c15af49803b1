"""HiGHS. It counts no work while it runs, but every line of its log does: that is the clock here, and not a second is looked at.

Reference: Huangfu and Hall, "Parallelizing the Dual Revised Simplex Method", Mathematical Programming Computation 2018.
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
)

try:
    import highspy
except ImportError as error:
    raise MissingDependency(f"the solver highs needs the package highspy: pip install highspy ({error})") from None

FEASIBLE = 2
"""HiGHS's code of a primal solution that is feasible."""

SEEDS = 2**31 - 1


def solve(
    model: Model, limits: Limits, *, start: np.ndarray | None = None, seed: int = 0, follow: bool = False
) -> Solved:
    """Solves with HiGHS on one thread, a new object each time: time limits and bases do not carry over.

    Args:
        model: what to minimise.
        limits: when to stop. The work is noticed at lines of the log, so the limit is overrun by what lies between two.
        start: a point to begin from, shape (n,); HiGHS drops one that it finds infeasible.
        seed: of HiGHS's own draws, at least 0.
        follow: keep every improving point.
    """
    highs = _loaded(model, limits, seed)
    if limits.nodes is not None:
        _set(highs, "mip_max_nodes", int(limits.nodes))
    if limits.points is not None:
        _set(highs, "mip_max_improving_sols", int(limits.points))
    if start is not None:
        highs.setSolution(model.n, np.arange(model.n, dtype=np.int32), np.ascontiguousarray(start, np.float64))
    clock = _Clock(limits.work, follow)
    kinds = highspy.cb.HighsCallbackType
    highs.setCallback(clock, None)
    for kind in (kinds.kCallbackLogging, kinds.kCallbackMipInterrupt, kinds.kCallbackMipImprovingSolution):
        highs.startCallback(kind)
    return _ended(highs, model, clock)


def relax(model: Model, limits: Limits) -> Solved:
    """Solves the relaxation with HiGHS's simplex method."""
    highs = _loaded(model, limits, 0)
    _set(highs, "solve_relaxation", True)
    _set(highs, "solver", "simplex")
    if limits.work < math.inf:
        _set(highs, "simplex_iteration_limit", max(1, int(limits.work)))
    return _ended(highs, model, None)


class _Clock:
    """Reads nodes and simplex iterations off HiGHS's log, and stops it beyond the limit."""

    def __init__(self, limit: float, follow: bool):
        self.limit = limit
        self.follow = follow
        self.work = 0.0
        self.began_s = time.perf_counter()
        self.waiting: list[tuple[float, np.ndarray]] = []
        self.points: list[tuple[float, float, np.ndarray]] = []
        self.kinds = highspy.cb.HighsCallbackType

    def __call__(self, kind: Any, message: str, told: Any, answer: Any, _: Any) -> None:
        if kind == self.kinds.kCallbackLogging:
            if (work := work_of(message)) is not None:
                self.settle(work)
        elif kind == self.kinds.kCallbackMipInterrupt:
            answer.user_interrupt = self.work > self.limit
        elif self.follow:
            self.waiting.append((time.perf_counter() - self.began_s, np.array(told.mip_solution, np.float64)))

    def settle(self, work: float) -> None:
        """The points found since the line before are there by this work at the latest."""
        self.work = max(self.work, work)
        self.points += [(self.work, seconds, x) for seconds, x in self.waiting]
        self.waiting = []


def work_of(line: str) -> float | None:
    """The work that a line of HiGHS's log tells; None where it is another line.

    Such a line has, perhaps after a letter, processed nodes, open nodes, leaves, explored per cent, bounds and gap, four counts,
    simplex iterations and seconds.
    """
    words = line.split()
    if len(words) < 11 or not words[-1].endswith("s") or not any(word.endswith("%") for word in words[3:5]):
        return None
    nodes, iterations = words[1 if words[3].endswith("%") is False else 0], words[-2]
    try:
        return _number(iterations) + NODE_WORK * _number(nodes) + 1.0
    except ValueError:
        return None


def _number(text: str) -> float:
    """A count as HiGHS prints it: large ones in thousands or millions."""
    for ending, unit in (("k", 1e3), ("m", 1e6)):
        if text.endswith(ending):
            return int(text[:-1]) * unit
    return float(int(text))


def _loaded(model: Model, limits: Limits, seed: int) -> Any:
    highs = highspy.Highs.__base__()  # type: ignore[misc]  # highspy.Highs itself says on standard output that it runs
    _set(highs, "log_to_console", False)
    for name, value in (
        ("threads", 1),
        ("parallel", "off"),
        ("random_seed", seed % SEEDS),
        ("mip_min_logging_interval", 0.0),
        ("mip_rel_gap", 0.0),
    ):
        _set(highs, name, value)
    if limits.seconds < math.inf:
        _set(highs, "time_limit", max(float(limits.seconds), 0.01))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = model.n, model.m
    lp.col_cost_, lp.offset_ = model.cost, model.offset
    lp.col_lower_, lp.col_upper_ = model.lower, model.upper
    lp.row_lower_, lp.row_upper_ = model.row_lower, model.row_upper
    matrix = lp.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.num_col_, matrix.num_row_ = model.n, model.m
    matrix.start_, matrix.index_, matrix.value_ = model.starts, model.index, model.value
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[is_integer] for is_integer in model.is_integer.tolist()]
    highs.passModel(lp)  # one that it refuses is empty afterwards, and ends as an error
    return highs


def _set(highs: Any, name: str, value: Any) -> None:
    if highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
        raise RuntimeError(f"HiGHS has no option {name} = {value!r}")


def _ended(highs: Any, model: Model, clock: _Clock | None) -> Solved:
    highs.run()
    info, status = highs.getInfo(), highs.getModelStatus()
    known = highspy.HighsModelStatus
    has_point = info.primal_solution_status == FEASIBLE
    x = np.array(highs.getSolution().col_value, np.float64) if has_point and model.n else None
    ended = {
        known.kOptimal: OPTIMAL,
        known.kInfeasible: INFEASIBLE,
        known.kUnbounded: UNBOUNDED,
        known.kUnboundedOrInfeasible: UNBOUNDED,
        known.kSolutionLimit: STOPPED,
        known.kInterrupt: STOPPED,
        known.kTimeLimit: STOPPED,
        known.kIterationLimit: STOPPED,
    }.get(status, BROKEN)
    iterations, nodes = max(int(info.simplex_iteration_count), 0), max(int(info.mip_node_count), 0)
    if clock is not None:
        clock.settle(iterations + NODE_WORK * nodes + 1.0)
    points = clock.points if clock is not None else []
    return Solved(ended, x, nodes, iterations, points, status == known.kTimeLimit)
