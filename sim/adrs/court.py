"""Where candidates are tried: what was tried before is known, what is new is run and charged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sim.adrs.candidate import Candidate, Status
from sim.adrs.instances import Instance
from sim.adrs.journal import Journal
from sim.adrs.judge import Judge, Trial, as_json, from_json
from sim.adrs.problem import Problem
from sim.adrs.shelf import Shelf
from sim.core.errors import InputError
from sim.study import provenance

TINY = 1e-12
"""Metrics are at least so large in a ratio."""


@dataclass
class Ledger:
    """Rows played, by what for; failures, probes and controls are charged too.

    Args:
        most: no searches go on beyond so many together; 0: no limit.
        n_searches: that have equal shares of them.
    """

    most: int = 0
    n_searches: int = 1
    events: dict[str, int] = field(default_factory=dict)

    def charge(self, purpose: str, events: int) -> None:
        self.events[purpose] = self.events.get(purpose, 0) + events

    @property
    def total(self) -> int:
        return sum(self.events.values())

    def is_spent(self, purpose: str) -> bool:
        """Whether a search has had its share."""
        return bool(self.most) and self.events.get(purpose, 0) >= self.most / self.n_searches


@dataclass
class Tested:
    """A candidate as far as it was tried.

    Args:
        candidate: its source.
        status: `ok`, or what went wrong.
        detail: one line, where it is not ok.
        key: hash of its decisions on the probes, empty where they were not run.
        unlike: share of those decisions that differ from the baseline's.
        losses: instance -> logarithm of the metric's ratio to the baseline's there; below 0 is better.
        layers: that held around it in the jail; none where it needed none.
    """

    candidate: Candidate
    status: Status = Status.OK
    detail: str = ""
    key: str = ""
    unlike: float = 0.0
    losses: dict[str, float] = field(default_factory=dict)
    layers: tuple[str, ...] = ()

    @property
    def is_ok(self) -> bool:
        return self.status == Status.OK

    def mean(self, instances: Sequence[Instance]) -> float:
        """Mean loss over instances, all of which it was tried on."""
        return math.fsum(self.losses[instance.name] for instance in instances) / len(instances)

    def n_of(self, instances: Sequence[Instance]) -> int:
        """On how many of the first of these it was tried."""
        n = 0
        while n < len(instances) and instances[n].name in self.losses:
            n += 1
        return n


class Court:
    """Tries candidates, each on each instance once; raises InputError where the baseline itself fails.

    Args:
        problem: whose candidates.
        judge: runs them.
        journal: keeps the outcomes.
        ledger: pays.
    """

    def __init__(
        self,
        problem: Problem,
        judge: Judge,
        journal: Journal,
        ledger: Ledger,
    ):
        self.problem = problem
        self.judge = judge
        self.journal = journal
        self.ledger = ledger
        self.sign = -1 if problem.measured.better == "higher" else 1
        self._baseline = Tested(Candidate(Shelf(problem.domain).source(problem.baseline, {})))
        self._at_baseline: dict[str, float] = {}

    def probe(self, tested: Sequence[Tested], probes: Sequence[Instance], purpose: str) -> None:
        """Runs candidates on the probes, for their keys."""
        for each, trial in zip(tested, self._trials(tested, probes, purpose, is_probe=True), strict=True):
            each.status, each.detail, each.key, each.unlike = trial.status, trial.detail, trial.key, trial.unlike
            each.layers = trial.layers

    def extend(self, tested: Sequence[Tested], instances: Sequence[Instance], purpose: str) -> None:
        """Runs candidates on those of the instances that they were not tried on yet; a failure is their status from then on."""
        self._know_baseline(instances, purpose)
        waiting: dict[tuple[Instance, ...], list[Tested]] = {}
        for each in tested:
            missing = tuple(instance for instance in instances if instance.name not in each.losses)
            if each.is_ok and missing:
                waiting.setdefault(missing, []).append(each)
        for missing, group in waiting.items():
            for each, trial in zip(group, self._trials(group, missing, purpose), strict=True):
                each.status, each.detail = trial.status, trial.detail
                each.layers = trial.layers or each.layers
                if each.is_ok:
                    each.losses |= self._losses(trial.values)

    def _know_baseline(self, instances: Sequence[Instance], purpose: str) -> None:
        missing = [instance for instance in instances if instance.name not in self._at_baseline]
        if missing:
            (trial,) = self._trials([self._baseline], missing, purpose)
            if trial.status != Status.OK:
                raise InputError(
                    f"{self.problem.baseline}, which all are held against, fails on these traces: {trial.detail or trial.status}"
                )
            self._at_baseline |= trial.values

    def _losses(self, values: Mapping[str, float]) -> dict[str, float]:
        return {
            name: self.sign * math.log(max(value, TINY) / max(self._at_baseline[name], TINY))
            for name, value in values.items()
        }

    def _trials(
        self, tested: Sequence[Tested], instances: Sequence[Instance], purpose: str, *, is_probe: bool = False
    ) -> list[Trial]:
        on = provenance.digest(is_probe, [instance.name for instance in instances])[:16]
        questions = [f"{each.candidate.id} {on}" for each in tested]
        new = {
            question: each.candidate
            for question, each in zip(questions, tested, strict=True)
            if self.journal.get(question) is None
        }
        for question, trial in zip(new, self.judge.tries(list(new.values()), instances, probe=is_probe), strict=True):
            self.journal.keep(question, as_json(trial))
        self.journal.flush()
        trials = [from_json(self.journal.get(question)) for question in questions]
        for trial in trials:
            self.ledger.charge(purpose, trial.events)
        return trials
