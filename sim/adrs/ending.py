"""The honest ending: what was found, beside the controls, on instances that no search has seen, in figures and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.adrs import race as races
from sim.adrs.candidate import Candidate
from sim.adrs.court import Court, Tested
from sim.adrs.holdout import Answer, Ladder
from sim.adrs.instances import FOREIGN, HOLDOUT, TRAIN, VALIDATION, Instance, Splits
from sim.adrs.judge import drawn_anew
from sim.adrs.problem import Problem
from sim.adrs.race import Race
from sim.adrs.search import Search
from sim.adrs.shelf import Shelf
from sim.adrs.simplify import simplified
from sim.core.errors import InputError
from sim.study import bootstrap, stats

EVOLVED, TUNED, LIBRARY, BOUND, CLAIRVOYANT = "evolved", "tuned", "library", "bound", "clairvoyant"
"""Lines of the table that are no control search: the search itself; what is known, tuned and as it is; what sees the future, and
where it is no bound."""

KNOWN = {TUNED: "the library tuned", LIBRARY: "the library's best as it is"}
"""Lines of what needed no search for formulas or code."""

WITH_INTERVAL = (HOLDOUT, FOREIGN)
"""Nothing was chosen by these; an interval of the others would promise what it does not hold."""

FRESH = "fresh"
"""The column of validation instances under draws that nothing was chosen by."""

ENOUGH = 6
"""Fewer paired traces can show nothing at the 5 % level, whatever they give."""

LEVEL = 0.05
"""Of Wilcoxon's test beside a 95 % interval."""

ANEW = 1_000_003
"""Added to the seeds of validation instances for the race, and once more for what is measured when all is chosen."""


@dataclass(frozen=True)
class Effect:
    """A mean loss, or a mean difference of two, with its interval and its test.

    Args:
        mean: of logarithms of ratios; below 0 is better.
        interval: 95 %, None where one value says nothing of its spread.
        n: independent traces behind it.
        n_better, n_worse: of those, on how many it is below and above 0; the others say nothing.
        p: of Wilcoxon's signed-rank test over the traces, two-sided.
    """

    mean: float
    interval: tuple[float, float] | None
    n: int
    n_better: int
    n_worse: int
    p: float

    @property
    def is_sure(self) -> bool:
        """Whether a gain is shown: by the interval and by the test."""
        return self.is_clear and self.interval is not None and self.interval[1] < 0

    @property
    def is_surely_worse(self) -> bool:
        """Whether a loss is shown: by the interval and by the test."""
        return self.is_clear and self.interval is not None and self.interval[0] > 0

    @property
    def is_clear(self) -> bool:
        """Whether the test shows a difference, of enough traces that have one."""
        return self.n_better + self.n_worse >= ENOUGH and self.p <= LEVEL


@dataclass
class Row:
    """One line of the table.

    Args:
        name: what it is.
        candidate: the policy.
        evaluations: candidates tried to find it.
        events: rows played to find it.
        effects: split -> mean loss against the baseline; of what was searched for without the holdout, where its ladder kept the
            answer back.
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
        rows: the search's best first, then the controls', then the bound.
        champion: the line of the table, of the search or of a control, that is best by the traces of the race: the winner.
        winner: its policy.
        before: that before it was simplified.
        race: of the champion's finalists.
        against: line -> paired difference of the winner to it on the holdout, below 0 where the winner is better; empty where
            the holdout was not looked at.
        abroad: the same on the foreign family.
        reference: the best of what was known, tuned or as it is, by the traces of the race.
        rival: the search to which the champion is compared: this one, or of the others the best by the same.
        answer: of the holdout's ladder, about the winner.
        claims: in words: whether a better policy was found, and whether the search found it.
        notices: what the user should know.
    """

    rows: list[Row]
    champion: str
    winner: Tested
    before: Tested
    race: Race
    against: dict[str, Effect]
    abroad: dict[str, Effect]
    reference: str
    rival: str
    answer: Answer
    claims: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def gain(self) -> Effect | None:
        """Difference of the winner to the best of what was known on the holdout, None where that was not looked at."""
        return self.against.get(self.reference)

    @property
    def verdict(self) -> str:
        return "; ".join(self.claims)


def conclude(
    court: Court, splits: Splits, search: Search, controls: Sequence[tuple[str, Search]], ladder: Ladder, seed: int
) -> Ending:
    """Races each search's finalists, simplifies the best of all, and judges it on the holdout beside the others and the bound.

    A search that was interrupted, and may go on, is not judged: that would spend a look on what is unfinished.

    Raises:
        InputError: no candidate came through, nothing of the library did, or no look at the holdout is left.
    """
    searches = {EVOLVED: search, **dict(controls)}
    met = _met(splits)
    parts = _parts(search, splits)
    judged = [met, *parts.values()]
    raced = {name: _raced(court, met, each) for name, each in searches.items()}
    tested = {name: _lasting(court, race.ranked, judged) for name, race in raced.items()}
    tested[LIBRARY] = _library(court, splits, met)
    if court.problem.bound:
        source = Shelf(court.problem.domain).source(court.problem.bound, {})
        tested[BOUND] = Tested(Candidate(source, note=court.problem.bound))
    _judge(court, list(tested.values()), judged)
    champion, reference, rival = _roles(tested, met)
    before = tested[champion]
    winner = tested[champion] = _simplified(court, before, tested[reference], splits.validation, judged)
    answer, against, abroad = ladder.unasked(), {}, {}
    gaps: tuple[float, ...] = ()
    if HOLDOUT in parts:
        answer = ladder.look(winner.candidate.id, winner.losses, winner.mean(splits.train))
        gaps = ladder.widening(winner.candidate.id)
        others = {name: each for name, each in tested.items() if each.is_ok and name not in (champion, BOUND)}
        against = {name: effect(winner, each, splits.holdout, seed) for name, each in others.items()}
        abroad = {name: effect(winner, each, splits.foreign, seed) for name, each in others.items() if splits.foreign}
    rows = [_row(court, name, each, searches, answer, parts, seed) for name, each in tested.items()]
    if BOUND in tested and not _bounds(court.problem, tested, [each for part in parts.values() for each in part]):
        rows[-1].name = CLAIRVOYANT
    ending = Ending(rows, champion, winner, before, raced[champion], against, abroad, reference, rival, answer)
    ending.claims = tuple(_claims(court, search, ending))
    ending.notices = tuple(_notices(ending, gaps))
    return ending


def _met(splits: Splits) -> list[Instance]:
    """What finalists race on: each validation instance, and then a fresh draw of it."""
    anew = drawn_anew(splits.validation, ANEW)
    return [instance for pair in zip(splits.validation, anew, strict=True) for instance in pair]


def _parts(search: Search, splits: Splits) -> dict[str, Sequence[Instance]]:
    """What all that stands in the table is judged on."""
    fresh = drawn_anew(splits.validation, 2 * ANEW)
    parts: dict[str, Sequence[Instance]] = {TRAIN: splits.train, VALIDATION: splits.validation, FRESH: fresh}
    if not search.is_interrupted:
        parts |= {HOLDOUT: splits.holdout} | ({FOREIGN: splits.foreign} if splits.foreign else {})
    return parts


def _roles(tested: Mapping[str, Tested], met: Sequence[Instance]) -> tuple[str, str, str]:
    """The champion, the best of what is known, and the search that the champion is held against."""
    if not tested[EVOLVED].is_ok:
        failed = tested[EVOLVED]
        raise InputError(f"no finalist came through where it was judged; the last: {failed.status}: {failed.detail}")
    order = _in_order(tested, met)
    champion = next(name for name in order if name not in KNOWN)
    reference = next((name for name in order if name in KNOWN), None)
    rival = next((name for name in order if name not in (EVOLVED, *KNOWN)), None) if champion == EVOLVED else EVOLVED
    if reference is None or rival is None:
        failed = next(each for name, each in tested.items() if name not in (EVOLVED, BOUND) and not each.is_ok)
        raise InputError(f"no control came through where it was judged; the last: {failed.status}: {failed.detail}")
    return champion, reference, rival


def _row(
    court: Court,
    name: str,
    tested: Tested,
    searches: Mapping[str, Search],
    answer: Answer,
    parts: Mapping[str, Sequence[Instance]],
    seed: int,
) -> Row:
    of = searches.get(name)
    n = of.evaluations if of else len(court.problem.rivals) if name == LIBRARY else 0
    row = Row(name, tested.candidate, n, court.ledger.events.get(name, 0), is_bound=name == BOUND)
    if tested.is_ok:
        hidden = HOLDOUT if of and not answer.is_published else ""
        row.effects = {name: effect(tested, None, part, seed) for name, part in parts.items() if name != hidden}
    return row


def _bounds(problem: Problem, tested: Mapping[str, Tested], instances: Sequence[Instance]) -> bool:
    """Whether what sees the future is a bound: the settings let it be one, and none does better anywhere."""
    if any(name in problem.unbound for each in instances for name, _ in each.setting):
        return False
    bound = tested[BOUND].losses
    others = [each.losses for name, each in tested.items() if name != BOUND and each.is_ok]
    names = [each.name for each in instances if each.name in bound]
    return all(losses[name] >= bound[name] - 1e-9 for losses in others for name in names)


def _raced(court: Court, met: Sequence[Instance], search: Search) -> Race:
    """A search's finalists, raced."""
    found = races.race(court, search.finalists(), met, search.name)
    if not found.ranked:
        failed = ", ".join(f"{n} {status}" for status, n in search.statuses.items())
        raise InputError(f"no candidate of {search.name} came through ({failed or 'none was made'})")
    return found


def _lasting(court: Court, ranked: Sequence[Tested], judged: Sequence[Sequence[Instance]]) -> Tested:
    """The first finalist that fails nowhere where it is judged; the last of them where all do."""
    for each in ranked[:-1]:
        _judge(court, [each], judged)
        if each.is_ok:
            return each
    _judge(court, ranked[-1:], judged)
    return ranked[-1]


def _judge(court: Court, tested: Sequence[Tested], judged: Sequence[Sequence[Instance]]) -> None:
    for part in judged:
        court.extend(tested, part, "judging")


def _simplified(
    court: Court, before: Tested, known: Tested, validation: Sequence[Instance], judged: Sequence[Sequence[Instance]]
) -> Tested:
    """The winner as simple as its score allows, or as it was where that fails."""
    winner = simplified(court, before, known, validation, "simplify")
    _judge(court, [winner], judged)
    return winner if winner.is_ok else before


def _in_order(tested: Mapping[str, Tested], met: Sequence[Instance]) -> list[str]:
    """Lines of the table that failed nowhere and do not see the future, the best on the traces of the race first."""
    blocks = list(races.by_trace(met).values())
    usable = [name for name, each in tested.items() if each.is_ok and name != BOUND]
    return sorted(usable, key=lambda name: races.mean_of(tested[name], blocks))


def _library(court: Court, splits: Splits, met: Sequence[Instance]) -> Tested:
    """The best of the library as it is, by training and the traces of the race."""
    shelf = Shelf(court.problem.domain)
    rivals = [Tested(Candidate(shelf.source(name, {}), note=name)) for name in court.problem.rivals]
    court.extend(rivals, (*splits.train, *met), LIBRARY)
    usable = [each for each in rivals if each.is_ok]
    if not usable:
        raise InputError(
            f"no library policy of {court.problem.domain} runs on these traces; the last: {rivals[-1].detail}"
        )
    return min(usable, key=lambda each: each.mean((*splits.train, *met)))


def effect(one: Tested, other: Tested | None, instances: Sequence[Instance], seed: int) -> Effect:
    """The mean loss of a candidate, or of its difference to another one, over traces that are alike; see `bootstrap`."""
    units = [
        [one.losses[each.name] - (other.losses[each.name] if other else 0.0) for each in block]
        for block in races.by_trace(instances).values()
    ]
    width = max(map(len, units))
    values = np.array([[*of, *[np.nan] * (width - len(of))] for of in units])[:, :, None]
    draws = bootstrap.resampled_means(values, seed=seed)[:, 0]
    mean = float(bootstrap.mean(values)[0])
    means = np.array([math.fsum(of) / len(of) for of in units])
    found = bootstrap.interval(draws, mean, len(units)) if len(units) > 1 else None
    p, _ = stats.signed_rank(-means)
    return Effect(mean, found, len(units), int((means < 0).sum()), int((means > 0).sum()), p)


def _claims(court: Court, search: Search, ending: Ending) -> Iterator[str]:
    """Whether a better policy than what was known was found, by whatever search; then, and only then, who is to be thanked.

    The second is claimed only where the first is, so that no more of all endings claim anything falsely than of one claim alone.
    """
    metric = court.problem.measured
    if ending.gain is None:
        yield (
            f"the search was interrupted ({search.stopped}): the holdout was not looked at, and nothing is claimed; the same "
            "command goes on"
        )
        return
    gain, answer = ending.gain, ending.answer
    best = f"the best policy found, by {finder_of(ending.champion)},"
    said = f"{best} has {change(gain.mean, metric)} than {KNOWN[ending.reference]}, on {traces(gain.n)} of the holdout"
    if gain.n < ENOUGH:
        yield f"{said}: too few to announce a winner ({ENOUGH} are the least); name more with --holdout"
        return
    if not answer.is_published:
        yield (
            f"the holdout says only that {best} is not surely better than one that was published before (look {answer.number}); "
            "no gain is announced"
        )
        return
    opening = (
        "the gain is real" if gain.is_sure else "the library is better" if gain.is_surely_worse else "no gain is shown"
    )
    yield f"{opening}: {said} {evidence(gain, metric)}"
    own = ending.against[ending.rival]
    ours = "evolved" if ending.champion == EVOLVED else ending.champion
    other = f"the best of the other searches, {ending.rival}" if ending.champion == EVOLVED else "what evolved"
    said = f"{ours} has {change(own.mean, metric)} than {other} {evidence(own, metric)}"
    if not gain.is_sure:
        yield f"so there is nothing to thank the search for: {said}"
    elif not own.is_sure:
        yield f"that it takes the search to find it is not shown: {said}"
    elif ending.champion == EVOLVED:
        yield f"the search found it, and none of the others found one as good: {said}"
    else:
        yield f"the search did not find it: {said}"


def finder_of(champion: str) -> str:
    """What found the winner, in words."""
    return "evolution" if champion == EVOLVED else champion


def evidence(effect: Effect, metric: Any) -> str:
    """ "(95 % interval: 8.0 % fewer misses to 3.1 % fewer misses; better on 25 of 30; p 0.0012)"."""
    assert effect.interval is not None
    low, high = (change(end, metric) for end in effect.interval)
    alike = effect.n - effect.n_better - effect.n_worse
    equal = f", equal on {alike}" if alike else ""
    return f"(95 % interval: {low} to {high}; better on {effect.n_better} of {effect.n}{equal}; p {effect.p:.2g})"


def _notices(ending: Ending, gaps: Sequence[float]) -> Iterator[str]:
    """What the user should know of how the winner was chosen, and of gaps that widen from look to look."""
    n_failed = ending.race.ranked.index(ending.before)
    if n_failed:
        yield f"{n_failed} of the finalists did better in the race and failed where they were judged"
    if gaps:
        told = ", ".join(f"{math.expm1(gap):.1%}".replace("%", " %") for gap in gaps)
        yield (
            f"from look to look at this holdout the gap between training and it widens, {told}: what is found fits the training "
            "traces ever better and the others not; search on more traces, and judge on others (--holdout)"
        )


def change(loss: float, metric: Any) -> str:
    """ "12.3 % fewer misses": a mean logarithm of a ratio in words; losses are lower for the better, whatever the metric."""
    ratio = math.expm1(loss if metric.better == "lower" else -loss)
    words = metric.name.replace("_", " ")
    less = "fewer" if words == "misses" else "less"
    return f"{abs(ratio):.1%} {less if ratio < 0 else 'more'} {words}".replace("%", " %")


def traces(n: int) -> str:
    return f"{n} trace" + "s" * (n != 1)
