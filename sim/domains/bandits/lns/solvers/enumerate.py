"""Enumeration: exact and slow, for problems of a few free binaries, and for tests of all that is built around a solver.

Work is the number of points tried. Of equal points the first in lexicographic order is taken.
"""

from __future__ import annotations

import itertools
import math
import time

import numpy as np

from sim.core.errors import InputError
from sim.domains.bandits.lns.model import Model
from sim.domains.bandits.lns.solvers import INFEASIBLE, OPTIMAL, STOPPED, Limits, Solved, highs

MOST = 20
"""Free variables, all integer with two values each."""


def solve(
    model: Model, limits: Limits, *, start: np.ndarray | None = None, seed: int = 0, follow: bool = False
) -> Solved:
    """Tries every point.

    Raises:
        InputError: more than `MOST` variables are free, or a free one is not integer with two values.
    """
    free = np.flatnonzero(model.lower < model.upper)
    has_two = model.is_integer[free] & (model.upper[free] - model.lower[free] == 1)
    if len(free) > MOST or not has_two.all():
        raise InputError(
            f"the solver enumerate takes at most {MOST} free variables, all integer with two values each; "
            f"{model.name} has {len(free)} free ones"
        )
    best, least, tried, began_s = None, math.inf, 0, time.perf_counter()
    points: list[tuple[float, float, np.ndarray]] = []
    for values in itertools.product((0.0, 1.0), repeat=len(free)):
        if tried + 1 > limits.work or (limits.points is not None and len(points) >= limits.points):
            break
        tried += 1
        x = model.lower.copy()
        x[free] += values
        if model.is_feasible(x) and (objective := model.objective(x)) < least:
            best, least = x, objective
            points.append((float(tried), time.perf_counter() - began_s, x))
    is_whole = tried == 2 ** len(free)
    status = STOPPED if not is_whole else OPTIMAL if best is not None else INFEASIBLE
    return Solved(status, best, 0, max(tried - 1, 0), points if follow else [])


def relax(model: Model, limits: Limits) -> Solved:
    """Solves the relaxation, with HiGHS."""
    return highs.relax(model, limits)
