"""evaluate(): an untrusted candidate on some instances -> a Report. It decides, in a jail; all that counts is computed here.

In order, and the first that goes wrong is the report's status:

1. The allow-list looks at the file.
2. Probes: the candidate is asked, verb by verb, on short traces: twice in one process and once more in another with another hash
   seed (equal decisions), with another future (equal decisions before it), with other ids (noted).
3. The instances, in a process that saw no probe: asked likewise, or, where there is enough to play and the candidate compiles,
   played by machine code in a process that runs no line of its Python, see `played.py`; the system replays the decisions here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.adrs import allowlist, asked, played, probes
from sim.adrs.candidate import Candidate, Report, Status
from sim.adrs.sandbox import Ended, Interpreted, Jail, Layers, Limits
from sim.core import engine
from sim.core.errors import IllegalDecision, InputError, PolicyError
from sim.core.policy import Policy
from sim.core.result import Decisions
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.study import catalog, spec
from sim.study.experiment import Bench, Experiment

if TYPE_CHECKING:
    from sim.adrs.instances import Instance

ENOUGH = 100_000
"""Rows to play from which compiling a candidate takes less time than asking it: some seconds against 20 to 60 us a decision."""

MOST_QUESTIONS = 2000
"""Questions of what an order would give that are answered on a probe: each is a message there."""


@dataclass(frozen=True)
class Run:
    """What a candidate did on one instance.

    Args:
        metrics: the system's, computed here from its decisions.
        decisions: its log.
        rows: of the trace.
    """

    metrics: Mapping[str, Any]
    decisions: Decisions
    rows: int


@dataclass(frozen=True)
class Attempt:
    """What became of a candidate, in full.

    Args:
        status: `ok`, or the first thing that went wrong.
        detail: one line.
        runs: one for each instance; empty unless `ok`.
        key: SHA-256 of its decisions on the probes: equal for candidates that decide alike; empty where it failed before.
        told: what it decided on each probe.
        events: rows played, by all processes, failures included.
        layers: names of the layers that held.
        form: "played" or "asked".
        notes: what the user should know and no status says.
    """

    status: Status
    detail: str = ""
    runs: tuple[Run, ...] = ()
    key: str = ""
    told: tuple[Decisions, ...] = ()
    events: int = 0
    layers: tuple[str, ...] = ()
    form: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Opened:
    """What is played, whichever the policy.

    Args:
        name: for messages.
        system: with its setting.
        trace: with its predictions.
        seed: of the policy's draws.
        channels: prediction channels that the trace offers.
    """

    name: str
    system: Any
    trace: Trace
    seed: int
    channels: tuple[str, ...] = ()


def evaluate(
    candidate: Candidate,
    instances: Sequence[Instance],
    *,
    system: str,
    metric: str,
    baseline: Mapping[str, float],
    probes: Sequence[Instance] = (),
    limits: Limits | None = None,
    layers: Layers | None = None,
) -> Report:
    """How a candidate does on some instances, by the logarithm of a metric's ratio to the baseline's.

    Args:
        candidate: its source is run in a jail, whoever wrote it.
        instances: what to play.
        system: as the command line takes it.
        metric: of the system's results.
        baseline: instance's name -> what the baseline reaches there, above 0.
        probes: short instances to try it on first.
        limits: of each of its processes, and of all together.
        layers: what must stand between it and the machine.

    Returns:
        A report, with a loss for each instance by its name where the candidate is `ok`; lower is better, 0 is the baseline's.

    Raises:
        InputError: too little protects this machine, an instance cannot be opened, or its metric is no number of at least 0.
    """
    tried, losses = judge(candidate.source, instances, system, metric, baseline, probes, limits, layers)
    return Report(tried.status, losses, tried.events, tried.detail)


def judge(
    source: str,
    instances: Sequence[Instance],
    system: str,
    metric: str,
    baseline: Mapping[str, float],
    probes: Sequence[Instance] = (),
    limits: Limits | None = None,
    layers: Layers | None = None,
) -> tuple[Attempt, dict[str, float]]:
    """As `evaluate`: all that became of it, and the losses."""
    opened = [open_instance(system, instance) for instance in instances]
    short = [open_instance(system, instance) for instance in probes]
    tried = attempt(source, opened, short, limits, layers)
    better = next(m.better for m in catalog.system(system).METRICS if m.name == metric)
    sign = -1 if better == "higher" else 1
    losses = {
        each.name: sign * _log_ratio(each, _reached(each, run, metric), baseline[each.name])
        for each, run in zip(opened, tried.runs, strict=False)
    }
    return tried, losses


def _reached(each: Opened, run: Run, metric: str) -> Any:
    """The metric, which the run has or hindsight tells."""
    if metric in run.metrics:
        return run.metrics[metric]
    base = catalog.module("sim.domains", each.system.domain).Policy()
    return each.system.judge(each.trace, base, run.metrics, each.system.hindsight(each.trace))[metric]


def _log_ratio(each: Opened, reached: Any, baseline: float) -> float:
    if reached is None or not 0 <= reached < np.inf or not baseline > 0:
        raise InputError(f"{each.name} gives {reached}, the baseline {baseline}; expected numbers above 0")
    return float(np.log(max(reached, TINY) / baseline))


TINY = 1e-12
"""In the place of a 0, which has no logarithm."""


def attempt(
    source: str,
    instances: Sequence[Opened],
    probed: Sequence[Opened] = (),
    limits: Limits | None = None,
    layers: Layers | None = None,
) -> Attempt:
    """All that becomes of a candidate on some instances, tried on probes first; see `evaluate`.

    Either may be empty, not both.

    Raises:
        InputError: too little protects this machine.
    """
    if "NUMBA_BOUNDSCHECK" in os.environ:
        raise InputError(
            "NUMBA_BOUNDSCHECK is set, which can switch off the checks of indices; unset it to run candidates"
        )
    everything = (*instances, *probed)
    course = _Course(source, everything[0].system.domain, _offered(everything), limits or Limits(), layers or Layers())
    runs: list[Run] = []
    try:
        course.look()
        if probed:
            course.probe(probed)
        if instances:
            runs = course.judge(instances)
    except Ended as ended:
        return Attempt(ended.status, ended.detail, key=course.key, events=course.events, layers=course.active)
    return Attempt(
        Status.OK,
        "",
        tuple(runs),
        course.key,
        tuple(course.told),
        course.events,
        course.active,
        course.form,
        tuple(course.notes),
    )


def _offered(opened: Sequence[Opened]) -> tuple[str, ...]:
    """The prediction channels that candidates may read: those that all instances have."""
    return tuple(sorted(set.intersection(*(set(each.channels) for each in opened))))


@cache
def _bench() -> Bench:
    """This process's: traces come again for each candidate."""
    return Bench()


@lru_cache(maxsize=256)
def open_instance(system: str, instance: Instance) -> Opened:
    """What an instance of a search plays; kept for the next candidate."""
    cls = catalog.system(system)
    trace = instance.open(_bench(), system)
    setting = cls.Setting(**dict(instance.setting)).on(trace)
    return Opened(instance.name, cls(setting), trace, instance.seed, _filled(instance.predictions, cls.domain))


def open_experiment(experiment: Experiment) -> Opened:
    """What an experiment plays, its predictions included; its own policy is left out."""
    system, trace, _ = Bench(reference=False).opened(experiment)
    return Opened(trace.name, system, trace, experiment.seed, _filled(experiment.predictions, experiment.domain))


def _filled(predictions: Sequence[str], domain: str) -> tuple[str, ...]:
    """The channels that these predictors fill."""
    names = [spec.parse(text).name for text in predictions]
    return tuple(sorted({channel for name in names for channel in catalog.channels_filled(name, domain)}))


@dataclass
class _Course:
    """One candidate on its way."""

    source: str
    domain: str
    offered: tuple[str, ...]
    limits: Limits
    layers: Layers
    key: str = ""
    told: list[Decisions] = field(default_factory=list)
    events: int = 0
    active: tuple[str, ...] = ()
    form: str = ""
    notes: list[str] = field(default_factory=list)
    probed: list[tuple[Opened, Decisions]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.limits.all_s

    def look(self) -> None:
        if not self.layers.allowlist:
            return
        try:
            refusal = allowlist.check(self.source, self.domain)
        except allowlist.Malformed as error:
            raise Ended(Status.MALFORMED, str(error)) from None
        if refusal is not None:
            raise Ended(Status.REFUSED, str(refusal))

    def jail(self, hash_seed: int = 0) -> Jail:
        """A process that has met no event yet."""
        left_s = self.deadline - time.monotonic()
        if left_s <= 0:
            raise Ended(Status.TIMEOUT, f"took more than {self.limits.all_s:g} s in all")
        limits = replace(self.limits, wall_s=min(self.limits.wall_s, left_s))
        jail = Jail(self.source, limits, self.layers, hash_seed)
        self.active = jail.active
        return jail

    def probe(self, short: Sequence[Opened]) -> None:
        """Asks on the probes, again, in another process, with another future, and with other ids."""
        short = [_shortened(each) for each in short]
        with self.jail() as jail:
            asking = asked.load(jail, self.domain, self.offered)
            first = self.told = [self.ask(asking, each).decisions for each in short]
            self.key = probes.key(first)
            self.probed += zip(short, first, strict=True)
            for each, log in zip(reversed(short), reversed(first), strict=True):
                self._expect(log, self.ask(asking, each).decisions, f"a second run on {each.name}")
            for each, log in zip(short, first, strict=True):
                if self.domain not in probes.TIMELESS:
                    other = _poisoned(each)
                    self.probed.append((other, self.ask(asking, other).decisions))
                    self._expect_prefix(log, self.probed[-1][1], each)
            self._note_ids(asking, short, first)
        with self.jail(hash_seed=1) as jail:
            again = asked.load(jail, self.domain, self.offered)
            for each, log in zip(short, first, strict=True):
                what = f"another process, with another hash seed, on {each.name}"
                self._expect(log, self.ask(again, each).decisions, what)

    def _note_ids(self, asking: Policy, short: Sequence[Opened], first: Sequence[Decisions]) -> None:
        """Notes where the candidate goes by the numbers of pages or keys, which mean nothing."""
        for each, log in zip(short, first, strict=True):
            found = probes.renamed(each.trace, stream(0, "renamed"))
            if found is None:
                continue
            trace, new = found
            other = self.ask(asking, replace(each, trace=trace)).decisions
            row = probes.difference(probes.with_new_names(log, new, self.domain), other)
            if row is not None:
                self.notes.append(
                    f"goes by the numbers of its {probes.NAMED[self.domain][0]}s: row {row} of {each.name}"
                )
                return

    def _expect(self, log: Decisions, other: Decisions, what: str) -> None:
        row = probes.difference(log, other)
        if row is not None:
            raise Ended(Status.NONDETERMINISTIC, f"{what} decided otherwise from row {row} on")

    def _expect_prefix(self, log: Decisions, other: Decisions, each: Opened) -> None:
        k = len(each.trace) // 2
        row = probes.difference(probes.before(log, k), probes.before(other, k))
        if row is not None:
            raise Ended(
                Status.NONCAUSAL, f"decided otherwise at row {row} of {each.name} when rows from {k} on were others"
            )

    def judge(self, opened: Sequence[Opened]) -> list[Run]:
        """Plays the instances, in a process that saw no probe: what a candidate might have kept of them is not there."""
        with self.jail() as jail:
            asking = asked.load(jail, self.domain, self.offered)
            if self._is_worth_compiling(asking, opened):
                try:
                    runs = self._played(asking, jail, opened)
                except Interpreted as error:
                    self.notes.append(f"is asked, not played: {error}")
                else:
                    self.form = "played"
                    return runs
            self.form = "asked"
            return [self.ask(asking, each) for each in opened]

    def _is_worth_compiling(self, asking: Policy, opened: Sequence[Opened]) -> bool:
        """Only what the allow-list has seen is played; not a policy whose log does not tell all."""
        if not self.layers.allowlist or getattr(asking, "asks", False) or hasattr(asking, "recommended"):
            return False
        return sum(len(each.trace) for each in opened) >= ENOUGH or hasattr(asking, "order")

    def _played(self, asking: Policy, jail: Jail, opened: Sequence[Opened]) -> list[Run]:
        """Plays all instances by machine code, after it has decided as the asked candidate did on the probes."""
        everything = [*(each for each, _ in self.probed), *opened]
        traces = [(each.system, each.system.completed(each.trace, asking)) for each in everything]
        logs = []
        with self.jail() as other:
            player = played.Player(other, self.domain, traces)
            for number, (each, prepared) in enumerate(zip(everything, traces, strict=True)):
                self.events += len(each.trace)
                state = self._guarded(partial(played.begun, asking, jail, *prepared, each.seed))
                logs.append(player.play(number, state))
        for (each, told), log in zip(self.probed, logs, strict=False):
            if probes.difference(told, log) is not None:
                raise Interpreted(f"its compiled form decides otherwise on {each.name}")
        return [
            self._guarded(partial(self._replayed, asking, each, log))
            for each, log in zip(opened, logs[len(self.probed) :], strict=True)
        ]

    def _replayed(self, asking: Policy, each: Opened, log: Decisions) -> Run:
        trace = each.system.completed(each.trace, asking)
        played.check(log, len(trace))
        return Run(each.system.replay(trace, log), log, len(trace))

    def ask(self, asking: Policy, each: Opened) -> Run:
        """Plays an instance here, asking the candidate."""
        self.events += len(each.trace)
        return self._guarded(partial(self._asked, asking, each))

    def _asked(self, asking: Any, each: Opened) -> Run:
        trace = each.system.completed(each.trace, asking)
        result = engine.replay(trace, each.system, asking, seed=each.seed, mode="interpreted", record=True)
        asking.link.finish()
        assert result.decisions is not None
        return Run(result.metrics, result.decisions, len(trace))

    def _guarded(self, action: Any) -> Any:
        """Does it; what the candidate did wrong becomes its status."""
        try:
            return action()
        except asked.Failed as failed:
            raise failed.ended from None
        except IllegalDecision as error:
            raise Ended(Status.ILLEGAL, str(error)) from None
        except PolicyError as error:  # the rules stumbled over what it gave
            raise Ended(Status.ILLEGAL, str(error)) from None
        except InputError as error:
            raise Ended(Status.MALFORMED, str(error)) from None


def _shortened(each: Opened) -> Opened:
    """The same with fewer questions, where its setting limits them."""
    setting = each.system.setting
    limit = getattr(setting, "evaluations", None)
    if limit is None or 0 < limit <= MOST_QUESTIONS:
        return each
    return replace(each, system=replace(each.system, setting=replace(setting, evaluations=MOST_QUESTIONS)))


def _poisoned(each: Opened) -> Opened:
    trace = probes.poisoned(each.trace, len(each.trace) // 2, stream(0, "poisoned", each.trace.name))
    return replace(each, trace=trace)
