"""A judge that simulates nothing: what a candidate's metric is, a test says; for searches and endings whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.adrs import problem as problems
from sim.adrs.candidate import Candidate, Status
from sim.adrs.court import Court, Ledger, Tested
from sim.adrs.instances import Instance, Splits
from sim.adrs.journal import Journal
from sim.adrs.judge import Trial
from sim.adrs.problem import Formula

PAGING = problems.find("paging")


def instances(n: int, name: str = "train", *, rows: int = 0) -> tuple[Instance, ...]:
    """Draws of a workload, each a unit of its own."""
    return tuple(Instance(f"workload:{name}", 0, rows, (), seed, is_drawn=True) for seed in range(n))


def splits(n: int = 8, **others: tuple[Instance, ...]) -> Splits:
    usual = {name: instances(n, name) for name in ("train", "validation", "holdout")}
    return Splits(**{**usual, "foreign": (), "probes": instances(1, "probe"), **others})


def formula(text: str, **parameters: int) -> str:
    """The file of a formula of the template `sampled`."""
    return PAGING.source(Formula("sampled", PAGING.template("sampled").parse(text), tuple(parameters.items())))


@dataclass
class Judge:
    """Takes a function's word for the metric.

    Args:
        metric: of a candidate and an instance; a status where it fails there.
        key: of a candidate's decisions.
        events: of each run.
    """

    metric: Callable[[Candidate, Instance], float | Status]
    key: Callable[[Candidate], str] = lambda candidate: candidate.id
    events: int = 10
    asked: list[tuple[str, tuple[str, ...], bool]] = field(default_factory=list)

    def tries(
        self, candidates: Sequence[Candidate], instances: Sequence[Instance], *, probe: bool = False
    ) -> list[Trial]:
        names = tuple(each.name for each in instances)
        self.asked += [(each.id, names, probe) for each in candidates]
        return [self.trial(each, instances, probe) for each in candidates]

    def trial(self, candidate: Candidate, instances: Sequence[Instance], probe: bool) -> Trial:
        values: dict[str, float] = {}
        for instance in instances:
            value = self.metric(candidate, instance)
            if isinstance(value, Status):
                return Trial(
                    candidate.id, value, values, events=self.events * len(values), detail=f"at {instance.name}"
                )
            values[instance.name] = value
        events = self.events * len(values)
        if probe:
            return Trial(candidate.id, Status.OK, key=self.key(candidate), unlike=0.25, events=events)
        return Trial(candidate.id, Status.OK, values, events=events)


def court(judge: Judge, path: Path | None = None, most: int = 0) -> Court:
    return Court(PAGING, judge, Journal(path, {}), Ledger(most))  # type: ignore[arg-type]


def tried(source: str, losses: dict[str, float] | None = None, **about: Any) -> Tested:
    """A candidate that was tried, with these losses."""
    return Tested(Candidate(source), losses=dict(losses or {}), **about)
