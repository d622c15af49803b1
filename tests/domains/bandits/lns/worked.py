"""Worked examples in a line: a small model, the problem that a neighbourhood makes of a point of it, a search."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from sim.core.engine import replay
from sim.core.result import Result
from sim.core.trace import Trace
from sim.domains.bandits.lns import Setting, System, live
from sim.domains.bandits.lns.model import Model, trace_of
from sim.domains.bandits.lns.neighbourhoods import Place, Sub, arm
from sim.domains.bandits.lns.solvers import STOPPED, Solved
from sim.study import catalog
from sim.study.experiment import Bench


def model_of(
    cost: list[float],
    rows: list[list[float]],
    lower_sides: list[float],
    upper_sides: list[float],
    *,
    kinds: str = "",
    lower: list[float] | None = None,
    upper: list[float] | None = None,
    name: str = "worked",
    **more: Any,
) -> Trace:
    """A model as a trace. `kinds` has a letter per variable: b binary (as all are where it is empty), i integer from 0 to 9,
    c continuous from 0 to 9; `lower` and `upper` say otherwise."""
    kinds = kinds or "b" * len(cost)
    matrix = csr_array(np.array(rows, float).reshape(len(lower_sides), len(cost)))
    return trace_of(
        name,
        [f"x{j}" for j in range(len(cost))],
        cost,
        [0.0] * len(cost) if lower is None else lower,
        [1.0 if kind == "b" else 9.0 for kind in kinds] if upper is None else upper,
        [kind != "c" for kind in kinds],
        (matrix.indptr, matrix.indices, matrix.data),
        (lower_sides, upper_sides),
        **more,
    )


def bag(**more: Any) -> Trace:
    """What to pack into a bag that holds 6: values 10, 13, 7, 8, weights 3, 4, 2, 3. The second and the third are best, 20."""
    return model_of(
        [10, 13, 7, 8], [[3, 4, 2, 3]], [-math.inf], [6], maximise=True, **{"name": "bag", "optimum": 20, **more}
    )


class Draws:
    """A generator whose draws are given beforehand, one after the other and again from the first."""

    def __init__(self, *numbers: float):
        self.numbers = numbers
        self.next = 0

    def random(self, n: int | None = None) -> Any:
        found = [self._one() for _ in range(1 if n is None else n)]
        return found[0] if n is None else np.array(found)

    def _one(self) -> float:
        self.next += 1
        return self.numbers[(self.next - 1) % len(self.numbers)]


def built(
    name: str,
    trace: Trace,
    x: list[float],
    relaxed: list[float] | None = None,
    *,
    draws: tuple[float, ...] = (0.0,),
    solve: Any = None,
    relax: Any = None,
) -> Sub | None:
    """The problem that an arm makes of a point."""
    model, point = Model.of(trace), np.array(x, float)
    other = point if relaxed is None else np.array(relaxed, float)
    integers = model.integers
    fractional = integers[np.abs(other[integers] - np.rint(other[integers])) > live.FRACTIONAL]
    nothing = Solved(STOPPED, None, 0, 0)
    rng: Any = Draws(*draws)
    place = Place(
        model,
        point,
        model.objective(point),
        other,
        fractional,
        rng,
        solve or (lambda *_: nothing),
        relax or (lambda *_: nothing),
    )
    return arm(name).build(place)


def free(sub: Sub | None) -> list[int]:
    """The variables that a problem leaves free; none where there is no problem."""
    return [] if sub is None else np.flatnonzero(sub.model.lower < sub.model.upper).tolist()


@cache
def knapsack(seed: int = 0) -> Trace:
    """An instance on which a search goes on for some dozens of pulls in a second."""
    return Bench(cache=False).trace("workload:multi_knapsack,m=10,n=30", "bandits", seed)


QUICK = {"budget": 1500, "overhead": 20, "portfolio": "mutation_50;rins_50;rens_50;crossover"}
"""A setting for it."""


def run(policy: Any, trace: Trace, *, seed: int = 0, **setting: Any) -> Result:
    """Searches with the decisions recorded; a policy may be given by its name."""
    made = catalog.policy("bandits", policy) if isinstance(policy, str) else policy
    return replay(trace, System(Setting(**setting).on(trace)), made, seed=seed, record=True)


def without_clock(metrics: Any) -> dict[str, Any]:
    return {key: value for key, value in metrics.items() if key != "primal_integral_s"}
