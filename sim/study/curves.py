"""Miss-ratio curves: some policies at many capacities of one trace.

Where the domain has one pass that serves all capacities, that is taken; every other policy is replayed at each capacity, several
at a time, over one trace in memory and one compiled loop. Feeding several caches request by request was measured and refused:
each has its own state, and eight that take turns drive each other out of the processor's caches. LRU at 8 capacities, 5 M Zipf
requests to 732,179 pages, one core: 1.4 s one after the other, 4.3 s in turns of 100,000 requests, 3.0 s within one loop, whose
compiling took 16 s; on small traces the turns gain nothing either.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np

from sim.core import engine
from sim.core.errors import AugsimError, InputError
from sim.core.policy import Policy
from sim.core.result import Result
from sim.core.trace import Trace
from sim.study import catalog, ranking
from sim.study.experiment import Bench, Described, Experiment, prediction_choices

GRID = ",".join(f"{100 * share:.6g}%" for share in np.geomspace(0.001, 1, 20))
"""Capacities from a thousandth of the pages to all of them, about two in each doubling."""

Method = Literal["auto", "stack", "replay"]


@dataclass(frozen=True)
class Question:
    """Which curves are wanted.

    Args:
        system: `domain` or `domain/system`.
        trace: as in an `Experiment`.
        policies: their texts, as in an `Experiment`.
        predictions: predictors to choose from; each policy runs with every one that fills a channel it reads.
        setting: the user's options of the system's setting, `capacity` among them.
        seeds: what is drawn (workload, sample, predictions, policy) is drawn anew for each.
        rate: share of the pages to sample; None: all.
        n_kept: pages to sample at most, at whatever rate; None: see `rate`.
        method: "stack": one pass over stack distances or nothing, approximate with sizes; "replay": never; "auto": where exact.
        compare: hold an approximate curve against the exact one.
        mode: how policies are replayed.
    """

    system: str
    trace: str
    policies: tuple[str, ...]
    predictions: tuple[str, ...] = ()
    setting: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    rate: float | None = None
    n_kept: int | None = None
    method: Method = "auto"
    compare: bool = False
    mode: engine.Mode = "auto"

    @property
    def samples(self) -> bool:
        return self.n_kept is not None or (self.rate is not None and self.rate < 1)


@dataclass
class Answer:
    """The curves, one row per point.

    Args:
        rows: experiment, `method` ("stack", "byte stack", "replay"), `sample_rate`, `sampled_requests`, `seconds` (of the pass,
            which serves all capacities, or of the one replay), metrics; compared ones also `exact_miss_ratio` and `error`.
        notices: lines the user should read.
        failures: why points are missing; each reason once.
        is_whole: not interrupted.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    failures: list[AugsimError] = field(default_factory=list)
    is_whole: bool = True

    def note(self, *texts: str) -> None:
        self.notices.extend(text for text in texts if text not in self.notices)

    def fail(self, error: AugsimError) -> None:
        if str(error) not in map(str, self.failures):
            self.failures.append(error)


@dataclass(frozen=True)
class Point:
    """One point of a curve, measured: within the sample, where there is one."""

    capacity: int
    metrics: Mapping[str, Any]
    method: str
    rate: float
    requests: int
    seconds: float
    engine: str


def answer(
    question: Question,
    bench: Bench,
    *,
    threads: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Answer:
    """Measures the curves; a failing policy leaves the others whole.

    Args:
        question: what is wanted.
        bench: opens traces and makes predictions.
        threads: replays at a time; machine code runs side by side, interpreted policies take turns.
        progress: called with (requests played, requests in all) after each replay.

    Raises:
        InputError: the question itself is at fault: no curves in this domain, capacities of two kinds, a rate outside (0, 1].
    """
    _check(question)
    found = Answer()
    curves = [curve for seed in question.seeds for curve in _curves(question, bench, seed, found)]
    twins = {curve: curve.exact() for curve in curves if question.compare and curve.is_approximate}
    points: dict[_Curve, list[Point]] = {}
    replays = []
    for curve in [*curves, *twins.values()]:
        try:
            if curve.has_pass():
                points[curve] = curve.passed()
            else:
                replays += [(curve, setting) for setting in curve.settings]
        except AugsimError as error:
            found.fail(error)
    turns = _Turns()
    total = sum(len(curve.played) for curve, _ in replays)
    n_played = 0
    with ThreadPoolExecutor(max(1, threads)) as pool:
        jobs = {pool.submit(curve.replayed, setting, turns): curve for curve, setting in replays}
        try:
            for job in as_completed(jobs):
                curve = jobs[job]
                try:
                    point, notices = job.result()
                    points.setdefault(curve, []).append(point)
                    found.note(*notices)
                except AugsimError as error:
                    found.fail(error)
                n_played += len(curve.played)
                if progress is not None:
                    progress(n_played, total)
        except KeyboardInterrupt:
            found.is_whole = False
            turns.is_over = True
            pool.shutdown(wait=False, cancel_futures=True)
    for curve in curves:
        found.rows += curve.rows(points.get(curve, []), points.get(twins[curve], []) if curve in twins else None)
        found.note(*curve.doubts(points.get(curve, [])))
    return found


def _check(question: Question) -> None:
    word = catalog.domain_of(question.system)
    if question.system != word or find_spec(f"sim.domains.{word}.curves") is None:
        have = [name for name in catalog.domains() if "/" not in name and find_spec(f"sim.domains.{name}.curves")]
        raise InputError(f"{question.system} has no miss-ratio curves (with curves: {', '.join(have)})")
    if question.rate is not None and not 0 < question.rate <= 1:
        raise InputError(f"the share of pages to sample must be above 0 and at most 1, got {question.rate:g}")
    if question.n_kept is not None and question.n_kept < 1:
        raise InputError(f"the number of pages to sample must be at least 1, got {question.n_kept}")
    if question.rate is not None and question.n_kept is not None:
        raise InputError("give a share of the pages to sample or their number, not both")


def _curves(question: Question, bench: Bench, seed: int, found: Answer) -> list[_Curve]:
    """The curves of one seed; those that no draw changes stand under the first seed alone."""
    domain = question.system
    trace = bench.trace(question.trace, domain, seed)
    settings, notices = catalog.system(domain).Setting.from_options(trace, **question.setting)
    found.note(*trace.origin.get("notices", ()), *notices)
    settings = sorted((one.on(trace) for one in dict.fromkeys(settings)), key=lambda one: one.capacity)
    if len({one.sized for one in settings}) > 1:
        raise InputError("capacities in pages and in bytes cannot share a curve; give them in one unit")
    played, rate = trace, 1.0
    if question.rate is not None and question.samples:
        played, rate = _rules(domain).sample(trace, question.rate, seed)
    is_drawn = question.samples or question.trace.startswith("workload:")
    policies = [(text, catalog.policy(domain, text)) for text in question.policies]
    return [
        _Curve(
            question, bench, trace, played, rate, question.n_kept, question.method, settings, text, policy, choice, seed
        )
        for text, policy in policies
        for choice in prediction_choices(domain, policy, question.predictions)
        if seed == question.seeds[0] or is_drawn or choice or catalog.draws(policy)
    ]


def _rules(domain: str) -> Any:
    """What a domain knows of curves."""
    return catalog.module("sim.domains", domain, "curves")


@dataclass(frozen=True, eq=False)
class _Curve:
    """One policy with its predictors and seed, at all capacities, on a trace or on what was sampled of it (`played`)."""

    question: Question
    bench: Bench
    trace: Trace
    played: Trace
    rate: float
    n_kept: int | None
    method: Method
    settings: list[Any]
    text: str
    policy: Policy
    choice: tuple[str, ...]
    seed: int

    @property
    def rules(self) -> Any:
        return _rules(self.question.system)

    @property
    def is_approximate(self) -> bool:
        return self.question.samples or (self.method == "stack" and self.settings[0].sized)

    def exact(self) -> _Curve:
        """The curve that this one approximates."""
        return replace(self, played=self.trace, rate=1.0, n_kept=None, method="auto")

    @property
    def one_pass(self) -> Callable[..., Any] | None:
        """The domain's pass for this policy, which must be the library's own."""
        for name, function in self.rules.ONE_PASS.items():
            if type(self.policy) is catalog.policy_class(self.question.system, name):
                return function
        return None

    def has_pass(self) -> bool:
        """Whether one pass serves all capacities.

        Raises:
            InputError: the user asked for what only a pass can give, and there is none.
        """
        name = type(self.policy).__name__
        have = ", ".join(self.rules.ONE_PASS)
        if self.n_kept is not None and (self.one_pass is None or self.method == "replay"):
            raise InputError(
                f"{name} has no curve from a fixed number of pages, which takes stack distances (with one: {have}); "
                "give --sample RATE"
            )
        if self.method == "stack" and self.one_pass is None:
            raise InputError(f"{name} has no curve from stack distances (with one: {have}); leave out --method stack")
        if self.method == "replay" or self.one_pass is None:
            return False
        return self.method == "stack" or self.n_kept is not None or self.rules.has_pass(self.settings[0], self.trace)

    def passed(self) -> list[Point]:
        """All points from one pass."""
        before = time.perf_counter()
        if self.n_kept is not None:
            measured = self.rules.lru_of_fixed_size(self.trace, self.settings, self.n_kept, self.seed)
        else:
            assert self.one_pass is not None
            measured = self.one_pass(self.played, self.settings, self.rate)
        seconds = time.perf_counter() - before
        whole = self.rules.totals(self.trace, self.settings[0])
        method = "byte stack" if self.settings[0].sized else "stack"
        missed_bytes = [None] * len(self.settings) if measured.missed_bytes is None else measured.missed_bytes
        return [
            Point(
                setting.capacity,
                self.rules.ratios(missed, in_bytes, self.rate, whole),
                method,
                measured.rate,
                measured.requests,
                seconds,
                "compiled",
            )
            for setting, missed, in_bytes in zip(self.settings, measured.misses, missed_bytes, strict=True)
        ]

    def replayed(self, setting: Any, turns: _Turns) -> tuple[Point, tuple[str, ...]]:
        """One point from a replay, at the setting's capacity or, within a sample, at its share."""
        with turns.begin() as turn:
            played = self.played
            scaled = setting if self.rate == 1 else self.rules.scaled(setting, self.rate).on(played)
            system = catalog.system(self.question.system)(scaled)
            predicted = self.bench.predicted(played, scaled, self.choice, self.seed)
            result = engine.replay(
                system.completed(predicted, self.policy),
                system,
                self.policy,
                seed=self.seed,
                mode=self.question.mode,
                progress=lambda done, n: turn.go_on(),
            )
        metrics = dict(result.metrics)
        if self.rate < 1:
            share = metrics["byte_miss_ratio"]
            in_bytes = None if share is None else share * self.rules.totals(played, scaled).requested_bytes
            whole = self.rules.totals(self.trace, setting)
            metrics = self.rules.ratios(metrics["misses"], in_bytes, self.rate, whole)
        point = Point(setting.capacity, metrics, "replay", self.rate, len(played), result.seconds, result.engine)
        return point, result.notices

    def rows(self, points: Sequence[Point], exact: Sequence[Point] | None) -> list[dict[str, Any]]:
        """The points as rows, by capacity; with the exact ones where these are asked for."""
        known = {point.capacity: point.metrics["miss_ratio"] for point in exact or ()}
        settings = {setting.capacity: setting for setting in self.settings}
        rows = []
        for point in sorted(points, key=lambda point: point.capacity):
            fields = tuple(
                (one.name, getattr(settings[point.capacity], one.name))
                for one in dataclasses.fields(settings[point.capacity])
                if not one.metadata.get("derived")
            )
            question = self.question
            experiment = Experiment(question.system, question.trace, self.text, self.choice, fields, self.seed)
            described = Described(experiment, self.trace.name, self.policy)
            result = Result(point.metrics, {}, point.seconds, point.requests, point.engine, experiment=described)
            row = {"label": ranking.policy_label(result), **described.row(), "engine": point.engine}
            row |= {"method": point.method, "sample_rate": point.rate, "sampled_requests": point.requests}
            row |= {"seconds": point.seconds, **point.metrics}
            if exact is not None:
                right = known.get(point.capacity)
                row |= {"exact_miss_ratio": right, "error": None if right is None else row["miss_ratio"] - right}
            rows.append(row)
        return rows

    def doubts(self, points: Sequence[Point]) -> list[str]:
        """What to keep in mind about a sample's points."""
        if not points or points[0].rate == 1 or self.settings[0].sized:
            return []
        bound = self.rules.FEW / points[0].rate
        if min(point.capacity for point in points) >= bound:
            return []
        return [
            f"below {bound:,.0f} pages a sampled cache holds fewer than {self.rules.FEW}: the curve is rough there, "
            "and --compare measures how rough"
        ]


class _Turns:
    """Lets replays begin one at a time, which loads and compiles modules and makes predictions, and run side by side.

    Attributes:
        is_over: replays are to stop at the end of the part they play.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.is_over = False

    def begin(self) -> _Turn:
        return _Turn(self)


class _Turn:
    """One replay's: it lasts until the first part has been played."""

    def __init__(self, turns: _Turns):
        self.turns = turns
        self.is_mine = False

    def __enter__(self) -> _Turn:
        self.is_mine = self.turns.lock.acquire()
        return self

    def go_on(self) -> None:
        """A part has been played: the next replay may begin, and this one stops where all do."""
        if self.turns.is_over:
            raise _Stopped
        self.end()

    def end(self) -> None:
        if self.is_mine:
            self.is_mine = False
            self.turns.lock.release()

    def __exit__(self, *_: object) -> None:
        self.end()


class _Stopped(Exception):
    """A replay was given up after an interrupt."""


@dataclass(frozen=True)
class Error:
    """How far an approximate curve is from the exact one, over the capacities of both: mean and largest absolute difference of
    the miss ratios, and where the largest is."""

    mean: float
    largest: float
    capacity: int
    n_points: int


def errors(rows: Sequence[Mapping[str, Any]]) -> dict[str, Error]:
    """The error of each label's curve, over its capacities and seeds; empty where nothing was compared."""
    found: dict[str, list[tuple[float, int]]] = {}
    for row in rows:
        if row.get("error") is not None:
            found.setdefault(row["label"], []).append((abs(row["error"]), row["system.capacity"]))
    return {
        label: Error(float(np.mean([size for size, _ in sizes])), *max(sizes), len(sizes))
        for label, sizes in found.items()
    }
