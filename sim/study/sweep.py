"""Axes over an experiment: planned whole, run anywhere, kept as they finish, given as a table."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.core.policy import Policy
from sim.core.trace import Trace
from sim.study import catalog, provenance, spec
from sim.study.experiment import Bench, Experiment, first_rows, prediction_choices
from sim.study.runs import Backend, Budget, Inputs, Outcome, Planned, run_planned, table

if TYPE_CHECKING:
    import pandas as pd

    from sim.study.store import Store


class AxisError(InputError):
    """A value of an axis that cannot be used; `axis` and `value` say which, for whoever knows the line it stands in."""

    def __init__(self, axis: str, value: Any, reason: str):
        super().__init__(f"{axis}: {reason}")
        self.axis = axis
        self.value = value


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
        baseline: the policy that comparisons take as the measure; None: the first one without predictions.
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
    baseline: str | None = None
    inputs: Inputs = field(default_factory=Inputs)
    budget: Budget = field(default_factory=Budget)

    @property
    def domain(self) -> str:
        return self.system.partition("/")[0]

    @property
    def metrics(self) -> list[Metric]:
        """All metrics of the system, the main one first."""
        return sorted(catalog.system(self.system).METRICS, key=lambda metric: metric.name != self.metric)

    def check(self) -> dict[str, Policy]:
        """Refuses whatever can be refused without opening a trace; gives the policies by their texts.

        Raises:
            AxisError: a value of an axis that cannot be used.
        """
        catalog.system(self.system)
        for axis in ("traces", "policies", "predictions", "settings", "seeds"):
            if not getattr(self, axis):
                raise AxisError(axis, None, "no values; an axis needs at least one")
        for text in self.predictions:
            with _axis("predictions", text):
                if text != "none":
                    catalog.check_predictor(text, self.domain)
        self._check_settings()
        self._check_metric()
        policies = {}
        for text in dict.fromkeys(self.policies):
            with _axis("policies", text):
                policies[text] = catalog.policy(self.domain, text)
                self._check_channels(text, policies[text])
        if self.baseline is not None:
            with _axis("baseline", self.baseline):
                names = [*policies, *([catalog.system(self.system).REFERENCE] if self.reference else [])]
                if self.baseline not in names:
                    what = catalog.unknown_word("policy of this study", self.baseline, names)
                    raise InputError(f"{what} (policies: {', '.join(names)})")
        return policies

    def _check_settings(self) -> None:
        setting_class = catalog.system(self.system).Setting
        known = {f.name: f for f in dataclasses.fields(setting_class) if not f.metadata.get("derived")}
        for combination in self.settings:
            for name, values in combination.items():
                if name not in known:
                    what = catalog.unknown_word(f"setting of {self.system}", name, known)
                    raise AxisError("system", name, f"{what} (settings: {', '.join(known)})")
                if not values:
                    raise AxisError("system", name, f"{name} has no values; an axis needs at least one")
            for name, option in known.items():
                if option.default is dataclasses.MISSING and name not in combination:
                    raise AxisError(
                        "system", None, f"{name} is missing; {self.system} needs it: {option.metadata['help']}"
                    )

    def _check_metric(self) -> None:
        names = [metric.name for metric in self.metrics]
        if self.metric is not None and self.metric not in names:
            what = catalog.unknown_word("metric", self.metric, names)
            raise AxisError("metric", self.metric, f"{what} (metrics: {', '.join(names)})")

    def _check_channels(self, text: str, policy: Policy) -> None:
        for channel in catalog.channels_needed(self.domain, policy):
            known = catalog.predictors(self.domain)
            fitting = [name for name in known if channel in catalog.channels_filled(name, self.domain)]
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
        return list({planned.key: planned for planned in _Planner(self, bench, policies).runs()}.values())

    def run(
        self,
        store: Store | None = None,
        backend: Backend | None = None,
        progress: Callable[[Outcome | None, int, int], None] | None = None,
        planned: Sequence[Planned] | None = None,
    ) -> pd.DataFrame:
        """Runs what the store does not have yet, and gives the table of all runs, in the order of the plan.

        Args:
            store: keeps outcomes as they come; None: they are kept in memory only.
            backend: None: one run after the other, in this process.
            progress: called with (outcome, how many are done, how many there were to do), at first with None.
            planned: what `plan` gave; None: it is planned now.
        """
        from sim.study.backends import serial

        planned = self.plan() if planned is None else planned
        kept = store.begin(self, planned) if store else {}
        missing = [run for run in planned if run.key not in kept]
        outcomes = dict(kept)
        if progress:
            progress(None, 0, len(missing))
        function = partial(run_planned, self.inputs, self.budget)
        for outcome in (backend or serial.map)(function, missing, self.budget):
            if store:
                store.put(outcome)
            outcomes[outcome.planned.key] = outcome
            if progress:
                progress(outcome, len(outcomes) - len(kept), len(missing))
        return table(outcomes[run.key] for run in planned)


TRIED_ROWS = 100
"""First rows of a trace on which predictors are tried before anything runs."""


class _axis:
    """Says which axis and value an error inside belongs to."""

    def __init__(self, axis: str, value: Any):
        self.axis, self.value = axis, value

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: Any, error: BaseException | None, __: Any) -> None:
        if isinstance(error, InputError) and not isinstance(error, AxisError):
            raise AxisError(self.axis, self.value, str(error)) from error.__cause__


class _Planner:
    """Turns the axes of a sweep into runs."""

    def __init__(self, sweep: Sweep, bench: Bench, policies: Mapping[str, Policy]):
        self.sweep = sweep
        self.bench = bench
        self.system = catalog.system(sweep.system)
        self.runs_of = dict(policies)
        reference = self.system.REFERENCE
        if sweep.reference and reference and reference not in policies:
            self.runs_of[reference] = catalog.policy(sweep.domain, reference)
        self.draws = {name: catalog.draws(policy) for name, policy in self.runs_of.items()}
        self.labels = _told_apart(self.runs_of, provenance.file_label)
        self.names = _told_apart(sweep.traces, provenance.trace_label)
        self.code = cache(self._code)
        self.usable: set[str] = set()
        self.refused: dict[str, AxisError] = {}

    def _code(self, name: str, is_predicted: bool) -> str:
        return provenance.code_of(self.sweep.domain, self.runs_of[name], is_predicted)

    def runs(self) -> Iterator[Planned]:
        for text in dict.fromkeys(self.sweep.traces):
            first, *others = dict.fromkeys(self.sweep.seeds)
            content = provenance.content_of(self._trace(text, first))
            is_invented = text.startswith("workload:")
            is_redrawn = is_invented and (not others or provenance.content_of(self._trace(text, others[0])) != content)
            for seed in (first, *others):
                trace = self._trace(text, seed)
                if is_redrawn and seed != first:
                    content = provenance.content_of(trace)
                with _axis("system", None):
                    settings = list(self._settings(trace))
                for asked, setting in settings:
                    shown = {"trace": self.names[text], "redrawn": is_redrawn, **asked}
                    yield from self._under(text, trace, content, seed, shown, setting)
        for error in self.refused.values():
            raise error

    def _trace(self, text: str, seed: int) -> Trace:
        with _axis("traces", text):
            return self.bench.trace(text, self.sweep.domain, seed)

    def _settings(self, trace: Trace) -> Iterator[tuple[dict[str, Any], Any]]:
        """Each setting for this trace, with the axes as they were asked for."""
        setting_class = self.system.Setting
        for combination in self.sweep.settings:
            axes = [
                [one for value in values for one in self._spelled_out(name, value)]
                for name, values in combination.items()
            ]
            for values in itertools.product(*axes):
                asked = dict(zip(combination, values, strict=True))
                settings, _ = setting_class.from_options(trace, **asked)
                for setting in settings:
                    setting.on(trace)  # refuses what does not go together
                    yield {f"asked.{name}": value for name, value in asked.items()}, setting

    def _spelled_out(self, name: str, value: Any) -> list[Any]:
        return [value] if isinstance(value, bool) else self.system.Setting.spelled_out(name, str(value))

    def _under(
        self, text: str, trace: Trace, content: str, seed: int, asked: Mapping[str, Any], setting: Any
    ) -> Iterator[Planned]:
        """The runs on one trace, under one seed and setting."""
        options = tuple(
            (f.name, getattr(setting, f.name)) for f in dataclasses.fields(setting) if not f.metadata.get("derived")
        )
        inputs = provenance.digest(content, options)
        for name in self.runs_of:
            for choice in prediction_choices(self.sweep.domain, self.runs_of[name], self.sweep.predictions, setting):
                is_random = self.draws[name] or bool(choice) or asked["redrawn"] or getattr(setting, "is_random", False)
                if seed != self.sweep.seeds[0] and not is_random:
                    continue
                self._try(choice, trace, options)
                shown = {**asked, "label": self.labels[name]}
                experiment = Experiment(self.sweep.system, text, name, choice, options, seed)
                key = provenance.digest(self.sweep.system, content, trace.name, shown, choice, options, seed)
                code = self.code(name, bool(choice))
                yield Planned(experiment, shown, key, code, inputs, str(trace.origin.get("sha256", "")))

    def _try(self, choice: tuple[str, ...], trace: Trace, options: tuple[tuple[str, Any], ...]) -> None:
        """Has predictors look at a trace's first rows: one that no trace suits, for its parameters perhaps, is refused."""
        for text in choice:
            if text not in self.usable:
                some = first_rows(trace, TRIED_ROWS)
                try:
                    with _axis("predictions", text):
                        Bench().predicted(some, self.system.Setting(**dict(options)).on(some), (text,), seed=0)
                except AxisError as error:
                    self.refused.setdefault(text, error)
                else:
                    self.usable.add(text)
                    self.refused.pop(text, None)


def _told_apart(texts: Iterable[str], short: Callable[[str], str]) -> dict[str, str]:
    """A name for each text: the short one, or with as much of the path before it as tells it from its namesakes."""
    names: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        names.setdefault(short(text), []).append(text)
    return {
        text: "/".join([*_distinct_end(text, texts_of_name), name])
        for name, texts_of_name in names.items()
        for text in texts_of_name
    }


def _distinct_end(path: str, among: Sequence[str]) -> tuple[str, ...]:
    """The fewest of the last folders of a path that tell it from the others."""
    folders = [PurePath(other).parts[:-1] for other in among if other != path]
    own = PurePath(path).parts[:-1]
    for depth in range(len(own) + 1):
        ending = own[len(own) - depth :]
        if all(other[len(other) - depth :] != ending for other in folders) or not folders:
            return ending
    return own
