"""Library policies with other parameters: what tuning alone can reach."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sim.adrs.candidate import Candidate
from sim.adrs.problem import Problem
from sim.adrs.proposers import Proposal, Tried
from sim.adrs.shelf import Shelf

FAR = 0.25
"""How often all parameters are drawn anew, and not near the parent's."""

NEAR = 0.15
"""Standard deviation of a step from the parent's, in lengths of a parameter's range."""


class Parameters:
    """Draws parameters of the problem's tunable policies: all anew, or those of the best so far a little changed.

    Ranges of positive numbers are taken on a logarithmic scale. A policy is drawn in proportion to what its kind has earned: the
    rank of its best among the bests of all.

    Args:
        problem: its `tunable` names policies, parameters and ranges.
    """

    name = "tune"

    def __init__(self, problem: Problem):
        self.problem = problem
        self.shelf = Shelf(problem.domain)
        self.best: dict[str, tuple[list[float], dict[str, int | float]]] = {}
        self.asked: dict[str, tuple[str, dict[str, int | float]]] = {}

    def ask(self, parents: Sequence[Tried], rng: np.random.Generator) -> Proposal:
        names = list(self.problem.tunable)
        ranked = sorted(self.best, key=lambda name: math.fsum(self.best[name][0]) / len(self.best[name][0]))
        weights = [1.0 / (1 + ranked.index(name)) if name in ranked else 1.0 for name in names]
        name = names[_drawn(rng, weights)]
        centre = self.best[name][1] if name in self.best and rng.random() >= FAR else None
        values = {
            key: _stepped(rng, centre[key] if centre else None, least, most)
            for key, (least, most) in self.problem.tunable[name].items()
        }
        candidate = Candidate(self.shelf.source(name, values), (), f"{name} {values}", self.name)
        self.asked[candidate.id] = (name, values)
        return Proposal(candidate)

    def tell(self, tried: Tried) -> None:
        found = self.asked.pop(tried.candidate.id, None)
        if found is None or not tried.report.losses:
            return
        name, values = found
        losses = list(tried.report.losses.values())
        if name not in self.best or _is_lower(losses, self.best[name][0]):
            self.best[name] = (losses, values)


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


def _stepped(rng: np.random.Generator, centre: float | None, least: float, most: float) -> int | float:
    """A value in [least, most]: uniform, or normal about the centre; a whole number where both ends are."""
    is_log = least > 0
    low, high = (math.log(least), math.log(most)) if is_log else (least, most)
    if centre is None:
        place = low + (high - low) * float(rng.random())
    else:
        middle = math.log(centre) if is_log else centre
        place = min(max(middle + NEAR * (high - low) * float(rng.standard_normal()), low), high)
    value = math.exp(place) if is_log else place
    return round(value) if isinstance(least, int) and isinstance(most, int) else float(f"{value:.3g}")
