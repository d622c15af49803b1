"""Searches that know nothing of each other, each with the whole budget: the best point that any of them finds counts.

Reference: Cai, Huang, Kadioglu and Dilkina, "ParBalans: Parallel Multi-Armed Bandits-based Adaptive Large Neighborhood Search",
2025.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import current_process, get_context
from typing import Any

import numpy as np

from sim.core.errors import InputError
from sim.core.seeds import beside
from sim.core.trace import Trace
from sim.domains.bandits.lns import recorded
from sim.domains.bandits.lns.measures import is_better
from sim.domains.bandits.lns.portfolios import Portfolio
from sim.domains.bandits.lns.run import SearchRun, better_than_known, curve_of, judged
from sim.domains.bandits.lns.search import OUTCOMES
from sim.domains.bandits.lns.setting import Setting
from sim.domains.bandits.policy import Policy


@dataclass(frozen=True, eq=False)
class Finished:
    """What one search found: work and objective of each incumbent, as it is minimised, and its metrics."""

    at: np.ndarray
    objectives: np.ndarray
    metrics: dict[str, float | int | None]
    notices: list[str]


class SideBySide:
    """A policy that is several searches, on one model (a `sim.core.system.Run`).

    Args:
        trace: a model.
        setting: of all searches; each has a portfolio of its own.
        policy: `members(rng)` gives portfolio and bandit of each search, `processes` how many are run at a time.
        rng: each search has a stream beside it.
    """

    why_interpreted = "its arms are solved by a solver"

    def __init__(self, trace: Trace, setting: Setting, policy: Any, rng: Any):
        self.name = type(policy).__name__
        if recorded.is_table(trace):
            raise InputError(
                f"{self.name} draws arms of its own, and {trace.name} is a table of outcomes; replay the model's file"
            )
        for name in ("portfolio", "accept", "scores"):
            if getattr(setting, name):
                raise InputError(f"{self.name} draws portfolio, test and scores of each search; leave out --{name}")
        self.trace = trace
        self.setting = setting.on(trace)
        self.n_rows = setting.budget
        self.finished: list[Finished] = []
        parts = (trace.name, trace.domain, dict(trace.columns), dict(trace.tables), dict(trace.origin))
        searches = [
            partial(_searched, parts, setting, portfolio, one, beside(rng, "member", k))
            for k, (portfolio, one) in enumerate(policy.members(beside(rng, "members")))
        ]
        self.loop: Callable[..., None] = _play
        self.objects: dict[str, Any] = {"finished": self.finished, "searches": searches, "processes": policy.processes}

    @property
    def now(self) -> int:
        return 0

    def illegal(self) -> None:
        return None

    def counters(self) -> dict[str, float]:
        return {"work": self._work}

    @property
    def _work(self) -> float:
        """That of the longest search: they run at the same time."""
        return max((float(one.metrics["work"] or 0.0) for one in self.finished), default=0.0)

    @property
    def _incumbents(self) -> tuple[np.ndarray, np.ndarray]:
        """Those of all searches, each better than all before, by work; at equal work the better one."""
        every = sorted(
            (when, objective)
            for one in self.finished
            for when, objective in zip(one.at.tolist(), one.objectives.tolist(), strict=True)
        )
        kept: list[tuple[float, float]] = []
        for when, objective in every:
            if not kept or is_better(objective, kept[-1][1]):
                kept.append((when, objective))
        return np.array([when for when, _ in kept]), np.array([objective for _, objective in kept])

    def curve(self) -> dict[str, np.ndarray]:
        return curve_of(self.setting, self.trace, *self._incumbents)

    def metrics(self) -> dict[str, float | int | None]:
        each = [one.metrics for one in self.finished]
        return {
            **judged(self.setting, self.trace, *self._incumbents),
            **{name: sum(int(one[name] or 0) for one in each) for name in ("pulls", *OUTCOMES)},
            "work": self._work,
            "proven": int(any(one["proven"] for one in each)),
            "not_replayable": int(any(one["not_replayable"] for one in each)),
        }

    def notices(self) -> list[str]:
        lines = dict.fromkeys(line for one in self.finished for line in one.notices)
        return [*lines, *better_than_known(self.name, self.setting, self.trace, self.metrics())]

    def decisions(self) -> None:
        """Not kept: each search has arms of its own."""


def _play(finished: list[Finished], searches: list[Callable[[], Finished]], processes: int, start: int, stop: int):
    """Runs all searches to their end when the first part is played; what is left to play is nothing."""
    if start:
        return
    if processes < 2 or current_process().daemon:  # a worker of a sweep has no processes of its own
        finished += [search() for search in searches]
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        finished += pool.map(_called, searches)


def _called(search: Callable[[], Finished]) -> Finished:
    return search()


def _searched(parts: tuple[Any, ...], setting: Setting, portfolio: Portfolio, policy: Policy, rng: Any) -> Finished:
    """One search to its end; the trace comes in parts, which can be sent to another process."""
    trace = Trace(*parts)
    own = replace(
        setting,
        portfolio=";".join(portfolio.arms),
        accept=portfolio.accept,
        scores=";".join(f"{score:g}" for score in portfolio.scores),
    )
    run = SearchRun(trace, own.on(trace), policy, rng, False)
    run.loop(*run.objects.values(), 0, run.n_rows)
    found = run.incumbents
    lines = [line for line in run.notices() if "better than the best objective" not in line]
    return Finished(*found, run.metrics(), lines)
