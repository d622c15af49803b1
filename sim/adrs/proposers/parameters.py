"""Library policies with other parameters: what tuning alone can reach."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from sim.adrs.candidate import Candidate, Status
from sim.adrs.problem import Problem
from sim.adrs.proposers import Proposal, Tried
from sim.adrs.proposers.tuner import Tuner
from sim.adrs.shelf import Shelf
from sim.study import catalog


class Parameters:
    """Tunes the problem's tunable policies by CMA-ES, each from its defaults on.

    Ranges of positive numbers are taken on a logarithmic scale. A policy is drawn in proportion to what its kind has earned: the
    rank of its best among the bests of all.

    Args:
        problem: its `tunable` names policies, parameters and ranges.
    """

    name = "tune"

    def __init__(self, problem: Problem):
        self.problem = problem
        self.shelf = Shelf(problem.domain)
        self.best: dict[str, list[float]] = {}
        self.tuners: dict[str, Tuner] = {}
        self.asked: dict[str, list[tuple[str, int]]] = {}  # the latest that asked for it last

    def ask(self, parents: Sequence[Tried], rng: np.random.Generator) -> Proposal:
        names = list(self.problem.tunable)
        ranked = sorted(self.best, key=lambda name: math.fsum(self.best[name]) / len(self.best[name]))
        weights = [1.0 / (1 + ranked.index(name)) if name in ranked else 1.0 for name in names]
        name = names[_drawn(rng, weights)]
        ranges = self.problem.tunable[name]
        if name not in self.tuners:
            self.tuners[name] = Tuner(self._defaults(name, ranges), int(rng.random() * 2**31))
        number, places = self.tuners[name].ask()
        values = {key: _at(place, *ends) for place, (key, ends) in zip(places, ranges.items(), strict=True)}
        said = ",".join([name, *(f"{key}={value}" for key, value in values.items())])
        candidate = Candidate(self.shelf.source(name, values), (), said, self.name)
        self.asked.setdefault(candidate.id, []).append((name, number))
        return Proposal(candidate)

    def tell(self, tried: Tried) -> None:
        waiting = self.asked.get(tried.candidate.id)
        if not waiting:
            return
        name, number = waiting.pop()
        if tried.report.status == Status.DUPLICATE:
            return
        losses = list(tried.report.losses.values())
        self.tuners[name].tell(number, losses)
        if losses and (name not in self.best or _is_lower(losses, self.best[name])):
            self.best[name] = losses

    def _defaults(self, name: str, ranges: Mapping[str, tuple[float, float]]) -> list[float]:
        fields = {f.name: f.default for f in dataclasses.fields(catalog.policy_class(self.problem.domain, name))}  # type: ignore[arg-type]
        return [_place(fields[key], *ends) for key, ends in ranges.items()]


def _is_lower(one: Sequence[float], other: Sequence[float]) -> bool:
    """By the mean over the first instances, which both have seen."""
    n = min(len(one), len(other))
    return math.fsum(one[:n]) < math.fsum(other[:n])


def _drawn(rng: np.random.Generator, weights: Sequence[float]) -> int:
    left = float(rng.random()) * math.fsum(weights)
    for k, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return k
    return len(weights) - 1


def _at(place: float, least: float, most: float) -> int | float:
    """The value at a place in [0, 1] of a range; a whole number where both ends are."""
    value = least * (most / least) ** place if least > 0 else least + (most - least) * place
    return round(value) if isinstance(least, int) and isinstance(most, int) else float(f"{value:.3g}")


def _place(value: object, least: float, most: float) -> float:
    """Where in its range a value lies, in [0, 1]; the middle for what is no number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0.5
    inside = min(max(value, least), most)
    return math.log(inside / least) / math.log(most / least) if least > 0 else (inside - least) / (most - least)
