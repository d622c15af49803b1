"""Genetic programming: formulas in the problem's templates, crossed and changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sim.adrs import variation
from sim.adrs.candidate import Candidate
from sim.adrs.problem import Formula, Problem
from sim.adrs.proposers import Proposal, Tried

CROSSED, MUTATED, HOISTED, JITTERED, WEIGHTED, SET = "crossed", "mutated", "hoisted", "jittered", "weighted", "set"

SHARES = {CROSSED: 0.4, MUTATED: 0.25, JITTERED: 0.15, WEIGHTED: 0.05, HOISTED: 0.1, SET: 0.05}
"""How often a child is made in each way. The first, second and fourth are the customary ones of the reference; a constant is
jittered as often as it pays to tune; hoisting keeps formulas small."""

FRESH = 0.03
"""How often a child has no parents."""


class Formulas:
    """Makes formulas of formulas; parents that are none are passed over.

    Args:
        problem: whose templates are filled in.
        is_random: every candidate is drawn anew, whatever the parents: the control without selection.

    Reference: Koza, "Genetic Programming", MIT Press 1992, chapters 5 and 6.
    """

    name = "gp"

    def __init__(self, problem: Problem, *, is_random: bool = False):
        self.problem = problem
        self.is_random = is_random

    def ask(self, parents: Sequence[Tried], rng: np.random.Generator) -> Proposal:
        known = [(each.candidate, self.problem.read(each.candidate.source)) for each in parents]
        formulas = [(candidate, formula) for candidate, formula in known if formula is not None]
        if self.is_random or not formulas or rng.random() < FRESH:
            return self._proposal(self._grown(rng), (), "grown")
        candidate, formula = formulas[-1]
        way = _way(rng)
        if way == CROSSED:
            other, donor = formulas[0]
            if donor.template == formula.template and other.id != candidate.id:
                root = variation.crossed(rng, formula.root, donor.root)
                return self._proposal(replace(formula, root=root), (candidate.id, other.id), CROSSED)
            way = MUTATED
        return self._proposal(self._changed(rng, formula, way), (candidate.id,), way)

    def tell(self, tried: Tried) -> None:
        """It learns from parents alone."""

    def _grown(self, rng: np.random.Generator) -> Formula:
        template = variation.drawn(rng, self.problem.templates)
        return Formula(template.name, variation.ramped(rng, tuple(template.features)))

    def _changed(self, rng: np.random.Generator, formula: Formula, way: str) -> Formula:
        template = self.problem.template(formula.template)
        if way == SET and template.parameters:
            name = variation.drawn(rng, tuple(template.parameters))
            least, most = template.parameters[name]
            shift = 0 if least > 0 else 1 - least  # there is no logarithm of 0
            value = round((least + shift) * ((most + shift) / (least + shift)) ** rng.random()) - shift
            return replace(formula, parameters=tuple({**dict(formula.parameters), name: value}.items()))
        if way == HOISTED:
            return replace(formula, root=variation.hoisted(rng, formula.root))
        if way == JITTERED and formula.root.constants:
            return replace(formula, root=variation.jittered(rng, formula.root))
        if way in (WEIGHTED, JITTERED):
            return replace(formula, root=variation.weighted(rng, formula.root))
        return replace(formula, root=variation.mutated(rng, formula.root, tuple(template.features)))

    def _proposal(self, formula: Formula, parents: tuple[str, ...], note: str) -> Proposal:
        return Proposal(Candidate(self.problem.source(formula), parents, note, self.name))


def _way(rng: np.random.Generator) -> str:
    left = float(rng.random())
    for way, share in SHARES.items():
        left -= share
        if left < 0:
            return way
    return MUTATED
