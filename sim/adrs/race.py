"""Finalists raced: all meet the same traces one after the other, and whoever is surely worse than the leader meets no more.

Reference: Birattari, Stützle, Paquete and Varrentrapp, "A Racing Algorithm for Configuring Metaheuristics", GECCO 2002 (F-Race).
There each test has the whole level, and a long race drops equals sooner or later; here the tests of a race share it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats as scipy_stats

from sim.adrs.court import Court, Tested
from sim.adrs.instances import Instance
from sim.study import stats

LEAST = 5
"""Traces that all finalists meet before the first test."""

LEVEL = 0.05
"""How often a race may drop any of several that are alike, all its tests together."""

EQUAL = 1e-12
"""Differences that vary by less, relative to their size, do not vary."""


@dataclass(frozen=True)
class Race:
    """What a race came to.

    Args:
        ranked: those that failed nowhere: survivors by their mean loss, the lowest first; then the dropped, the last first.
        n_surviving: of these.
        n_traces: that the survivors met.
        luck: by how much the winner of so many looks better on these traces by chance alone, about.
    """

    ranked: tuple[Tested, ...]
    n_surviving: int
    n_traces: int
    luck: float


def race(
    court: Court, finalists: Sequence[Tested], instances: Sequence[Instance], purpose: str, *, level: float = LEVEL
) -> Race:
    """Tries finalists on trace after trace; after the fifth, and each further one, drops those that are surely worse.

    Args:
        court: tries them.
        finalists: at least one.
        instances: in the order in which they are met; those of one trace are met together.
        purpose: what the ledger is charged for.
        level: see `LEVEL`.
    """
    blocks = list(by_trace(instances).values())
    n_tests = max(len(blocks) - LEAST + 1, 1)
    alive, dropped = list(finalists), list[Tested]()
    for n in range(min(LEAST, len(blocks)), len(blocks) + 1):
        court.extend(alive, [instance for block in blocks[:n] for instance in block], purpose)
        alive = sorted((each for each in alive if each.is_ok), key=lambda each: mean_of(each, blocks[:n]))
        if n < LEAST or len(alive) < 2:
            continue
        worse = surely_worse(np.array([losses_of(each, blocks[:n]) for each in alive]).T, level / n_tests)
        dropped = [*(alive[k] for k in worse), *dropped]
        alive = [each for k, each in enumerate(alive) if k not in worse]
    ranked = (*alive, *dropped)
    return Race(ranked, len(alive), len(blocks), _luck(ranked, blocks))


def by_trace(instances: Sequence[Instance]) -> dict[str, list[Instance]]:
    """Instances by what is independent of others, in the order of the first of each."""
    found: dict[str, list[Instance]] = {}
    for instance in instances:
        found.setdefault(unit(instance), []).append(instance)
    return found


def unit(instance: Instance) -> str:
    """What is independent of other instances: a trace, or one draw of it where there are others."""
    return f"{instance.trace} {instance.seed}" if instance.is_drawn else instance.trace


def losses_of(tested: Tested, blocks: Sequence[Sequence[Instance]]) -> list[float]:
    """Its mean loss on each trace."""
    return [tested.mean(block) for block in blocks]


def mean_of(tested: Tested, blocks: Sequence[Sequence[Instance]]) -> float:
    """The mean over traces of its mean losses there."""
    return math.fsum(losses_of(tested, blocks)) / len(blocks)


def surely_worse(losses: np.ndarray, level: float = LEVEL) -> list[int]:
    """Columns that are surely worse than the one of the lowest mean.

    Of three and more, Friedman's test must first show that they differ at all; then each is held against the leader by Student's
    paired test, corrected by Holm's. Two are held against each other by Wilcoxon's signed-rank test, whose ranks have to agree
    with the means.

    Args:
        losses: shape (traces, candidates).
        level: of all tests together.
    """
    n, k = losses.shape
    if n < 2 or k < 2:
        return []
    leader = int(np.argmin(losses.mean(axis=0)))
    others = [column for column in range(k) if column != leader]
    behind = losses[:, others] - losses[:, [leader]]
    if k == 2:
        p, agreement = stats.signed_rank(behind[:, 0])
        return others if p <= level and agreement > 0 else []
    if stats.friedman(losses)[1] > level:
        return []
    corrected = stats.holm(_student(behind[:, column]) for column in range(k - 1))
    return [other for other, p in zip(others, corrected, strict=True) if p <= level]


def _student(differences: np.ndarray) -> float:
    """Two-sided p of Student's paired test; differences that are all the same leave no doubt."""
    if np.ptp(differences) <= EQUAL * np.abs(differences).max():
        return float(differences[0] == 0)
    return float(scipy_stats.ttest_1samp(differences, 0.0).pvalue)


def _luck(ranked: Sequence[Tested], blocks: Sequence[Sequence[Instance]]) -> float:
    """sd sqrt(2 ln m): about what the largest of m means is too large by; sd is that of the others' distances to the first."""
    variances = []
    for other in ranked[1:]:
        shared = [block for block in blocks if all(instance.name in other.losses for instance in block)]
        behind = np.subtract(losses_of(other, shared), losses_of(ranked[0], shared))
        if len(behind) > 1:
            variances.append(float(behind.var(ddof=1)) / len(behind))
    return math.sqrt(math.fsum(variances) / len(variances) * 2 * math.log(len(ranked))) if variances else 0.0
