"""The honest ending: who won, beside the controls, on instances that no search has seen, in figures and in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.adrs.candidate import Candidate
from sim.adrs.court import Court, Tested
from sim.adrs.holdout import Answer, Ladder
from sim.adrs.instances import FOREIGN, HOLDOUT, TRAIN, VALIDATION, Instance, Splits, is_invented
from sim.adrs.judge import drawn_anew
from sim.adrs.search import Search
from sim.adrs.shelf import Shelf
from sim.adrs.simplify import simplified
from sim.core.errors import InputError
from sim.study import bootstrap, catalog

ENOUGH = 6
"""Fewer paired traces can show nothing at the 5 % level, whatever they give."""

FRESH = 1_000_003
"""Added to the seeds of instances on which a winner is measured anew."""


@dataclass(frozen=True)
class Effect:
    """A mean loss, or a mean difference of two, with its interval.

    Args:
        mean: of logarithms of ratios; below 0 is better.
        interval: 95 %, None where one value says nothing of its spread.
        n: independent traces behind it.
        n_better: of those, on how many it is below 0.
    """

    mean: float
    interval: tuple[float, float] | None
    n: int
    n_better: int

    @property
    def is_sure(self) -> bool:
        """Whether a gain is shown."""
        return self.n >= ENOUGH and self.interval is not None and self.interval[1] < 0


@dataclass
class Row:
    """One line of the table.

    Args:
        name: what it is.
        candidate: the policy.
        evaluations: candidates tried to find it.
        events: rows played to find it.
        effects: split -> mean loss against the baseline; where the holdout's ladder kept its answer back, without it.
        is_bound: it sees the future.
    """

    name: str
    candidate: Candidate
    evaluations: int
    events: int
    effects: dict[str, Effect] = field(default_factory=dict)
    is_bound: bool = False


@dataclass
class Ending:
    """What a search came to.

    Args:
        rows: winner first, then the controls, then the bound.
        winner: the policy that won.
        before: it before it was simplified.
        against: control -> paired difference of the winner to it on the holdout, below 0 where the winner is better.
        abroad: the same on the foreign family.
        rival: the control that the verdict is about: the best by validation.
        answer: of the holdout's ladder.
        inflation: by how much the best of so many finalists looks better on validation by chance alone, about.
        verdict: in words.
    """

    rows: list[Row]
    winner: Tested
    before: Tested
    against: dict[str, Effect]
    abroad: dict[str, Effect]
    rival: str
    answer: Answer
    inflation: float
    verdict: str


def conclude(
    court: Court, splits: Splits, search: Search, controls: Sequence[tuple[str, Search]], ladder: Ladder, seed: int
) -> Ending:
    """Chooses each search's best on validation, and judges them, the library's best and the bound on the holdout.

    Raises:
        InputError: no candidate came through, or no look at the holdout is left.
    """
    fresh = drawn_anew(splits.validation, FRESH)
    finalists, inflation = _ranked(court, splits, search)
    before, winner = _lasting(court, finalists, splits.validation, _judging(splits, fresh), ladder)
    found = [Row("evolved", winner.candidate, search.evaluations, court.ledger.events.get(search.name, 0))]
    tested = {"evolved": winner}
    for name, control in controls:
        (best, *_), _ = _ranked(court, splits, control)
        tested[name] = best
        found.append(Row(name, best.candidate, control.evaluations, court.ledger.events.get(control.name, 0)))
    library = _library(court, splits)
    tested["library"] = library
    found.append(Row("library", library.candidate, len(court.problem.rivals), court.ledger.events.get("library", 0)))
    if court.problem.bound:
        bound = Tested(Candidate(Shelf(court.problem.domain).source(court.problem.bound, {}), note=court.problem.bound))
        tested["bound"] = bound
        found.append(Row("bound", bound.candidate, 0, 0, is_bound=True))
    for part in _judging(splits, fresh):
        court.extend(list(tested.values()), part, "judging")
    answer = ladder.look(winner.candidate.id, winner.losses)
    parts = {TRAIN: splits.train, VALIDATION: splits.validation, "fresh": fresh, HOLDOUT: splits.holdout}
    parts |= {FOREIGN: splits.foreign} if splits.foreign else {}
    for row in found:
        if tested[row.name].is_ok:
            row.effects = {
                name: effect(tested[row.name], None, part, seed)
                for name, part in parts.items()
                if name != HOLDOUT or row.name != "evolved" or answer.is_published
            }
    usual = [name for name, each in tested.items() if name not in ("evolved", "bound") and each.is_ok]
    rival = min(usual, key=lambda name: tested[name].mean(splits.validation))
    against = {name: effect(winner, tested[name], splits.holdout, seed) for name in usual}
    abroad = {name: effect(winner, tested[name], splits.foreign, seed) for name in usual} if splits.foreign else {}
    ending = Ending(found, winner, before, against, abroad, rival, answer, inflation, "")
    ending.verdict = verdict(court, ending)
    n_failed = finalists.index(before)
    if n_failed:
        ending.verdict += f"; {n_failed} that did better on validation failed where they were judged"
    return ending


def _judging(splits: Splits, fresh: Sequence[Instance]) -> list[Sequence[Instance]]:
    """All that a winner and its rivals are measured on at the end."""
    return [part for part in (splits.train, splits.validation, fresh, splits.holdout, splits.foreign) if part]


def _lasting(
    court: Court,
    finalists: Sequence[Tested],
    validation: Sequence[Instance],
    parts: Sequence[Sequence[Instance]],
    ladder: Ladder,
) -> tuple[Tested, Tested]:
    """The first finalist that fails nowhere when it is simplified and judged, as it was and simplified."""
    for before in finalists:
        winner = simplified(court, before, validation, "simplify")
        ladder.refuse_when_spent(winner.candidate.id)
        for part in parts:
            court.extend([winner], part, "judging")
        if winner.is_ok:
            return before, winner
    raise InputError(f"no finalist came through where it was judged; the last: {winner.status}: {winner.detail}")


def _ranked(court: Court, splits: Splits, search: Search) -> tuple[list[Tested], float]:
    """A search's finalists, the best on validation first, and how much of its lead may be luck."""
    finalists = search.finalists()
    court.extend(finalists, splits.validation, search.name)
    finalists = [each for each in finalists if each.is_ok]
    if not finalists:
        failed = ", ".join(f"{n} {status}" for status, n in search.statuses.items())
        raise InputError(f"no candidate of {search.name} came through ({failed or 'none was made'})")
    finalists.sort(key=lambda each: each.mean(splits.validation))
    best = finalists[0]
    values = [each.losses[i.name] - best.losses[i.name] for each in finalists for i in splits.validation]
    error = float(np.std(values)) / math.sqrt(len(splits.validation))
    return finalists, error * math.sqrt(2 * math.log(len(finalists))) if len(finalists) > 1 else 0.0


def _library(court: Court, splits: Splits) -> Tested:
    """The best of the library as it is, by training and validation."""
    shelf = Shelf(court.problem.domain)
    rivals = [Tested(Candidate(shelf.source(name, {}), note=name)) for name in court.problem.rivals]
    court.extend(rivals, (*splits.train, *splits.validation), "library")
    usable = [each for each in rivals if each.is_ok]
    if not usable:
        raise InputError(
            f"no library policy of {court.problem.domain} runs on these traces; the last: {rivals[-1].detail}"
        )
    return min(usable, key=lambda each: each.mean((*splits.train, *splits.validation)))


def effect(one: Tested, other: Tested | None, instances: Sequence[Instance], seed: int) -> Effect:
    """The mean loss of a candidate, or of its difference to another one, over traces that are alike; see `bootstrap`."""
    units: dict[str, list[float]] = {}
    for each in instances:
        loss = one.losses[each.name] - (other.losses[each.name] if other else 0.0)
        units.setdefault(unit(each), []).append(loss)
    width = max(map(len, units.values()))
    values = np.array([[*of, *[np.nan] * (width - len(of))] for of in units.values()])[:, :, None]
    draws = bootstrap.resampled_means(values, seed=seed)[:, 0]
    mean = float(bootstrap.mean(values)[0])
    means = [math.fsum(of) / len(of) for of in units.values()]
    found = bootstrap.interval(draws, mean, len(units)) if len(units) > 1 else None
    return Effect(mean, found, len(units), sum(value < 0 for value in means))


def unit(instance: Instance) -> str:
    """What is independent of other instances: a recorded trace, or one draw of an invented one."""
    return f"{instance.trace} {instance.seed}" if is_invented(instance.trace) else instance.trace


def verdict(court: Court, ending: Ending) -> str:
    """Whether the gain is real, in plain words."""
    metric = next(m for m in catalog.system(court.problem.system).METRICS if m.name == court.problem.metric)
    gain = ending.against[ending.rival]
    said = f"evolved has {change(gain.mean, metric)} than the best control, {ending.rival}, on {traces(gain.n)} of the holdout"
    if gain.n < ENOUGH:
        return f"{said}: too few to announce a winner ({ENOUGH} are the least); name more with --holdout"
    if not ending.answer.is_published:
        return (
            "the holdout says only that this winner is not surely better than one that was published before "
            f"(look {ending.answer.number}); no gain is announced"
        )
    assert gain.interval is not None
    low, high = (change(end, metric) for end in gain.interval)
    inside = f"95 % interval: {low} to {high}; better on {gain.n_better} of {gain.n}"
    if gain.is_sure:
        return f"the gain is real: {said} ({inside})"
    if gain.interval[0] > 0:
        return f"evolution lost: {said} ({inside})"
    return f"no gain is shown: {said} ({inside})"


def change(loss: float, metric: Any) -> str:
    """ "12.3 % fewer misses": a mean logarithm of a ratio in words; losses are lower for the better, whatever the metric."""
    ratio = math.expm1(loss if metric.better == "lower" else -loss)
    words = metric.name.replace("_", " ")
    less = "fewer" if words == "misses" else "less"
    return f"{abs(ratio):.1%} {less if ratio < 0 else 'more'} {words}".replace("%", " %")


def traces(n: int) -> str:
    return f"{n} trace" + "s" * (n != 1)
