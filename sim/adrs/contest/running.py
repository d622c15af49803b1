"""A contest: every loop searches every domain a few times, with equal evaluations, from the same seeds on the same instances."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sim.adrs import problem as problems
from sim.adrs.candidate import Candidate, Status
from sim.adrs.contest import profiles
from sim.adrs.court import Court, Ledger, Tested
from sim.adrs.instances import Splits
from sim.adrs.journal import Journal, alone
from sim.adrs.judge import Judge, Mapper
from sim.adrs.loop import (
    JOURNAL,
    Maker,
    Wanted,
    Watch,
    code_of,
    controls_of,
    proposer_of,
    refuse_failing,
    splits_of,
    whole_files,
    writes_code,
)
from sim.adrs.problem import Problem
from sim.adrs.sandbox import Layers, standing
from sim.adrs.search import Search
from sim.adrs.shelf import Shelf
from sim.core.errors import InputError
from sim.core.modules import write_whole
from sim.study.experiment import Bench

FILE = "loops.json"

HALF = 0.5
"""Part of the way from the baseline to the ideal that has to be covered, where nothing else is said."""

REPEATS = 5

BOUND, BEST = "bound", "best"
"""What a gap reaches to: the bound, and the best found where a domain has none; or the best found everywhere."""


@dataclass(frozen=True)
class Course:
    """How one search went.

    Args:
        loop, domain, repeat: which.
        evaluations, losses: after so many evaluations the mean training loss of the best had fallen to this.
        made: evaluations in all.
        begun: evaluations of the policies that it began with.
        stopped: why it ended before its budget, empty where it did not.
    """

    loop: str
    domain: str
    repeat: int
    evaluations: tuple[int, ...]
    losses: tuple[float, ...]
    made: int
    begun: int = 0
    stopped: str = ""

    def reached(self, loss: float) -> float:
        """Evaluations until the best was so good; infinite where it never was."""
        return next((float(n) for n, it in zip(self.evaluations, self.losses, strict=True) if it <= loss), math.inf)


@dataclass(frozen=True)
class Goal:
    """What has to be reached on a domain in one repeat.

    Args:
        domain, repeat: which.
        loss: training loss of the target, that part of what is to be gained; 0 where nothing is.
        ideal: loss of the bound, or the lowest that any loop came to.
    """

    domain: str
    repeat: int
    loss: float
    ideal: float


@dataclass(frozen=True)
class Contest:
    """What a contest came to.

    Args:
        loops, domains: in the order in which they were named.
        ideals: domain -> the policy that no other beats, None where the ideal is the best that any loop found.
        part: of the way from the baseline to the ideal that has to be covered.
        budget: evaluations of each search.
        repeats: of each loop on each domain.
        seed: of the first.
        courses, goals: of all repeats.
        command: that led to it.
    """

    loops: tuple[str, ...]
    domains: tuple[str, ...]
    ideals: Mapping[str, str | None]
    budget: int
    repeats: int
    seed: int
    courses: tuple[Course, ...]
    goals: tuple[Goal, ...]
    part: float = HALF
    command: str = ""

    def of(self, loop: str, domain: str) -> list[Course]:
        """The courses of a loop on a domain, repeat by repeat."""
        return [each for each in self.courses if (each.loop, each.domain) == (loop, domain)]

    def reached(self, loop: str, domain: str) -> list[float]:
        """Evaluations to the target, repeat by repeat."""
        goals = {goal.repeat: goal for goal in self.goals if goal.domain == domain}
        return [
            each.reached(goals[each.repeat].loss) if goals[each.repeat].loss < 0 else math.inf
            for each in self.of(loop, domain)
        ]

    def times(self) -> np.ndarray:
        """Median over repeats of the evaluations to the target, infinite unless most reach it; shape (loops, domains)."""
        return np.array([[_median(self.reached(loop, domain)) for domain in self.domains] for loop in self.loops])

    def ratios(self) -> np.ndarray:
        """See `profiles.ratios`; shape (loops, domains)."""
        return profiles.ratios(self.times())

    def scores(self) -> dict[str, float]:
        """See `profiles.scores`."""
        return dict(zip(self.loops, profiles.scores(self.ratios()).tolist(), strict=True))


def _median(values: Sequence[float]) -> float:
    """The middle one, of an even number the greater one: that many at least are as good."""
    return sorted(values)[len(values) // 2]


Pools = Callable[[Problem], AbstractContextManager[Any]]
"""Opens what runs a domain's trials; its `map` is a `Mapper`."""

Loops = Mapping[str, Sequence[Maker] | str]
"""Loop -> makers of its proposers, or the name of a control."""


def hold(
    domains: Sequence[str],
    loops: Loops,
    wanted: Wanted,
    pools: Pools,
    folder: Path,
    *,
    repeats: int = REPEATS,
    to: str = BOUND,
    part: float = HALF,
    command: str = "",
    watch: Callable[[Problem], Watch] = lambda problem: lambda name, step: None,
) -> Contest:
    """Runs all searches; a contest that was interrupted goes on from what its folder holds.

    Args:
        domains: with a problem file.
        loops: at least two.
        wanted: budget, seed of the first repeat, and what else all searches have in common; its domain is passed over.
        pools: see above.
        folder: keeps a journal for each domain and repeat, and `loops.json` at the end.
        repeats: of each loop on each domain, with seeds of their own; in an odd number of them the median is one of them.
        to: `BOUND` or `BEST`.
        part: of the way there that has to be covered, above 0 and at most 1.
        command: is kept with the result.
        watch: for each domain, what is told of each generation.

    Raises:
        InputError: as `loop.evolve`, and where the folder holds a contest of other wishes.
    """
    found = {problem.system: problem for problem in map(problems.find, domains)}
    _refuse_other(folder, _wishes(tuple(loops), tuple(found), wanted.budget, repeats, wanted.seed))
    courses: list[Course] = []
    goals: list[Goal] = []
    ideals: dict[str, str | None] = {}
    for domain, problem in found.items():
        with pools(problem) as pool:
            for repeat in range(repeats):
                mine = replace(wanted, domain=domain, seed=wanted.seed + repeat)
                place = _place(folder, domain, repeat)
                with alone(place):
                    made, bound, ideal = _repeat(problem, loops, mine, repeat, to, pool.map, place, watch(problem))
                courses += made
                ideals[domain] = bound
                goals.append(Goal(domain, repeat, min(0.0, part * ideal), ideal))
    contest = Contest(
        tuple(loops),
        tuple(found),
        ideals,
        wanted.budget,
        repeats,
        wanted.seed,
        tuple(courses),
        tuple(goals),
        part,
        command,
    )
    write_whole(folder / FILE, json.dumps(asdict(contest), indent=1).encode())
    return contest


def _place(folder: Path, domain: str, repeat: int) -> Path:
    """Where one domain's searches from one seed are kept."""
    return folder / f"{domain.replace('/', '-')}-{repeat}"


def _wishes(loops: Sequence[str], domains: Sequence[str], budget: int, repeats: int, seed: int) -> dict[str, str]:
    """What contests have to share for one to take the other's place, in words; target and part are read off the same searches."""
    return {
        "domains": ", ".join(sorted(domains)),
        "loops": ", ".join(sorted(loops)),
        "budget": f"{budget:,}",
        "repeats": f"{repeats:,}",
        "seed": f"{seed:,}",
    }


def _refuse_other(folder: Path, wishes: Mapping[str, str]) -> None:
    """Leaves a contest of other wishes alone."""
    if not is_kept(folder):
        return
    kept = read(folder)
    for name, had in _wishes(kept.loops, kept.domains, kept.budget, kept.repeats, kept.seed).items():
        if had != wishes[name]:
            raise InputError(
                f"{folder} holds a comparison of loops with {name} {had}, not {wishes[name]}; give another folder with -o"
            )


def _repeat(
    problem: Problem,
    loops: Loops,
    wanted: Wanted,
    repeat: int,
    to: str,
    mapper: Mapper,
    folder: Path,
    watch: Watch,
) -> tuple[list[Course], str | None, float]:
    """All loops on one domain with one seed, which share a journal: what one has tried no other tries again.

    Returns:
        How they went, the policy that is the ideal, None where it is the best that any of them found, and the ideal's loss.
    """
    splits, _ = splits_of(problem, Bench(), wanted)
    seeds = problem.sources()
    about = {"wanted": asdict(wanted), "splits": splits.digest(), "code": code_of(problem)}
    court = Court(problem, Judge(problem.system, mapper), Journal(folder / JOURNAL, about), Ledger())
    controls = dict(controls_of(court, splits, seeds, wanted))
    searches = {loop: _search(court, splits, seeds, wanted, controls, loop, made) for loop, made in loops.items()}
    loop, most = max(((loop, len(search.seeds)) for loop, search in searches.items()), key=lambda each: each[1])
    if most >= wanted.budget:
        raise InputError(
            f"--budget must be at least {most + 1}: {loop} begins with {most} policies of {problem.system}, got {wanted.budget}"
        )
    if any(writes_code(search.proposer) for search in searches.values()):
        standing(Layers(wanted.without))
    refuse_failing(court, seeds, splits)
    courses = []
    for loop, search in searches.items():
        for step in search.run():
            watch(f"{problem.system}, {loop}, repeat {repeat + 1}", step)
        if search.is_interrupted:
            raise InputError(f"{loop} was interrupted ({search.stopped}); the same command goes on from here")
        courses.append(_course(search, splits, loop, problem.system, repeat))
    bound = problem.bound if to == BOUND and not _is_unbound(problem, splits) else None
    return courses, bound, _ideal(court, bound, splits, courses)


def _search(
    court: Court,
    splits: Splits,
    seeds: Mapping[str, str],
    wanted: Wanted,
    controls: Mapping[str, Search],
    loop: str,
    makers: Sequence[Maker] | str,
) -> Search:
    if isinstance(makers, str):
        if makers not in controls:
            raise InputError(f"{court.problem.domain} has no loop {loop}: nothing of its library can be tuned")
        return controls[makers]
    proposer = proposer_of(court.problem, splits, makers, wanted)
    begun = {**seeds, **whole_files(court.problem, proposer)}
    return Search(loop, court, splits, proposer, begun, wanted.budget, wanted.seed)


def _course(search: Search, splits: Splits, loop: str, domain: str, repeat: int) -> Course:
    """Each candidate that was better than all before it, and as which evaluation it came."""
    n, best = 0, math.inf
    evaluations, losses = [], []
    for each in search.tried:
        n += each.status != Status.DUPLICATE
        if each.is_ok and each.n_of(splits.train) == len(splits.train) and (mean := each.mean(splits.train)) < best:
            best = mean
            evaluations.append(n)
            losses.append(mean)
    begun = search.steps[0].evaluations
    return Course(loop, domain, repeat, tuple(evaluations), tuple(losses), n, begun, search.stopped)


def _is_unbound(problem: Problem, splits: Splits) -> bool:
    """Whether a setting lets others beat the bound."""
    return any(name in problem.unbound for each in splits.train for name, _ in each.setting)


def _ideal(court: Court, name: str | None, splits: Splits, courses: Sequence[Course]) -> float:
    """The bound's mean loss on the training instances; without a name the lowest that any loop came to."""
    if name is None:
        return min((each.losses[-1] for each in courses if each.losses), default=0.0)
    bound = Tested(Candidate(Shelf(court.problem.domain).source(name, {}), note=name))
    court.extend([bound], splits.train, "bound")
    if not bound.is_ok:
        raise InputError(f"the bound {name} fails on a training instance: {bound.detail or bound.status}")
    return bound.mean(splits.train)


def is_kept(folder: Path | str) -> bool:
    """Whether a folder holds a contest that has ended."""
    return (Path(folder) / FILE).is_file()


def is_begun(folder: Path | str) -> bool:
    """Whether a folder holds searches of a contest, ended or not."""
    return any((_place(Path(folder), problem.system, 0) / JOURNAL).is_file() for problem in problems.every())


def read(folder: Path | str) -> Contest:
    """The contest that a folder holds.

    Raises:
        InputError: it holds none, or a damaged one.
    """
    path = Path(folder) / FILE
    try:
        told = json.loads(path.read_text())
        tuples = ("evaluations", "losses")
        courses = tuple(Course(**{**each, **{name: tuple(each[name]) for name in tuples}}) for each in told["courses"])
        goals = tuple(Goal(**goal) for goal in told["goals"])
        whole = {**told, "loops": tuple(told["loops"]), "domains": tuple(told["domains"])}
        return Contest(**{**whole, "courses": courses, "goals": goals})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no contest of loops, or a damaged one ({error})") from None
