"""One run as a value, and the bench that runs it: trace, predictions and reference are made once and shared."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from sim.core import engine
from sim.core.errors import InputError, UnknownName
from sim.core.policy import Policy
from sim.core.result import Result
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.study import catalog, spec


@dataclass(frozen=True)
class Experiment:
    """What one run is: every part as text or number, so that its hash is the key of its result.

    Args:
        system: `domain` or `domain/system`.
        trace: a file, `-`, `sample:NAME` or `workload:NAME,key=value,...`.
        policy: `NAME,key=value,...` or a path to a policy's file.
        predictions: predictors that fill the channels the policy reads, e.g. ("discard:flip=0.1",).
        setting: the system's setting, field by field.
        seed: spawns the streams of workload, predictions and policy.
    """

    system: str
    trace: str
    policy: str
    predictions: tuple[str, ...]
    setting: tuple[tuple[str, Any], ...]
    seed: int

    @property
    def domain(self) -> str:
        return self.system.partition("/")[0]

    def key(self) -> str:
        """SHA-256 of the experiment's canonical text."""
        return hashlib.sha256(json.dumps(dataclasses.asdict(self), sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class Described:
    """An experiment with what only its objects know: the names that a row of a table shows."""

    experiment: Experiment
    trace_name: str
    policy: Policy

    def row(self) -> dict[str, Any]:
        """The experiment's part of a flat row."""
        parameters = {f"policy.{name}": label(getattr(self.policy, name)) for name in type(self.policy).parameters()}
        return {
            "trace": self.trace_name,
            "policy": catalog.own_name(self.experiment.domain, spec.parse_policy(self.experiment.policy).name),
            **parameters,
            **{f"system.{name}": value for name, value in self.experiment.setting},
            "predictions": " ".join(self.experiment.predictions) or "none",
            "seed": self.experiment.seed,
            "clairvoyant": self.policy.clairvoyant,
        }


def label(value: Any) -> Any:
    """A parameter's value for a table: policies by their names, lists in brackets."""
    if isinstance(value, Policy):
        name = type(value).__module__.rpartition(".")[2]
        changed = {
            k: label(getattr(value, k))
            for k, default in type(value).parameters().items()
            if getattr(value, k) != default
        }
        return name + "".join(f",{k}={v}" for k, v in changed.items())
    if isinstance(value, tuple | list):
        return "[" + ";".join(str(label(part)) for part in value) + "]"
    return value


class Bench:
    """Runs experiments, and keeps the last few traces, predictions and references for the next ones.

    Args:
        cache: keep parsed traces on disk.
        reader: options of the trace's reader, e.g. {"format": "csv", "page_column": "3"}.
        n_requests: play only so many first requests; None: all.
        reference: hold every run against hindsight.
    """

    def __init__(
        self,
        *,
        cache: bool = True,
        reader: Mapping[str, Any] | None = None,
        n_requests: int | None = None,
        reference: bool = True,
    ):
        self.cache = cache
        self.reference = reference
        self.reader = dict(reader or {})
        self.n_requests = n_requests
        self._kept: OrderedDict[Any, Any] = OrderedDict()

    def trace(self, text: str, domain: str, seed: int = 0, *place: int) -> Trace:
        """Opens or invents the trace that `text` names; workloads draw from the seed's stream "workload".

        `place` tells the parts of a mixture apart, so that two of a kind do not draw the same.
        """
        chance = (seed, *place) if text.startswith("workload:") else ()
        return self._once(("trace", text, domain, chance), lambda: self._open(text, domain, seed, place))

    def _open(self, text: str, domain: str, seed: int, place: tuple[int, ...]) -> Trace:
        if not text:
            raise InputError("no trace is named; expected a file, -, sample:NAME or workload:NAME,key=value")
        if text.startswith("workload:"):
            self._refuse_reader(f"{text} is invented")
            trace = self._workload(spec.parse(text.removeprefix("workload:")), domain, seed, place)
        else:
            from traces import store

            if text.startswith("sample:"):
                self._refuse_reader(f"{text} is read as it is")
                trace = store.sample(text.removeprefix("sample:"), domain, cache=self.cache)
            else:
                trace = store.open_trace(text, cache=self.cache, domain=domain, **self.reader)
        return trace if self.n_requests is None else first_rows(trace, self.n_requests)

    def _refuse_reader(self, why: str) -> None:
        if self.reader:
            raise InputError(f"{why}: reader options ({', '.join(self.reader)}) do not apply")

    def _workload(self, wanted: spec.Spec, domain: str, seed: int, place: tuple[int, ...]) -> Trace:
        known = catalog.workloads(domain)
        if wanted.name not in known:
            raise UnknownName(catalog.unknown(f"{domain} workload", wanted.name, known, f"augsim list {domain}"))
        resolve = {
            "tuple[Trace": lambda text: tuple(
                self._part(part, domain, seed, *place, i) for i, part in enumerate(spec.items(text))
            ),
            "Trace": lambda text: self._part(spec.item(text), domain, seed, *place),
        }
        rng = stream(seed, "workload", wanted.name, *place)
        return catalog.call(known[wanted.name], wanted, "workload", rng, resolve=resolve)

    def _part(self, text: str, domain: str, seed: int, *place: int) -> Trace:
        """A trace that a workload is made from; workloads may stand there without their prefix."""
        is_workload = re.split("[,:]", text)[0].strip() in catalog.workloads(domain)
        return self.trace(f"workload:{text}" if is_workload else text, domain, seed, *place)

    def stretch(self, trace: Trace, start: int, stop: int) -> Trace:
        """Rows start to stop - 1 of a trace that this bench opened, as a trace of their own; see `rows_between`."""
        return self._once(("stretch", id(trace), start, stop), lambda: (trace, rows_between(trace, start, stop)))[1]

    def predicted(self, trace: Trace, setting: Any, predictions: tuple[str, ...], seed: int) -> Trace:
        """The trace with the columns of these predictors, for this setting."""
        for text in predictions:
            trace = self._once(
                ("predicted", id(trace), setting, text, seed),
                partial(self._beside, trace, setting, text, seed),
            )[1]
        return trace

    def _beside(self, trace: Trace, setting: Any, text: str, seed: int) -> tuple[Trace, Trace]:
        """A trace and the same with predictions: the first is kept too, so that its id stays its own."""
        return trace, self._predict(trace, setting, text, seed)

    def _predict(self, trace: Trace, setting: Any, text: str, seed: int) -> Trace:
        wanted = spec.parse(text)
        predictor = catalog.predictor(wanted.name, trace.domain)
        rng = stream(seed, "prediction", trace.name, wanted.name)
        resolve = {"Predictor": lambda text: partial(self._nested, spec.parse(spec.item(text)))}
        return catalog.call(predictor, wanted, "predictor", trace, setting, rng, resolve=resolve)

    @staticmethod
    def _nested(wanted: spec.Spec, trace: Trace, setting: Any, rng: Any) -> Trace:
        return catalog.call(catalog.predictor(wanted.name, trace.domain), wanted, "predictor", trace, setting, rng)

    def run(
        self,
        experiment: Experiment,
        *,
        mode: engine.Mode = "auto",
        record: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Result:
        """Runs one experiment.

        Raises:
            InputError: a part of it is not usable, or they do not go together.
            IllegalDecision, PolicyError: the run failed.
        """
        policy = catalog.policy(experiment.domain, experiment.policy)
        system, trace, hindsight = self.opened(experiment)
        trace = system.completed(trace, policy)
        result = engine.replay(trace, system, policy, seed=experiment.seed, mode=mode, record=record, progress=progress)
        judged = {**result.metrics, **system.judge(trace, policy, result.metrics, hindsight)}
        if self.reference and policy.chooses_among:
            judged["component_regret"] = self._component_regret(trace, system, policy, result.metrics, experiment.seed)
        return replace(
            result,
            metrics=judged,
            experiment=Described(experiment, trace.name, policy),
        )

    def opened(self, experiment: Experiment) -> tuple[Any, Trace, Any]:
        """What an experiment plays, whichever its policy: the system, the trace with its predictions, and its hindsight."""
        system_class = catalog.system(experiment.system)
        trace = self.trace(experiment.trace, experiment.domain, experiment.seed)
        setting = system_class.Setting(**dict(experiment.setting)).on(trace)
        system = system_class(setting)
        hindsight = self._hindsight(system, trace) if self.reference else None
        return system, self.predicted(trace, setting, experiment.predictions, experiment.seed), hindsight

    def _component_regret(self, trace: Trace, system: Any, policy: Policy, mine: Any, seed: int) -> float | None:
        """What a policy's result lacks to that of the best policy it chooses among, each alone on the same trace and seed."""
        metric = system.METRICS[0]
        parts = getattr(policy, policy.chooses_among)
        alone = [self._alone(trace, system, part, seed).metrics[metric.name] for part in parts]
        known = [value for value in alone if value is not None]
        if mine[metric.name] is None or not known:
            return None
        return max(known) - mine[metric.name] if metric.better == "higher" else mine[metric.name] - min(known)

    def _alone(self, trace: Trace, system: Any, policy: Policy, seed: int) -> Result:
        key = ("alone", id(trace), system, str(label(policy)), seed)
        return self._once(key, lambda: (trace, engine.replay(trace, system, policy, seed=seed)))[1]

    def _hindsight(self, system: Any, trace: Trace) -> Any:
        key = ("hindsight", id(trace), system)
        return self._once(key, lambda: (trace, system.hindsight(trace)))[1]

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        """Makes it, or finds it among the last dozen made."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        value = make()
        self._kept[key] = value
        while len(self._kept) > 12:
            self._kept.popitem(last=False)
        return value


def first_rows(trace: Trace, n: int) -> Trace:
    """The first n rows; pages are numbered as they appear, so the table of pages is cut too."""
    if n < 1:
        raise InputError(f"the number of requests must be at least 1, got {n}")
    cut = trace.rows(0, min(n, len(trace)))
    if "page" in cut and "pages" in cut.tables:
        return replace(
            cut, tables={**cut.tables, "pages": cut.tables["pages"][: int(np.asarray(cut["page"]).max()) + 1]}
        )
    return cut


def rows_between(trace: Trace, start: int, stop: int) -> Trace:
    """Rows start to stop - 1; pages are numbered anew in order of appearance, so that nothing tells of the other rows."""
    stop = min(stop, len(trace))
    cut = replace(trace.rows(start, stop), name=f"{trace.name}[{start}:{stop}]")
    if "page" not in cut or "pages" not in cut.tables:
        return cut
    pages = np.asarray(cut["page"])
    old, first, code = np.unique(pages, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    number = np.empty(len(order), pages.dtype)
    number[order] = np.arange(len(order))
    return replace(
        cut,
        columns={**cut.columns, "page": number[code]},
        tables={**cut.tables, "pages": cut.tables["pages"][old[order]]},
    )


def prediction_choices(
    domain: str, policy: Policy, predictions: Iterable[str], setting: Any = None
) -> list[tuple[str, ...]]:
    """Which predictors a policy is run with: for each channel it reads, every given predictor that can fill it.

    A setting may read channels of its own, its `channels` (servers that go by predicted sizes). A run that reads no channel is
    done once, without. A channel that none fills is left to the system, which refuses the
    run and names the option.
    """
    needed = dict.fromkeys((*catalog.channels_needed(domain, policy), *getattr(setting, "channels", ())))
    given = [text for text in predictions if text != "none"]
    choices = []
    for channel in needed:
        fitting = [text for text in given if channel in catalog.channels_filled(spec.parse(text).name, domain)]
        if fitting:
            choices.append(fitting)
    return [tuple(dict.fromkeys(choice)) for choice in itertools.product(*choices)]
