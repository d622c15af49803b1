"""What neighbourhoods give, asked of a solver: builds them around an incumbent, hands it over, checks what comes back."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.core.errors import InputError
from sim.core.seeds import beside
from sim.core.structures import Structure
from sim.domains.bandits.lns import neighbourhoods, solvers
from sim.domains.bandits.lns.measures import TOLERANCE, is_better
from sim.domains.bandits.lns.model import Model
from sim.domains.bandits.lns.neighbourhoods import BRANCHING, ITERATION, POINT, Arm, Place
from sim.domains.bandits.lns.search import FOUND, NOTHING, SAME
from sim.domains.bandits.lns.solvers import INFEASIBLE, OPTIMAL, UNBOUNDED, Limits, Solved

FIRST = "first"
"""The solve that finds the first point."""

RATIOS = {FIRST: 1 / 3, POINT: 1 / 3, ITERATION: 1.0, BRANCHING: 2.5}
"""Limits of a solve relative to those of an iteration, in nodes and in work: the published ones are 20, 20, 60 and 150 s."""

FRACTIONAL = 1e-6


class Live(Structure):
    """A source of outcomes that solves (see `Search`).

    An attempt depends on the incumbent, the arm and how often that was tried there, and on nothing else that was done: the same
    search again, or another one that comes by, finds the same.

    Args:
        model: the whole problem.
        arms: what may be attempted.
        solver: name of the solver.
        rng: its stream gives every attempt one of its own; it stays as it is.
        budget: of work in all.
        slice_: part of the budget that an iteration's solve may take.
        nodes: that it may take.
        overhead: work that every solve counts beside its iterations and nodes.
        seconds: of wall clock in all, a safety.
        plain: name of a solver that is given the whole budget at once instead of any search; None: search.
        start: values of some variables that the first point should have, by their indices; empty: none.

    Attributes:
        took_s, found_s: seconds in all, and those by which the point of some work in all was there: for information.
    """

    def __init__(
        self,
        model: Model,
        arms: Sequence[Arm],
        solver: str,
        rng: Any,
        *,
        budget: float,
        slice_: float,
        nodes: int,
        overhead: int = 1,
        seconds: float = math.inf,
        plain: str | None = None,
        start: dict[int, float] | None = None,
    ):
        self.model = model
        self.arms = tuple(arms)
        self.solver = solvers.find(solver)
        self.plain = solvers.find(plain) if plain else None
        self.rng = rng
        self.budget = budget
        self.slice = slice_
        self.nodes = nodes
        self.overhead = overhead
        self.seconds = seconds
        self.start = start or {}
        self.is_late = False
        self.is_proven = False
        self.spent = 0.0
        self.nodes_spent = 0
        self.iterations_spent = 0
        self.points: list[np.ndarray] = []
        self.objectives: list[float] = []
        self.ids: list[str] = []
        self.numbers: dict[str, int] = {}
        self.tries: dict[tuple[int, int], int] = {}
        self.relaxed = np.zeros(model.n)
        self.fractional = np.zeros(0, np.int64)
        self.opening_at = np.zeros(0)
        self.opening = np.zeros(0)
        self.opening_work = 0.0
        self.goes_on = False
        self.state = 0
        self.status, self.cost, self.objective, self.next, self.stood_in = NOTHING, 0.0, 0.0, 0, 0
        self.began_s = 0.0
        self.took_s = 0.0
        self.found_s: dict[float, float] = {}

    def begin(self) -> None:
        """Solves the relaxation and finds a first point; or, as a plain solver, the best one it can within the budget.

        Raises:
            InputError: the model is infeasible or unbounded, or the relaxation lacks a value.
        """
        self.began_s = time.perf_counter()
        found = self._plain() if self.plain else self._first()
        best = math.inf
        kept = []
        for work, seconds, x in found:
            if (checked := self._checked(x, can_repair=False)) is not None and is_better(checked[1], best):
                best = checked[1]
                kept.append((work, *checked))
                self.found_s[work] = seconds
        self.opening_at = np.array([work for work, _, _ in kept])
        self.opening = np.array([objective for _, _, objective in kept])
        self.opening_work = self.spent
        if kept:
            self.state = self._numbered(kept[-1][1], kept[-1][2])
        self.goes_on = bool(kept) and not self.plain and not self.is_proven
        self.took_s = self._elapsed()

    def attempt(self, state: int, arm: int, current: float, left: float) -> None:
        """Tries an arm on a point of objective `current`; `left` is the work that remains."""
        tried = self.tries.get((state, arm), 0)
        self.tries[state, arm] = tried + 1
        self.solve_attempt(state, arm, tried, left)
        self.took_s = self.found_s[self.spent] = self._elapsed()

    def solve_attempt(self, state: int, arm: int, draw: int, left: float) -> None:
        """Tries an arm on a point for the given time, counting from 0."""
        rng = beside(self.rng, "attempt", self.ids[state], self.arms[arm].name, draw)
        end = self.spent + left
        x, objective = self.points[state], self.objectives[state]
        before = self.spent

        def solve(model: Model, kind: str, points: int | None = None, start: np.ndarray | None = None) -> Solved:
            return self._solve(model, kind, end, rng, points=points, start=start)

        def relax(model: Model) -> Solved:
            return self._charged(self.solver.relax(model, Limits(work=max(end - self.spent, 1.0))))

        place = Place(self.model, x, objective, self.relaxed, self.fractional, rng, solve, relax)
        sub = self.arms[arm].build(place)
        self.status, self.objective, self.next = SAME, objective, state
        if sub is not None:
            solved = solve(sub.model, sub.limits, None, sub.start)
            self._judge(state, solved)
        self.cost = max(self.spent - before, 1.0)
        self.spent = before + self.cost

    def _judge(self, state: int, solved: Solved) -> None:
        """Checks the point of a solve, and says what it is."""
        checked = None if solved.x is None else self._checked(solved.x[: self.model.n])
        if checked is None:
            self.status = NOTHING
            return
        x, objective = checked
        here, integers = self.objectives[state], self.model.integers
        is_same = abs(objective - here) <= TOLERANCE * max(1.0, abs(here))
        if is_same and np.array_equal(x[integers], self.points[state][integers]):
            return
        self.status, self.objective, self.next = FOUND, objective, self._numbered(x, objective)

    def _checked(self, x: np.ndarray, *, can_repair: bool = True) -> tuple[np.ndarray, float] | None:
        """A point with its integers rounded and its objective recomputed; None where it is not feasible.

        Where rounding moved a row beyond the tolerance, the continuous part is solved for anew, and charged.
        """
        x = self.model.snapped(x)
        if not self.model.is_feasible(x):
            integers = self.model.integers
            if not can_repair or len(integers) == self.model.n:
                return None
            continuous = np.setdiff1d(np.arange(self.model.n), integers)
            again = self._charged(self.solver.relax(self.model.fixed(x, continuous), Limits()))
            if again.x is None:
                return None
            x = self.model.snapped(again.x)
            if not self.model.is_feasible(x):
                return None
        return x, self.model.objective(x)

    def _numbered(self, x: np.ndarray, objective: float) -> int:
        """The number of a point; points of one name are one, the first that was met."""
        name = self.model.state(x, objective)
        if name not in self.numbers:
            self.numbers[name] = len(self.points)
            self.ids.append(name)
            self.points.append(x)
            self.objectives.append(objective)
        return self.numbers[name]

    def _first(self) -> list[tuple[float, float, np.ndarray]]:
        relaxation = self._charged(self.solver.relax(self.model, Limits(work=self.budget, seconds=self._seconds())))
        self._refuse(relaxation)
        if relaxation.x is None:
            return []
        self.relaxed = relaxation.x
        if not np.all(np.isfinite(self.relaxed)):
            raise InputError(
                f"{self.model.name}: the relaxation has no value for variable {int(np.argmin(np.isfinite(self.relaxed)))}"
            )
        integers = self.model.integers
        values = self.relaxed[integers]
        self.fractional = integers[np.abs(values - np.rint(values)) > FRACTIONAL]
        rng = beside(self.rng, "first")
        if self.start:
            index = np.array(sorted(self.start), np.int64)
            lower, upper = self.model.lower.copy(), self.model.upper.copy()
            lower[index] = upper[index] = [self.start[i] for i in index.tolist()]
            if found := self._followed(self.model.bounded(lower, upper), FIRST, rng, is_whole=False):
                return found
        return self._followed(self.model, FIRST, rng) or self._followed(self.model, None, rng, points=1)

    def _followed(
        self, model: Model, kind: str | None, rng: Any, *, points: int | None = None, is_whole: bool = True
    ) -> list[tuple[float, float, np.ndarray]]:
        """Points of a solve that is followed, with the work and the seconds in all at which each was there."""
        before, before_s = self.spent, self._elapsed()
        if before >= self.budget:
            return []
        solved = self._solve(model, kind, self.budget, rng, points=points, follow=True)
        if is_whole:
            self._refuse(solved)
            self.is_proven = solved.status == OPTIMAL
        return self._points(solved, before, before_s)

    def _points(self, solved: Solved, before: float, before_s: float) -> list[tuple[float, float, np.ndarray]]:
        last = [] if solved.x is None else [(self.spent, self._elapsed(), solved.x)]
        return [(before + work, before_s + seconds, x) for work, seconds, x in solved.points] + last

    def _plain(self) -> list[tuple[float, float, np.ndarray]]:
        assert self.plain is not None
        seed = int(beside(self.rng, "plain").integers(2**31 - 1))
        limits = Limits(work=self.budget, seconds=self._seconds())
        solved = self._charged(self.plain.solve(self.model, limits, seed=seed, follow=True))
        self._refuse(solved)
        self.is_proven = solved.status == OPTIMAL
        return self._points(solved, 0.0, 0.0)

    def _solve(
        self,
        model: Model,
        kind: str | None,
        end: float,
        rng: Any,
        *,
        points: int | None = None,
        start: np.ndarray | None = None,
        follow: bool = False,
    ) -> Solved:
        """Solves within the limits of a kind and what is left until `end`, and charges it; nothing begins beyond the end."""
        seed, left = int(rng.integers(2**31 - 1)), end - self.spent
        if left <= 0:
            return Solved(solvers.STOPPED, None, 0, 0)
        share = RATIOS[kind] if kind else math.inf
        limits = Limits(
            nodes=max(1, round(self.nodes * share)) if kind else None,
            work=min(self.budget * self.slice * share, left),
            points=points,
            seconds=self._seconds(),
        )
        return self._charged(self.solver.solve(model, limits, start=start, seed=seed, follow=follow))

    def _charged(self, solved: Solved) -> Solved:
        self.spent += solved.work + self.overhead - 1
        self.nodes_spent += solved.nodes
        self.iterations_spent += solved.iterations
        self.is_late |= solved.is_late
        return solved

    def _elapsed(self) -> float:
        return time.perf_counter() - self.began_s

    def _seconds(self) -> float:
        return self.seconds - self._elapsed()

    def _refuse(self, solved: Solved) -> None:
        if solved.status == INFEASIBLE:
            raise InputError(f"{self.model.name} is infeasible: no point satisfies its rows, bounds and integrality")
        if solved.status == UNBOUNDED:
            raise InputError(f"{self.model.name} is unbounded: its objective improves without end")
        if solved.status == solvers.BROKEN:
            raise InputError(f"{self.model.name} cannot be solved: the solver refuses it or ends in an error")


def suited(model: Model, names: Sequence[str]) -> tuple[list[Arm], list[str]]:
    """The arms of these names that can have something to solve, and a line for those that never have.

    Raises:
        InputError: none can.
    """
    arms = [neighbourhoods.arm(name) for name in names]
    kept = [arm for arm in arms if arm.suits(model)]
    told = []
    for needs, words in (
        ("integers", "integer variables"),
        ("binaries", "binary variables"),
        ("generals", "general integers"),
    ):
        gone = [arm.name for arm in arms if arm not in kept and needs == arm.neighbourhood.NEEDS]
        if gone:
            told.append(f"{model.name} has no {words}: {', '.join(gone)} dropped")
    if not kept:
        raise InputError(f"no arm is left: {'; '.join(told)}")
    return kept, told
