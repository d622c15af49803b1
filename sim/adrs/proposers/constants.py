"""Formulas with other constants, tuned by CMA-ES."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sim.adrs import variation
from sim.adrs.candidate import Candidate, Status
from sim.adrs.expression import CONSTANT, Node, constant, prefix
from sim.adrs.problem import Formula, Problem
from sim.adrs.proposers import Exhausted, Proposal, Tried
from sim.adrs.proposers.tuner import Tuner

MOST = 8
"""Constants that are tuned at a time: the first of a formula that matter."""

QUESTIONS = 48
"""Candidates that one formula is worth."""

DOUBLINGS = 6.0
"""From the least to the most that a constant may become, its own value in the middle."""

PLACES = 2
"""Parts that get a factor where a formula has no constants that matter."""


@dataclass
class _Tuned:
    """A formula whose constants are being tuned."""

    formula: Formula
    parent: str
    which: list[int]  # of its constants
    tuner: Tuner
    left: int = QUESTIONS
    asked: dict[str, list[int]] = field(default_factory=dict)  # the latest that asked for it last


class Constants:
    """Takes the best parent that is a formula, tunes its constants for a while, then takes the next.

    Args:
        problem: whose templates the formulas fill; its seeds serve where no parent is a formula.
    """

    name = "cma"

    def __init__(self, problem: Problem):
        self.problem = problem
        self.seeds = [seed for seed in problem.seeds().values() if len(idle(seed.root)) < seed.root.size]
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
        for k, place in zip(now.which, places, strict=True):
            values[k] = variation.rounded(values[k] * 2.0 ** (DOUBLINGS * (place - 0.5)))
        formula = replace(now.formula, root=root.with_constants(values))
        candidate = Candidate(self.problem.source(formula), (now.parent,) if now.parent else (), "tuned", self.name)
        now.asked.setdefault(candidate.id, []).append(number)
        return Proposal(candidate)

    def tell(self, tried: Tried) -> None:
        for tuned in (self.now, self.before):
            if tuned is None or not (numbers := tuned.asked.get(tried.candidate.id)):
                continue
            number = numbers.pop()
            if tried.report.status != Status.DUPLICATE:
                tuned.tuner.tell(number, list(tried.report.losses.values()))

    def _begun(self, parents: Sequence[Tried], rng: np.random.Generator) -> _Tuned:
        formula, parent = self._chosen(parents, rng)
        self.done.add(_shape(formula))
        formula = _weighted(formula, rng)
        if not mattering(formula.root):  # it has no room for any
            formula, parent = _weighted(self._seed(rng), rng), ""
        which = mattering(formula.root)[:MOST]
        return _Tuned(formula, parent, which, Tuner([0.5] * len(which), int(rng.random() * 2**31)))

    def _chosen(self, parents: Sequence[Tried], rng: np.random.Generator) -> tuple[Formula, str]:
        """The best parent whose shape was not tuned before; else the best; else a seed, drawn."""
        known = [(self.problem.read(each.candidate.source), each.candidate.id) for each in reversed(parents)]
        formulas = [(formula, parent) for formula, parent in known if formula is not None]
        new = [(formula, parent) for formula, parent in formulas if _shape(formula) not in self.done]
        if new or formulas:
            return (new or formulas)[0]
        return self._seed(rng), ""

    def _seed(self, rng: np.random.Generator) -> Formula:
        if not self.seeds:
            raise Exhausted(
                "proposer cma knows no formula with a constant that would change a decision; give it other seeds"
            )
        return variation.drawn(rng, self.seeds)


def _weighted(formula: Formula, rng: np.random.Generator) -> Formula:
    """A formula without constants that matter with a few factors that do, as far as it has room."""
    if mattering(formula.root):
        return formula
    for _ in range(PLACES):
        root = formula.root
        places = sorted(set(range(root.size)) - idle(root))
        if not places:
            break
        place = variation.drawn(rng, places)
        factor = constant(variation.rounded(2.0 ** rng.standard_normal()))
        child = root.replaced(place, Node("multiply", (factor, root.at(place))))
        formula = replace(formula, root=child) if variation.fits(child) else formula
    return formula


def mattering(root: Node) -> list[int]:
    """Which constants of a formula, by their number, change the order of its values where they are multiplied."""
    places = [place for place, node in enumerate(prefix(root)) if node.name == CONSTANT]
    unmoved = idle(root)
    return [k for k, place in enumerate(places) if place not in unmoved and root.at(place).value != 0]


def idle(root: Node) -> set[int]:
    """Places of a formula where a factor above 0 leaves the order of its values as it is, wherever they come from.

    Policies ask which of several values is the highest: 2 x age + 3 decides like age.
    """
    return set(_ordering(root, 0))


def _ordering(node: Node, place: int) -> Iterator[int]:
    yield from _scaling(node, place)
    arguments = list(_placed(node, place))
    if node.name == "negate":
        yield from _ordering(*arguments[0])
    elif node.name in ("log", "sqrt"):  # of the size of what it is taken of
        yield from _scaling(*arguments[0])
    elif node.name in ("add", "subtract", "multiply"):
        for (one, at), (other, elsewhere) in (arguments, arguments[::-1]):
            if one.name == CONSTANT:
                yield at
                yield from _ordering(other, elsewhere)


def _scaling(node: Node, place: int) -> Iterator[int]:
    """Places where a factor above 0 multiplies the whole by another, or nearly always."""
    yield place
    if node.name in ("multiply", "divide", "negate", "sqrt"):
        for argument, at in _placed(node, place):
            yield from _scaling(argument, at)


def _placed(node: Node, place: int) -> Iterator[tuple[Node, int]]:
    """A formula's arguments and their places, in a formula where its own is this one."""
    place += 1
    for argument in node.arguments:
        yield argument, place
        place += argument.size


def _shape(formula: Formula) -> str:
    """What formulas that differ in constants alone have in common."""
    return f"{formula.template} {formula.root.with_constants([1.0] * len(formula.root.constants))}"
