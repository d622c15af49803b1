"""Runs candidates on instances and says what their decisions came to; a formula or a library policy is run at once, any other
file by the jail."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import numpy as np

from sim.adrs import evaluate
from sim.adrs import problem as problems
from sim.adrs.candidate import Candidate, Status
from sim.adrs.instances import Instance
from sim.adrs.problem import Problem
from sim.adrs.sandbox import Layers
from sim.adrs.shelf import Shelf
from sim.core.engine import replay
from sim.core.errors import AugsimError, IllegalDecision
from sim.core.policy import Policy
from sim.core.result import Decisions
from sim.study import catalog, provenance
from sim.study.experiment import Bench, Experiment
from sim.study.runs import DONE, OUT_OF_MEMORY, TIMED_OUT, Inputs, Outcome, Planned

DEFAULT_LAYERS = Layers()

N_PARTS = 4
"""Parts of a run, after each of which it can be interrupted: a stop costs more than a thousand rows of a formula do."""

Mapper = Callable[[Iterable[Planned]], Iterator[Outcome]]
"""Runs trials, wherever; gives the outcomes as they finish."""


@dataclass(frozen=True)
class Trial:
    """What running a candidate once on some instances gave.

    Args:
        id: of the candidate.
        status: `ok`, or the first thing that went wrong.
        values: instance's name -> the problem's metric; as far as it was run.
        key: hash of its decisions on the probes; candidates with equal keys decide alike. Empty where the probes were not run.
        unlike: share of decisions on the probes that differ from the baseline's, in [0, 1].
        events: rows that were played.
        detail: one line, where it is not ok.
        layers: that held around it in the jail; none of a formula or library policy, which is data and needs no jail.
    """

    id: str
    status: Status
    values: Mapping[str, float] = field(default_factory=dict)
    key: str = ""
    unlike: float = 0.0
    events: int = 0
    detail: str = ""
    layers: tuple[str, ...] = ()


class Judge:
    """Has candidates run.

    Args:
        domain: whose problem it is.
        mapper: of the function that `trials` gives.
    """

    def __init__(self, domain: str, mapper: Mapper):
        self.domain = domain
        self.mapper = mapper

    def tries(
        self, candidates: Sequence[Candidate], instances: Sequence[Instance], *, probe: bool = False
    ) -> list[Trial]:
        """Runs candidates on instances; gives trials in the order of the candidates.

        Args:
            probe: the instances are probes: decisions are recorded and compared, and values are left out.
        """
        told = {"instances": tuple(instances), "probe": probe}
        waiting = [
            Planned(
                Experiment(self.domain, "", "candidate", (), (), 0),
                {**told, "source": each.source},
                each.id,
                "",
                each.id,
            )
            for each in candidates
        ]
        found = {}
        for outcome in self.mapper(waiting):
            name = outcome.planned.key
            found[name] = outcome.row["trial"] if outcome.status == DONE else _lost(name, outcome)
        return [found[candidate.id] for candidate in candidates]


def _lost(name: str, outcome: Outcome) -> Trial:
    """The trial of a candidate whose process was stopped or died."""
    status = {TIMED_OUT: Status.TIMEOUT, OUT_OF_MEMORY: Status.MEMORY}.get(outcome.status, Status.CRASHED)
    return Trial(name, status, detail=outcome.error or "")


def trials(domain: str, inputs: Inputs, layers: Layers = DEFAULT_LAYERS) -> Callable[[Planned], Outcome]:
    """The function that a judge's mapper maps.

    Args:
        domain: whose candidates.
        inputs: where traces are found.
        layers: that must stand around what runs in the jail.
    """
    return partial(run_trial, domain, inputs, layers)


def run_trial(domain: str, inputs: Inputs, layers: Layers, planned: Planned) -> Outcome:
    """Runs one candidate; for a back end."""
    asked = planned.asked
    trial = _trial(_room(domain, inputs, layers), planned.key, asked["source"], asked["instances"], asked["probe"])
    return Outcome(planned, DONE, {"trial": trial})


MOST = 1e6
"""A parameter of a library policy that is larger may ask for more memory than there is: such a file goes to the jail."""


@cache
def _room(domain: str, inputs: Inputs, layers: Layers) -> _Room:
    return _Room(domain, inputs, layers)


class _Room:
    """What one process keeps between trials: traces, the shelf of library policies, the baseline's decisions."""

    def __init__(self, domain: str, inputs: Inputs, layers: Layers):
        self.layers = layers
        self.problem: Problem = problems.find(domain)
        self.bench: Bench = inputs.bench()
        self.shelf = Shelf(self.problem.domain)
        self.baselines: dict[str, Decisions | None] = {}

    def baseline(self, probe: Instance) -> Decisions | None:
        if probe.name not in self.baselines:
            policy = catalog.policy(self.problem.domain, self.problem.baseline)
            self.baselines[probe.name] = play(self.problem, self.bench, policy, probe, record=True).decisions
        return self.baselines[probe.name]

    def policy(self, source: str) -> Policy | None:
        """The policy of a source that is a formula or a library policy with other parameters; None: it is for the jail."""
        formula = self.problem.read(source)
        return self.problem.policy(formula) if formula is not None else self.shelf.read(source, MOST)


def _trial(room: _Room, name: str, source: str, instances: Sequence[Instance], probe: bool) -> Trial:
    policy = room.policy(source)
    if policy is None:
        return _jailed(room, name, source, instances, probe)
    events = 0
    values: dict[str, float] = {}
    hashes, shares = [], []
    try:
        for instance in instances:
            result = play(room.problem, room.bench, policy, instance, record=probe)
            events += result.n_rows
            if probe:
                hashes.append(hash_of(result.decisions))
                shares.append(difference(result.decisions, room.baseline(instance)))
                continue
            value = result.metrics[room.problem.metric]
            if value is None or not math.isfinite(value):
                return Trial(
                    name, Status.CRASHED, events=events, detail=f"{room.problem.metric} of {instance.name} is {value}"
                )
            values[instance.name] = float(value)
    except IllegalDecision as error:
        return Trial(name, Status.ILLEGAL, events=events, detail=str(error))
    except AugsimError as error:
        return Trial(name, Status.CRASHED, events=events, detail=str(error))
    key = provenance.digest(*hashes)[:16] if probe else ""
    return Trial(name, Status.OK, values, key, sum(shares) / len(shares) if shares else 0.0, events)


def _jailed(room: _Room, name: str, source: str, instances: Sequence[Instance], probe: bool) -> Trial:
    """A stranger's file: it decides in the jail, and all that counts is computed outside."""
    opened = [evaluate.open_instance(room.problem.system, instance) for instance in instances]
    tried = evaluate.attempt(source, () if probe else opened, opened if probe else (), layers=room.layers)
    if tried.status != Status.OK:
        return Trial(name, tried.status, events=tried.events, detail=tried.detail, layers=tried.layers)
    values = {
        instance.name: float(run.metrics[room.problem.metric])
        for instance, run in zip(instances, tried.runs, strict=False)
    }
    unlike = [difference(log, room.baseline(each)) for log, each in zip(tried.told, instances, strict=False)]
    mean = sum(unlike) / len(unlike) if unlike else 0.0
    return Trial(name, Status.OK, values, tried.key[:16], mean, tried.events, layers=tried.layers)


def play(problem: Problem, bench: Bench, policy: Policy, instance: Instance, *, record: bool = False) -> Any:
    """One run under the domain's rules; a result as `replay` gives it, with a short timeline, which nothing reads."""
    trace = instance.open(bench, problem.system)
    system_class = catalog.system(problem.system)
    setting = system_class.Setting(**dict(instance.setting)).on(trace)
    system = system_class(setting)
    return replay(system.completed(trace, policy), system, policy, seed=instance.seed, record=record, n_parts=N_PARTS)


def hash_of(decisions: Decisions | None) -> str:
    """SHA-256 of a run's decisions, in hexadecimal."""
    if decisions is None:
        return ""
    content = hashlib.sha256()
    for column in (decisions.row, decisions.kind, decisions.subject):
        content.update(np.ascontiguousarray(column).tobytes())
    return content.hexdigest()


def difference(one: Decisions | None, other: Decisions | None) -> float:
    """Share of the rows that either decided about where they did not decide the same, in [0, 1]."""
    if one is None or other is None:
        return 0.0
    n = max(len(one), len(other))
    if n == 0:
        return 0.0
    mine = set(zip(one.row.tolist(), one.kind.tolist(), one.subject.tolist(), strict=True))
    theirs = set(zip(other.row.tolist(), other.kind.tolist(), other.subject.tolist(), strict=True))
    return 1 - len(mine & theirs) / n


def drawn_anew(instances: Iterable[Instance], by: int) -> tuple[Instance, ...]:
    """The same instances with other draws: those of seeds so much larger."""
    return tuple(replace(instance, seed=instance.seed + by) for instance in instances)


def as_json(trial: Trial) -> dict[str, Any]:
    return dataclasses.asdict(trial)


def from_json(told: Mapping[str, Any]) -> Trial:
    return Trial(**{**told, "status": Status(told["status"]), "layers": tuple(told.get("layers", ()))})
