"""Axes over an experiment: planned whole, run anywhere, kept as they finish, given as a table."""

from __future__ import annotations

import dataclasses
import itertools
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from sim.core.errors import AugsimError, IllegalDecision, InputError
from sim.core.policy import Policy
from sim.study import catalog, provenance, spec
from sim.study.experiment import Bench, Experiment, prediction_choices

if TYPE_CHECKING:
    import pandas as pd

    from sim.study.store import Store

TIMED_OUT, OUT_OF_MEMORY, FAILED, ILLEGAL, DONE = "timed out", "out of memory", "failed", "illegal", "done"
"""What became of a run: only `done` has metrics; `illegal` is the policy's fault, `failed` its input's or its own."""


@dataclass(frozen=True)
class Budget:
    """What one run may take; None: as much as it wants.

    Args:
        seconds_per_run: of wall clock, above 0.
        memory_per_run_mb: of memory beyond what the process holds before its first run; needs the back end "processes".
    """

    seconds_per_run: float | None = None
    memory_per_run_mb: float | None = None

    def __post_init__(self):
        for name, value in vars(self).items():
            if value is not None and not value > 0:
                raise InputError(f"budget.{name} must be above 0, got {value}")


@dataclass(frozen=True)
class Inputs:
    """How traces are opened, the same for all runs of a sweep; see `Bench`."""

    reader: tuple[tuple[str, Any], ...] = ()
    n_requests: int | None = None

    def bench(self) -> Bench:
        return Bench(reader=dict(self.reader), n_requests=self.n_requests)


@dataclass(frozen=True)
class Planned:
    """One run of a sweep, known in full before it starts.

    Args:
        experiment: what to run.
        asked: the axes as they were asked for: `label` (the policy as tables call it), `asked.capacity` ("1%") and so on; they
            group rows whose settings differ from trace to trace.
        key: hash of what the run is: content of the trace, policy with parameters, predictions, setting, seed.
        code: hash of all code that shapes it; a stored result with another one is stale.
        inputs: runs with equal inputs find trace, predictions and reference ready where they follow each other.
    """

    experiment: Experiment
    asked: Mapping[str, Any]
    key: str
    code: str
    inputs: str


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Args:
        planned: the run.
        status: one of those above.
        row: its flat row; without metrics where it is not done.
        error: one line, where it is not done.
        details: a traceback, where the failure is no line for a user.
        timeline: columns over equal parts of the trace; empty where it is not done.
        seconds: wall clock of the whole run, opening and labelling included.
    """

    planned: Planned
    status: str
    row: Mapping[str, Any]
    error: str | None = None
    details: str | None = None
    timeline: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


Backend = Callable[[Callable[[Planned], Outcome], Iterable[Planned], Budget], Iterator[Outcome]]
"""A back end: maps a function over runs and gives the outcomes as they finish."""


@dataclass(frozen=True)
class Sweep:
    """Axes over an experiment.

    Args:
        system: `domain` or `domain/system`.
        traces: files, `sample:NAME` or `workload:NAME,key=value`.
        policies: `NAME,key=value` or paths of files.
        predictions: predictors; "none" is one that every policy that reads no channel has.
        settings: combinations of the system's settings: option -> values as a user types them; each combination is a
            product of its own, e.g. ({"capacity": ("1%", "10%")},).
        seeds: a policy, prediction or trace that draws nothing is run for the first one only.
        reference: run the domain's clairvoyant reference too.
        metric: the one that figures and comparisons take first; None: the domain's.
        inputs: how traces are opened.
        budget: limits of each run.
    """

    system: str
    traces: tuple[str, ...]
    policies: tuple[str, ...]
    predictions: tuple[str, ...] = ("none",)
    settings: tuple[Mapping[str, tuple[Any, ...]], ...] = ({},)
    seeds: tuple[int, ...] = (0,)
    reference: bool = True
    metric: str | None = None
    inputs: Inputs = Inputs()
    budget: Budget = Budget()

    @property
    def domain(self) -> str:
        return self.system.partition("/")[0]

    def check(self) -> dict[str, Policy]:
        """Refuses whatever can be refused without opening a trace; gives the policies by their texts."""
        system = catalog.system(self.system)
        for axis in ("traces", "policies", "seeds"):
            if not getattr(self, axis):
                raise InputError(f"{axis} is empty; an axis needs at least one value")
        for text in self.predictions:
            if text != "none":
                catalog.check_predictor(text)
        known = {f.name: f for f in dataclasses.fields(system.Setting) if not f.metadata.get("derived")}
        for combination in self.settings:
            for name, values in combination.items():
                if name not in known:
                    what = catalog.unknown_word(f"setting of {self.system}", name, known)
                    raise InputError(f"{what} (settings: {', '.join(known)})")
                if not values:
                    raise InputError(f"system.{name} has no values; an axis needs at least one")
            for name, option in known.items():
                if option.default is dataclasses.MISSING and name not in combination:
                    raise InputError(f"system.{name} is missing; {self.system} needs it: {option.metadata['help']}")
        names = [metric.name for metric in system.METRICS]
        if self.metric is not None and self.metric not in names:
            raise InputError(f"{catalog.unknown_word('metric', self.metric, names)} (metrics: {', '.join(names)})")
        policies = {text: catalog.policy(self.domain, text) for text in self.policies}
        for text, policy in policies.items():
            self._check_channels(text, policy)
        return policies

    def _check_channels(self, text: str, policy: Policy) -> None:
        for channel in catalog.channels_needed(self.domain, policy):
            fitting = [name for name in catalog.predictors() if channel in catalog.channels_filled(name)]
            if not any(spec.parse(given).name in fitting for given in self.predictions):
                raise InputError(
                    f"{text} reads predictions of channel {channel}, and predictions names none that fills it "
                    f"(one of {', '.join(fitting)})"
                )

    def plan(self, bench: Bench | None = None) -> list[Planned]:
        """All runs, those that share inputs one after the other. Every trace is opened once; nothing is replayed.

        Raises:
            InputError: some part of the sweep is not usable.
        """
        bench = bench or self.inputs.bench()
        policies = self.check()
        found = {
            planned.key: planned
            for trace in self.traces
            for seed in self.seeds
            for planned in self._on(bench, trace, seed, policies)
        }
        return list(found.values())

    def _on(self, bench: Bench, text: str, seed: int, policies: Mapping[str, Policy]) -> Iterator[Planned]:
        """The runs on one trace under one seed."""
        system = catalog.system(self.system)
        trace = bench.trace(text, self.domain, seed)
        content = provenance.content_of(trace, text, seed)
        runs = dict(policies)
        if self.reference and system.REFERENCE and system.REFERENCE not in runs:
            runs[system.REFERENCE] = catalog.policy(self.domain, system.REFERENCE)
        for asked, setting in self._settings(trace):
            chosen = {
                name: policy
                for name, policy in runs.items()
                if name in policies or system(setting.on(trace)).has_reference
            }
            options = tuple((f.name, getattr(setting, f.name)) for f in _users(setting))
            for name, policy in chosen.items():
                for choice in prediction_choices(self.domain, policy, self.predictions) or [()]:
                    is_random = catalog.draws(policy) or bool(choice) or text.startswith("workload:")
                    if seed != self.seeds[0] and not is_random:
                        continue
                    experiment = Experiment(self.system, text, name, choice, options, seed)
                    described = {**asked, "label": provenance.file_label(name)}
                    yield Planned(
                        experiment,
                        described,
                        provenance.digest(self.system, trace.name, content, described, choice, options, seed),
                        provenance.code_of(self.domain, policy, text, choice),
                        provenance.digest(content, options),
                    )

    def _settings(self, trace: Any) -> Iterator[tuple[dict[str, Any], Any]]:
        """Each setting for this trace, with the axes as they were asked for."""
        setting_class = catalog.system(self.system).Setting
        for combination in self.settings:
            for values in itertools.product(*combination.values()):
                asked = dict(zip(combination, values, strict=True))
                texts = {name: value if isinstance(value, bool) else str(value) for name, value in asked.items()}
                settings, _ = setting_class.from_options(trace, **texts)
                for setting in settings:
                    shown = {
                        f"asked.{name}": value if len(settings) == 1 else getattr(setting, name)
                        for name, value in asked.items()
                    }
                    yield shown, setting

    def run(
        self,
        store: Store | None = None,
        backend: Backend | None = None,
        progress: Callable[[Outcome, int, int], None] | None = None,
        text: str = "",
    ) -> pd.DataFrame:
        """Runs what the store does not have yet, and gives the table of all runs, in the order of the plan.

        Args:
            store: keeps outcomes as they come; None: they are kept in memory only.
            backend: None: one run after the other, in this process.
            progress: called with (outcome, how many are done, how many there were to do).
            text: the study file, for the store's provenance.
        """
        from sim.study.backends import serial
        from sim.study.store import table

        planned = self.plan()
        if store:
            store.begin(self, planned, text)
        kept = store.outcomes(planned) if store else {}
        missing = [run for run in planned if run.key not in kept]
        outcomes = dict(kept)
        function = partial(run_planned, self.inputs, self.budget)
        for outcome in (backend or serial.map)(function, missing, self.budget):
            if store:
                store.put(outcome)
            outcomes[outcome.planned.key] = outcome
            if progress:
                progress(outcome, len(outcomes) - len(kept), len(missing))
        return table(outcomes[run.key] for run in planned if run.key in outcomes)


def _users(setting: Any) -> list[dataclasses.Field]:
    return [f for f in dataclasses.fields(setting) if not f.metadata.get("derived")]


@cache
def _bench(inputs: Inputs) -> Bench:
    """The bench of this process: neighbouring runs find trace, predictions and reference on it."""
    return inputs.bench()


class _TimedOut(Exception):
    pass


def run_planned(inputs: Inputs, budget: Budget, planned: Planned) -> Outcome:
    """Runs one experiment; whatever goes wrong with it is in the outcome, and nothing is raised but an interrupt."""
    began = time.perf_counter()

    def watch(done: int, n: int) -> None:
        if budget.seconds_per_run is not None and time.perf_counter() - began > budget.seconds_per_run:
            raise _TimedOut

    def ended(status: str, error: str, details: str | None = None) -> Outcome:
        return failure(planned, status, error, details, time.perf_counter() - began)

    try:
        result = _bench(inputs).run(planned.experiment, progress=watch)
    except _TimedOut:
        return ended(TIMED_OUT, f"took more than {budget.seconds_per_run:g} s")
    except MemoryError:
        return ended(OUT_OF_MEMORY, "not enough memory")
    except IllegalDecision as error:
        return ended(ILLEGAL, str(error))
    except AugsimError as error:
        return ended(FAILED, str(error), traceback.format_exc() if error.__cause__ else None)
    except Exception as error:
        return ended(FAILED, f"{type(error).__name__}: {error}", traceback.format_exc())
    row = provenance.flat({**planned.asked, **result.row()})
    return Outcome(planned, DONE, row, None, None, result.timeline, time.perf_counter() - began)


def failure(planned: Planned, status: str, error: str, details: str | None = None, seconds: float = 0.0) -> Outcome:
    """The outcome of a run that gave none: its row says what was to run."""
    experiment = planned.experiment
    row = {
        **planned.asked,
        "trace": experiment.trace,
        "policy": experiment.policy,
        **{f"system.{name}": value for name, value in experiment.setting},
        "predictions": " ".join(experiment.predictions) or "none",
        "seed": experiment.seed,
    }
    return Outcome(planned, status, row, error, details, {}, seconds)
