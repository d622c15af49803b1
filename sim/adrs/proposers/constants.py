"""Formulas with other constants, tuned by CMA-ES."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sim.adrs import variation
from sim.adrs.candidate import Candidate, Status
from sim.adrs.problem import Formula, Problem
from sim.adrs.proposers import Proposal, Tried
from sim.adrs.proposers.tuner import Tuner

MOST = 8
"""Constants that are tuned at a time: the first of a formula."""

QUESTIONS = 48
"""Candidates that one formula is worth."""

DOUBLINGS = 6.0
"""From the least to the most that a constant may become, its own value in the middle."""

PLACES = 2
"""Parts that get a factor where a formula has no constants."""


@dataclass
class _Tuned:
    """A formula whose constants are being tuned."""

    formula: Formula
    parent: str
    tuner: Tuner
    left: int = QUESTIONS
    asked: dict[str, int] = field(default_factory=dict)


class Constants:
    """Takes the best parent that is a formula, tunes its constants for a while, then takes the next.

    Args:
        problem: whose templates the formulas fill; its seeds serve where no parent is a formula.
    """

    name = "cma"

    def __init__(self, problem: Problem):
        self.problem = problem
        self.done: set[str] = set()
        self.now: _Tuned | None = None
        self.before: _Tuned | None = None  # a batch may still be out

    def ask(self, parents: Sequence[Tried], rng: np.random.Generator) -> Proposal:
        if self.now is None or self.now.left == 0:
            self.before, self.now = self.now, self._begun(parents, rng)
        now = self.now
        now.left -= 1
        number, places = now.tuner.ask()
        root = now.formula.root
        values = list(root.constants)
        for k, place in enumerate(places):
            values[k] = variation.rounded(values[k] * 2.0 ** (DOUBLINGS * (place - 0.5)))
        formula = replace(now.formula, root=root.with_constants(values))
        candidate = Candidate(self.problem.source(formula), (now.parent,) if now.parent else (), "tuned", self.name)
        now.asked[candidate.id] = number
        return Proposal(candidate)

    def tell(self, tried: Tried) -> None:
        for tuned in (self.now, self.before):
            number = tuned.asked.pop(tried.candidate.id, None) if tuned else None
            if tuned and number is not None and tried.report.status != Status.DUPLICATE:
                tuned.tuner.tell(number, list(tried.report.losses.values()))

    def _begun(self, parents: Sequence[Tried], rng: np.random.Generator) -> _Tuned:
        formula, parent = self._chosen(parents, rng)
        self.done.add(_shape(formula))
        formula = _weighted(formula, rng)
        if not formula.root.constants:  # it has no room for any
            formula, parent = _weighted(variation.drawn(rng, list(self.problem.seeds().values())), rng), ""
        n = min(len(formula.root.constants), MOST)
        return _Tuned(formula, parent, Tuner([0.5] * n, int(rng.random() * 2**31)))

    def _chosen(self, parents: Sequence[Tried], rng: np.random.Generator) -> tuple[Formula, str]:
        """The best parent whose shape was not tuned before; else the best; else a seed, drawn."""
        known = [(self.problem.read(each.candidate.source), each.candidate.id) for each in reversed(parents)]
        formulas = [(formula, parent) for formula, parent in known if formula is not None]
        new = [(formula, parent) for formula, parent in formulas if _shape(formula) not in self.done]
        if new or formulas:
            return (new or formulas)[0]
        return variation.drawn(rng, list(self.problem.seeds().values())), ""


def _weighted(formula: Formula, rng: np.random.Generator) -> Formula:
    """A formula without constants with a few factors, as far as it has room."""
    if formula.root.constants:
        return formula
    for _ in range(PLACES):
        formula = replace(formula, root=variation.weighted(rng, formula.root))
    return formula


def _shape(formula: Formula) -> str:
    """What formulas that differ in constants alone have in common."""
    return f"{formula.template} {formula.root.with_constants([1.0] * len(formula.root.constants))}"
