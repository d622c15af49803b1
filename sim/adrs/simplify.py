"""A winner made as simple as its score allows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from sim.adrs.candidate import Candidate
from sim.adrs.court import Court, Tested
from sim.adrs.expression import Node, prefix
from sim.adrs.instances import Instance
from sim.adrs.problem import Formula

ROUNDS = 8
"""Cuts at most, one after the other."""

MOST_CUTS = 100
"""Cuts that are tried at a time, the largest first."""

MOST_LOST = 0.1
"""Share of the winner's gain over what was known that all cuts together may cost: a standard error may be as wide as the gain."""


def simplified(court: Court, winner: Tested, known: Tested, instances: Sequence[Instance], purpose: str) -> Tested:
    """The winner with all parts gone, and all digits, that make no difference beyond the noise on these instances.

    Each round takes the smallest formula that is worse than the winner by at most a standard error of their paired difference,
    and by at most a tenth of the winner's gain over `known`: where there is no gain, only what is no worse. What is no formula
    stays as it is.
    """
    formula = court.problem.read(winner.candidate.source)
    if formula is None:
        return winner
    best = winner
    gain = math.fsum(known.losses[i.name] - winner.losses[i.name] for i in instances) / len(instances)
    for _ in range(ROUNDS):
        cuts = sorted(set(_smaller(formula)), key=lambda cut: (cut.root.size, _digits(cut.root), str(cut.root)))
        tested = [_tested(court, cut, winner) for cut in cuts[:MOST_CUTS]]
        court.extend(tested, instances, purpose)
        found = next(
            (pair for pair in zip(cuts, tested, strict=False) if _is_as_good(pair[1], winner, gain, instances)), None
        )
        if found is None:
            break
        formula, best = found
    return best


def _tested(court: Court, formula: Formula, winner: Tested) -> Tested:
    source = court.problem.source(formula)
    return Tested(Candidate(source, (winner.candidate.id,), "simplified", winner.candidate.proposer))


def _smaller(formula: Formula) -> Iterator[Formula]:
    root = formula.root
    for place, part in enumerate(prefix(root)):
        for inner in part.arguments:
            for kept in (inner, *inner.arguments):
                yield replace(formula, root=root.replaced(place, kept))
    for digits in (1, 2):
        rounded = root.with_constants([float(f"{value:.{digits}g}") for value in root.constants])
        if rounded != root:
            yield replace(formula, root=rounded)


def _digits(root: Node) -> int:
    return sum(len(f"{value:.12g}".strip("-0.")) for value in root.constants)


def _is_as_good(one: Tested, winner: Tested, gain: float, instances: Sequence[Instance]) -> bool:
    if not one.is_ok:
        return False
    difference = np.array([one.losses[i.name] - winner.losses[i.name] for i in instances])
    spread = difference.std(ddof=1) / math.sqrt(len(difference)) if len(difference) > 1 else 0.0
    return bool(difference.mean() <= min(spread, MOST_LOST * max(gain, 0.0)))
