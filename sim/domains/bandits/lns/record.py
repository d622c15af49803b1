"""Builds a table of outcomes: from every point that searches come by, all arms, several times each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sim.core.errors import InputError
from sim.core.seeds import beside, stream
from sim.core.structures import draw
from sim.core.trace import Trace
from sim.domains.bandits.lns import live, measures
from sim.domains.bandits.lns.live import Live
from sim.domains.bandits.lns.model import Model
from sim.domains.bandits.lns.search import FOUND, NOTHING
from sim.domains.bandits.lns.setting import Setting

WALKS = 30
"""Searches under uniform choice that must come by no point without outcomes before a table counts as whole."""


def record(
    trace: Trace,
    setting: Setting,
    *,
    seed: int = 0,
    n_states: int = 20,
    draws: int = 3,
    progress: Callable[[int, int], None] | None = None,
) -> Trace:
    """Records a table of outcomes.

    Points are taken up in the order in which searches under uniform choice, with hill climbing, come by them; a bandit's search
    then rarely meets one that has no outcomes.

    Args:
        trace: a model.
        setting: of the search whose attempts are recorded.
        seed: of the attempts' draws.
        n_states: points from which all arms are tried, at most.
        draws: attempts of each arm at each of them.
        progress: called with (points done, points at most).

    Raises:
        InputError: there is nothing to record: no feasible point within the budget, or the first one is proven optimal.
    """
    if n_states < 1 or draws < 1:
        raise InputError(f"states and draws must be at least 1, got {n_states} and {draws}")
    setting = setting.on(trace)
    model = Model.of(trace)
    arms, _ = live.suited(model, setting.arm_names)
    rng = stream(seed, "policy", trace.name)
    source = Live(
        model,
        arms,
        setting.solver,
        rng,
        budget=float(setting.budget),
        slice_=setting.slice,
        nodes=setting.nodes,
        overhead=setting.overhead,
        seconds=math.inf if setting.seconds is None else setting.seconds,
    )
    source.begin()
    if not source.goes_on:
        why = (
            "its first point is proven optimal" if source.is_proven else "no feasible point is found within the budget"
        )
        raise InputError(f"{trace.name}: there is nothing to record, {why}")
    table = _Table(source, len(arms), draws)
    walker, quiet = beside(rng, "walks"), 0
    table.expand(source.state)
    while len(table.first) < n_states and quiet < WALKS:
        met = table.walk(walker, float(setting.budget) - source.opening_work)
        quiet = quiet + 1 if met is None else 0
        if met is not None:
            table.expand(met)
        if progress is not None:
            progress(len(table.first), n_states)
    if source.is_late:
        raise InputError(f"{trace.name}: the wall clock stopped a solve, and such outcomes are left out of tables")
    return table.trace(trace, setting, seed, model)


class _Table:
    """Rows as they are recorded."""

    def __init__(self, source: Live, n_arms: int, draws: int):
        self.source = source
        self.n_arms = n_arms
        self.draws = draws
        self.rows: list[tuple[Any, ...]] = []
        self.first: dict[int, int] = {}

    def expand(self, state: int) -> None:
        """Tries every arm at a point."""
        source = self.source
        self.first[state] = len(self.rows)
        before = source.objectives[state]
        for arm in range(self.n_arms):
            for k in range(self.draws):
                nodes, iterations, began = source.nodes_spent, source.iterations_spent, time.perf_counter()
                source.solve_attempt(state, arm, k, source.budget)
                took = (source.nodes_spent - nodes, source.iterations_spent - iterations, time.perf_counter() - began)
                after = math.nan if source.status == NOTHING else source.objective
                self.rows.append((state, arm, k, source.status, before, after, source.cost, *took, source.next))

    def walk(self, rng: Any, work: float) -> int | None:
        """Searches under uniform choice; the first point without outcomes that it comes to."""
        state = self.source.state
        tries: dict[tuple[int, int], int] = {}
        while work > 0:
            arm = draw(rng, self.n_arms)
            k = tries[state, arm] = tries.get((state, arm), -1) + 1
            row = self.rows[self.first[state] + arm * self.draws + k % self.draws]
            work -= row[6]
            if row[3] == FOUND and row[5] <= row[4] and row[10] != state:
                state = row[10]
                if state not in self.first:
                    return state
        return None

    def trace(self, of: Trace, setting: Setting, seed: int, model: Model) -> Trace:
        columns = [np.array(column) for column in zip(*self.rows, strict=True)]
        names = ("state", "arm", "draw", "status", "before", "after", "work", "nodes", "iterations", "seconds", "next")
        rows = dict(zip(names, columns, strict=True))
        optimum = setting.optimum_known
        delta = np.full(len(self.rows), math.nan)
        if optimum is not None:
            was = rows["before"] - optimum
            np.divide(rows["after"] - optimum, was, out=delta, where=was > measures.TOLERANCE * max(1.0, abs(optimum)))
        source = self.source
        return Trace(
            of.name,
            "bandits",
            {**rows, "delta": delta},
            {
                "arms": list(setting.arm_names),
                "dropped": [arm for arm in setting.chosen.arms if arm not in setting.arm_names],
                "states": list(source.ids),
                "objectives": np.array(source.objectives),
                "opening_at": source.opening_at,
                "opening": source.opening,
                "opening_work": source.opening_work,
                "first": source.state,
                "instance": of.name,
                "model": model.digest(),
                "seed": seed,
                "portfolio": setting.portfolio or "default",
                "budget": setting.budget,
                "maximise": bool(of.tables["maximise"]),
                **({} if optimum is None else {"optimum": -optimum if of.tables["maximise"] else optimum}),
            },
            {"format": "lns", "notices": ()},
        )
