"""What a run came to, as one file that its figures and its report are made from, now or later."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from sim.adrs import problem as problems
from sim.adrs.archive import place_of, size_of
from sim.adrs.candidate import Candidate, Status
from sim.adrs.court import Tested
from sim.adrs.ending import EVOLVED, KNOWN, Effect, Row
from sim.adrs.holdout import Answer
from sim.adrs.instances import FOREIGN, HOLDOUT, TRAIN, VALIDATION
from sim.adrs.loop import Found, Wanted
from sim.adrs.problem import Problem
from sim.adrs.search import Search, Step
from sim.adrs.shelf import Shelf
from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.core.modules import write_whole
from sim.study import provenance
from sim.study.experiment import label

FILE = "found.json"

VERSION = 3
"""Layout of the file; one of another layout is refused in words."""


@dataclass(frozen=True)
class Entry:
    """A candidate of the search.

    Args:
        number: evaluations that were made when it had been tried; candidates that decide like one before are none.
        generation: in which it was tried, 0 for what the search began with.
        id, parents, proposer, note: of the candidate.
        policy: what it decides by, in one line: its formula, or what is noted of it.
        status, detail: what became of it, and why where it failed.
        size: syntax nodes of its deciding part; 0 for what is no Python.
        unlike: share of its decisions on the probes that differ from the baseline's.
        loss: mean on the training instances that it was tried on, None where it has none.
        n_instances: how many these are.
    """

    number: int
    generation: int
    id: str
    parents: tuple[str, ...]
    proposer: str
    note: str
    policy: str
    status: str
    detail: str
    size: int
    unlike: float
    loss: float | None
    n_instances: int

    @property
    def is_ok(self) -> bool:
        return self.status == Status.OK


@dataclass(frozen=True)
class Elite:
    """A filled place of an island: bins of size and of unlikeness, and the candidate's id."""

    size: int
    unlike: int
    id: str


@dataclass(frozen=True)
class Run:
    """One search, the evolved one or a control.

    Args:
        name: of it.
        evaluations: candidates that it tried.
        events: rows that these played.
        steps: generation by generation; `best` is infinite until one candidate was tried on all training instances.
        statuses: status -> candidates.
        stopped: why it ended before its budget, empty where it did not.
        n_jailed: candidates that ran as code, in the jail.
        entries: all that it tried, in this order.
    """

    name: str
    evaluations: int
    events: int
    steps: tuple[Step, ...]
    statuses: Mapping[str, int]
    stopped: str
    n_jailed: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Line:
    """A line of the table: what it is, its policy, and what finding it took.

    Args:
        effects: split -> mean loss; without the holdout where its ladder kept the answer back.
    """

    name: str
    policy: str
    id: str
    evaluations: int
    events: int
    effects: Mapping[str, Effect]
    is_bound: bool


@dataclass(frozen=True)
class Raced:
    """A race of finalists.

    Args:
        n_finalists: that failed nowhere.
        n_surviving: of these, those that are not surely worse than the winner.
        n_traces: that the survivors met.
        luck: by how much the winner of so many looks better on these traces by chance alone, about.
    """

    n_finalists: int
    n_surviving: int
    n_traces: int
    luck: float


@dataclass(frozen=True)
class Record:
    """A run from its command to its verdict.

    Args:
        command: that made it.
        seconds: that its last process took; a run that went on took more.
        machine: name -> value: the host and its versions.
        wanted: what was asked for.
        proposer: of the search.
        instances: split -> names of its instances.
        runs: the search, then the controls.
        islands: of the search's archive at the end.
        champion: the line of the table, of the search or of a control, that is best by the traces of the race.
        winner, before: its policy, and what that was before it was simplified; the same where nothing could be left out.
        lines: of the table.
        against, abroad: line -> difference of the winner to it, on the holdout (none where kept back) and abroad.
        reference: the line that is the best of what was known, by the traces of the race.
        rival: the search to which the champion is compared: this one, or of the others the best by the same.
        race: of the champion's finalists.
        answer: of the holdout's ladder, about the winner.
        claims: in words.
        notices: what the user was told.
        ledger: purpose -> rows played.
        layers: of the jail that held on this machine, tried out.
        sources: id -> file, of the winner and its line of first parents.
    """

    command: str
    seconds: float
    machine: Mapping[str, Any]
    wanted: Wanted
    proposer: str
    instances: Mapping[str, tuple[str, ...]]
    runs: tuple[Run, ...]
    islands: tuple[tuple[Elite, ...], ...]
    champion: str
    winner: Entry
    before: Entry
    lines: tuple[Line, ...]
    against: Mapping[str, Effect]
    abroad: Mapping[str, Effect]
    reference: str
    rival: str
    race: Raced
    answer: Answer
    claims: tuple[str, ...]
    notices: tuple[str, ...]
    ledger: Mapping[str, int]
    layers: tuple[str, ...]
    sources: Mapping[str, str]

    @property
    def problem(self) -> Problem:
        return problems.find(self.wanted.domain)

    @property
    def metric(self) -> Metric:
        return self.problem.measured

    @property
    def verdict(self) -> str:
        return "; ".join(self.claims)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The candidates of the search."""
        return self.runs[0].entries

    @property
    def finder(self) -> Run:
        """The run of the search, or of the control, that found the winner."""
        return next(run for run in self.runs if run.name == self.champion)

    @property
    def n_train(self) -> int:
        return len(self.instances[TRAIN])

    def change(self, loss: float) -> float:
        """A mean loss as a change of the metric against the baseline's: -0.05 is five percent less."""
        return self.problem.change(loss)

    @property
    def change_label(self) -> str:
        """Axis label of changes."""
        words = self.metric.name.replace("_", " ")
        return f"change of {words} against {self.problem.baseline}, {self.metric.better} is better"

    def ancestors(self) -> list[Entry]:
        """The winner, what it was before it was simplified, and the line of first parents, the youngest first."""
        known = {entry.id: entry for entry in self.finder.entries}
        found = [self.winner] if self.winner != self.before else []
        each: Entry | None = self.before
        while each is not None and each not in found:
            found.append(each)
            each = next((known[parent] for parent in each.parents if parent in known), None)
        return found


def of(found: Found, wanted: Wanted, command: str, seconds: float) -> Record:
    """The record of a run that has ended."""
    ending, search, problem, race = found.ending, found.search, found.problem, found.ending.race
    runs = tuple(_run(problem, name, each, found.ledger.events) for name, each in [(EVOLVED, search), *found.controls])
    finder = next(run for run in runs if run.name == ending.champion)
    before = next(entry for entry in finder.entries if entry.id == ending.before.candidate.id)
    winner = before
    if ending.winner.candidate.id != before.id:
        winner = _entry(problem, found.finder, ending.winner, finder.evaluations)
    record = Record(
        command=command,
        seconds=seconds,
        machine=provenance.machine(),
        wanted=wanted,
        proposer=search.proposer.name,
        instances={split: tuple(i.name for i in found.splits.of(split)) for split in SPLITS},
        runs=runs,
        islands=tuple(
            tuple(Elite(*place_of(tested), tested.candidate.id) for tested in island.values())
            for island in search.archive.islands
        ),
        champion=ending.champion,
        winner=winner,
        before=before,
        lines=tuple(_line(problem, row) for row in ending.rows),
        against=ending.against if ending.answer.is_published else {},
        abroad=ending.abroad,
        reference=ending.reference,
        rival=ending.rival,
        race=Raced(len(race.ranked), race.n_surviving, race.n_traces, race.luck),
        answer=ending.answer,
        claims=ending.claims,
        notices=found.notices,
        ledger=dict(found.ledger.events),
        layers=found.layers,
        sources={},
    )
    sources = {tested.candidate.id: tested.candidate.source for tested in (*found.finder.tried, ending.winner)}
    return replace(record, sources={entry.id: sources[entry.id] for entry in record.ancestors()})


SPLITS = (TRAIN, VALIDATION, HOLDOUT, FOREIGN)


def _entry(problem: Problem, search: Search, tested: Tested, number: int) -> Entry:
    candidate, train = tested.candidate, search.splits.train
    seen = [tested.losses[instance.name] for instance in train if instance.name in tested.losses]
    return Entry(
        number=number,
        generation=next((k for k, step in enumerate(search.steps) if number <= step.evaluations), len(search.steps)),
        id=candidate.id,
        parents=candidate.parents,
        proposer=candidate.proposer,
        note=candidate.note,
        policy=_policy(problem, candidate),
        status=str(tested.status),
        detail=tested.detail,
        size=_size(candidate.source),
        unlike=tested.unlike,
        loss=math.fsum(seen) / len(seen) if seen and tested.is_ok else None,
        n_instances=len(seen) if tested.is_ok else 0,
    )


def _line(problem: Problem, row: Row) -> Line:
    policy = _policy(problem, row.candidate)
    return Line(row.name, policy, row.candidate.id, row.evaluations, row.events, row.effects, row.is_bound)


def _size(source: str) -> int:
    try:
        return size_of(source)
    except (SyntaxError, ValueError):
        return 0


def _policy(problem: Problem, candidate: Candidate) -> str:
    """In one line: a formula, a policy of the library as the command line takes it, or what is noted of any other file."""
    formula = problem.read(candidate.source)
    if formula is not None:
        parameters = "".join(f", {name} {value}" for name, value in formula.parameters)
        return f"{formula.template}{parameters}: {formula.root.plain}"
    policy = _shelf(problem.domain).read(candidate.source)
    return " ".join(candidate.note.split()) if policy is None else str(label(policy))


_shelf = cache(Shelf)


def _run(problem: Problem, name: str, search: Search, events: Mapping[str, int]) -> Run:
    numbers = accumulate(int(tested.status != Status.DUPLICATE) for tested in search.tried)
    entries = tuple(_entry(problem, search, *pair) for pair in zip(search.tried, numbers, strict=True))
    statuses = {str(status): n for status, n in search.statuses.items()}
    n_jailed = sum(bool(tested.layers) for tested in search.tried)
    played = events.get(search.name, 0)
    return Run(name, search.evaluations, played, tuple(search.steps), statuses, search.stopped, n_jailed, entries)


def write(record: Record, folder: Path) -> Path:
    """Keeps the record in the folder of its run."""
    path = folder / FILE
    write_whole(path, json.dumps({"version": VERSION, **_plain(asdict(record))}).encode())
    return path


def _plain(value: Any) -> Any:
    """As JSON has it; what is infinite or no number becomes null."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value.item() if hasattr(value, "item") else value


def is_kept(folder: Path | str) -> bool:
    """Whether a folder holds the record of a run that has ended."""
    return (Path(folder) / FILE).is_file()


def read(folder: Path | str) -> Record:
    """The record that a folder keeps.

    Raises:
        InputError: there is none, or it is none of this layout.
    """
    path = Path(folder) / FILE
    try:
        told = json.loads(path.read_bytes())
        if told.pop("version") != VERSION:
            raise ValueError
        record = _record(told)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path} is no record of a run as this version writes it; run augsim evolve again") from None
    if missing := _missing(record):
        raise InputError(f"{path} is damaged: {missing}; the same augsim evolve again makes it anew")
    return record


def _missing(record: Record) -> str:
    """What figures and report would look for in vain, empty where all is there."""
    lines = {line.name for line in record.lines}
    scored = {entry.id for run in record.runs[:1] for entry in run.entries if entry.loss is not None}
    if TRAIN not in record.instances:
        return "it has no training instances"
    if not lines:
        return "its table has no lines"
    if record.champion not in {run.name for run in record.runs}:
        return f'no search of it is its champion, "{record.champion}"'
    if record.before not in record.finder.entries:
        return f"the candidate that became its winner, {record.before.id}, is none of {record.champion}"
    for elite in (elite for island in record.islands for elite in island):
        if elite.id not in scored:
            return f"the elite {elite.id} is no candidate of the search with a score"
    if record.reference not in lines & set(KNOWN):
        return f'no line of its table is its reference, "{record.reference}"'
    for name in (*record.against, *record.abroad):
        if name not in lines:
            return f'no line of its table is "{name}", which the winner is held against'
    for entry in (record.winner, record.before):
        if entry.id not in record.sources:
            return f"it lacks the file of {entry.id}"
    return ""


def _record(told: dict[str, Any]) -> Record:
    return Record(
        **{
            **told,
            "wanted": _wanted(told["wanted"]),
            "instances": {split: tuple(names) for split, names in told["instances"].items()},
            "runs": tuple(map(_read_run, told["runs"])),
            "islands": tuple(tuple(Elite(**elite) for elite in island) for island in told["islands"]),
            "winner": _read_entry(told["winner"]),
            "before": _read_entry(told["before"]),
            "lines": tuple(Line(**{**line, "effects": _effects(line["effects"])}) for line in told["lines"]),
            "against": _effects(told["against"]),
            "abroad": _effects(told["abroad"]),
            "race": Raced(**told["race"]),
            "answer": Answer(**told["answer"]),
            "claims": tuple(told["claims"]),
            "layers": tuple(told["layers"]),
            "notices": tuple(told["notices"]),
        }
    )


def _wanted(told: dict[str, Any]) -> Wanted:
    return Wanted(**{key: tuple(value) if isinstance(value, list) else value for key, value in told.items()})  # type: ignore[arg-type]


def as_rows(record: Record) -> list[dict[str, Any]]:
    """The table as flat rows: mean losses against the baseline, logarithms of ratios, with their intervals and tests; and on the
    holdout, those of the winner against each of the others."""
    rows = []
    for line in record.lines:
        flat: dict[str, Any] = {
            "candidate": line.name,
            "policy": line.policy,
            "is_winner": line.name == record.champion,
            "evaluations": line.evaluations,
            "events": line.events,
        }
        effects = dict(line.effects)
        if line.name in record.against:
            effects["winner_against"] = record.against[line.name]
        for name, effect in effects.items():
            flat[name] = effect.mean
            flat[f"{name}_low"], flat[f"{name}_high"] = effect.interval or (None, None)
            flat[f"{name}_traces"] = effect.n
            flat[f"{name}_p"] = effect.p
        rows.append(flat)
    return rows


def _read_run(told: dict[str, Any]) -> Run:
    steps = tuple(Step(**{**step, "best": _number(step["best"])}) for step in told["steps"])
    return Run(**{**told, "steps": steps, "entries": tuple(map(_read_entry, told["entries"]))})


def _number(value: float | None) -> float:
    return math.inf if value is None else value


def _read_entry(told: Mapping[str, Any]) -> Entry:
    return Entry(**{**told, "parents": tuple(told["parents"])})


def _effects(told: Mapping[str, Mapping[str, Any]]) -> dict[str, Effect]:
    return {name: _effect(each) for name, each in told.items()}


def _effect(told: Mapping[str, Any]) -> Effect:
    return Effect(**{**told, "interval": _interval(told["interval"])})


def _interval(ends: Sequence[float] | None) -> tuple[float, float] | None:
    return (ends[0], ends[1]) if ends else None
