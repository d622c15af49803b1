"""What candidates are judged on: stretches of traces with a setting and a seed, split for training, choosing and judging."""

from __future__ import annotations

import glob
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sim.adrs.problem import Problem
from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.study import catalog, provenance, spec
from sim.study.experiment import Bench

TRAIN, VALIDATION, HOLDOUT, FOREIGN = "train", "validation", "holdout", "foreign"
"""The splits: proposers see the first; the second chooses among what they found; the third judges once; so does the fourth, which
is of another family."""

SHARES = {TRAIN: 0.5, VALIDATION: 0.2, HOLDOUT: 0.3}

ENOUGH = 5
"""So many traces are split whole; of fewer each is cut in time."""

PROBE_ROWS, N_PROBES = 2000, 3

MOST_WINDOWS = 2
"""Stretches that are taken of a long part of a trace."""

DRAWS = {TRAIN: 8, VALIDATION: 4, HOLDOUT: 8, FOREIGN: 8}
"""Draws of a workload that a split has."""

APART = 1000
"""Seeds from those of one search's draws to those of the next one's."""


@dataclass(frozen=True)
class Instance:
    """One run that candidates are judged by.

    Args:
        trace: as the command line takes it.
        start, stop: rows of the trace; all where `stop` is 0.
        setting: the system's setting, field by field.
        seed: of the policy's draws, of the predictions', and of the trace where it is invented.
        predictions: predictors that fill channels which the trace does not.
        is_drawn: another seed gives another trace.
    """

    trace: str
    start: int
    stop: int
    setting: tuple[tuple[str, Any], ...]
    seed: int
    predictions: tuple[str, ...] = ()
    is_drawn: bool = False

    @property
    def name(self) -> str:
        rows = f"[{self.start}:{self.stop}]" if self.stop else ""
        words = "".join(f" {key}={value}" for key, value in self.setting)
        words += "".join(f" {text}" for text in self.predictions)
        return f"{provenance.trace_label(self.trace)}{rows}{words} seed={self.seed}"

    def open(self, bench: Bench, system: str) -> Trace:
        """Its rows, with what they are about numbered anew, and their predictions."""
        cls = catalog.system(system)
        trace = bench.trace(self.trace, cls.domain, self.seed)
        if self.stop:
            trace = bench.stretch(trace, self.start, self.stop)
        if not self.predictions:
            return trace
        return bench.predicted(trace, cls.Setting(**dict(self.setting)).on(trace), self.predictions, self.seed)


@dataclass(frozen=True)
class Part:
    """What a split has of a trace.

    Args:
        trace: as the command line takes it.
        seeds: one instance for each; of a workload, each another draw.
        low, high: shares of its rows where the part begins and ends.
    """

    trace: str
    seeds: tuple[int, ...]
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Splits:
    """Which instances serve what.

    Args:
        train, validation, holdout, foreign: see above.
        probes: short instances on which decisions are compared.
        contents: trace, as the command line takes it, and hash of its content; of a workload, of one draw.
    """

    train: tuple[Instance, ...]
    validation: tuple[Instance, ...]
    holdout: tuple[Instance, ...]
    foreign: tuple[Instance, ...]
    probes: tuple[Instance, ...]
    contents: tuple[tuple[str, str], ...] = ()

    def of(self, split: str) -> tuple[Instance, ...]:
        return getattr(self, split)

    def digest(self) -> str:
        return provenance.digest(json.loads(json.dumps(asdict(self), default=str)))


def split(
    problem: Problem,
    bench: Bench,
    *,
    traces: Sequence[str],
    validation: Sequence[str] = (),
    holdout: Sequence[str] = (),
    foreign: Sequence[str] = (),
    options: Mapping[str, str],
    predictions: Sequence[str] = (),
    most_rows: int,
    seed: int,
) -> tuple[Splits, list[str]]:
    """Makes the instances of a search.

    Where the user names no holdout, the traces given are split: workloads by their draws; recorded traces whole, where there are
    at least `ENOUGH`; else each in time, its first half for training, its end for judging.

    Args:
        traces: files, patterns of files, samples or workloads to search on.
        validation, holdout, foreign: further ones.
        options: the system's options, as texts.
        predictions: predictors, in place of those that the problem has for columns that a trace lacks; "none" for none at all.
        most_rows: rows of an instance; longer parts give up to two stretches of that length.
        seed: which traces serve what, the order of the instances, and the seeds of their draws.

    Returns:
        The splits, and what the user should know of them.

    Raises:
        InputError: a trace is there twice, an option is none of the system's, a predictor does not fit, there are too
            few rows, or a pattern names nothing.
    """
    given = {
        TRAIN: expanded(traces),
        VALIDATION: expanded(validation),
        HOLDOUT: expanded(holdout),
        FOREIGN: expanded(foreign),
    }
    if not given[TRAIN]:
        raise InputError(f"no trace to search on; name some with --trace (for {problem.domain}: a file or sample:NAME)")
    options = _checked(problem, options)
    notices: list[str] = []
    _check_predictors(problem, predictions, notices)
    contents = _contents(given, problem, bench, seed)
    drawn = {text for texts in given.values() for text in texts if _is_drawn(text, problem, bench, seed)}
    parts = {name: [_whole(text, name, seed, drawn) for text in texts] for name, texts in given.items()}
    missing = [name for name in (VALIDATION, HOLDOUT) if not given[name]]
    if missing:
        _share_out(parts, missing, given[TRAIN], drawn, seed, notices)
    made: dict[str, list[Instance]] = {}
    for name, pieces in parts.items():
        found = [
            i for part in pieces for i in _instances(problem, bench, part, options, predictions, most_rows, notices)
        ]
        made[name] = _in_turn(found, stream(seed, "instances", name))
    probes = tuple(_probe(instance) for instance in _different(made[TRAIN])[:N_PROBES])
    for probe in probes if predictions else ():
        probe.open(bench, problem.system)  # a predictor that suits no trace, for its parameters perhaps, says so here
    splits = Splits(**{name: tuple(instances) for name, instances in made.items()}, probes=probes, contents=contents)
    return splits, list(dict.fromkeys(notices))


def expanded(texts: Sequence[str]) -> list[str]:
    """Patterns of files as the files that they name, in order of their names."""
    found: list[str] = []
    for text in texts:
        if not glob.has_magic(text) or text.startswith(("workload:", "sample:")):
            found.append(text)
            continue
        files = sorted(glob.glob(text, recursive=True))
        if not files:
            raise InputError(f"no file matches {text}")
        found += files
    return list(dict.fromkeys(found))


def _checked(problem: Problem, options: Mapping[str, Any]) -> dict[str, Any]:
    """The system's options; "true" and "false" as what they say."""
    known = [f.name for f in fields(catalog.system(problem.system).Setting) if not f.metadata.get("derived")]
    for name in options:
        if name not in known:
            what = catalog.unknown_word(f"setting of {problem.system}", name, known)
            raise InputError(f"{what} (settings: {', '.join(known)})")
    truths = {"true": True, "false": False}
    return {name: truths.get(str(text).lower(), text) for name, text in options.items()}


def _check_predictors(problem: Problem, predictions: Sequence[str], notices: list[str]) -> None:
    """Refuses what is no predictor, or two for one channel; says where only code can read what one fills."""

    def filled(text: str) -> tuple[str, ...]:
        return tuple(catalog.channels_filled(spec.parse(text).name, problem.domain))

    usual = {channel for text in problem.predictions.values() for channel in filled(text)}
    by: dict[str, str] = {}
    for text in _but_none(predictions):
        catalog.check_predictor(text, problem.domain)
        channels = filled(text)
        for channel in channels:
            if channel in by:
                raise InputError(f"{by[channel]} and {text} both predict {channel}; a search has one, leave one out")
            by[channel] = text
        if not usual & set(channels):
            notices.append(
                f"no formula of {problem.system} reads {' or '.join(channels)}, which {text} fills; code may (ast, llm)"
            )


def _but_none(predictions: Sequence[str]) -> tuple[str, ...]:
    return tuple(text for text in predictions if text != "none")


def _contents(
    given: Mapping[str, Sequence[str]], problem: Problem, bench: Bench, seed: int
) -> tuple[tuple[str, str], ...]:
    """Hashes of the traces' contents. What is searched on cannot judge, and nothing counts twice, whatever its name; and names,
    without their folders, tell traces apart."""
    seen: dict[str, tuple[str, str]] = {}
    called: dict[str, str] = {}
    for name, texts in given.items():
        for text in texts:
            label = provenance.trace_label(text)
            content = provenance.content_of(bench.trace(text, problem.domain, seed))
            where, other = seen.setdefault(content, (name, text))
            same = "" if other == text else f", with the content of {provenance.trace_label(other)}"
            if where != name:
                raise InputError(
                    f"{label} is among the {name} traces{same} and among those of {where}: "
                    "what was searched on cannot judge; leave it out of one"
                )
            if other != text:
                raise InputError(f"{label} is among the {name} traces twice{same}: it would count twice; leave one out")
            if called.setdefault(label, text) != text:
                raise InputError(f"two traces are called {label}: {called[label]} and {text}; rename one of them")
    return tuple((text, content) for content, (_, text) in seen.items())


def _whole(text: str, name: str, seed: int, drawn: Collection[str]) -> Part:
    return Part(text, _draws(name, seed) if text in drawn else (seed,))


def _draws(name: str, seed: int) -> tuple[int, ...]:
    """The seeds of a split's draws of a workload; no two splits share one."""
    first = APART * seed
    for other, n in DRAWS.items():
        if other == name:
            return tuple(range(first, first + n))
        first += n
    raise AssertionError(name)


def _is_drawn(text: str, problem: Problem, bench: Bench, seed: int) -> bool:
    """Whether another seed gives another trace; of a workload without chance one draw is all there is."""
    if not is_invented(text):
        return False
    one, other = (bench.trace(text, problem.domain, each) for each in (seed, seed + 1))
    return provenance.content_of(one) != provenance.content_of(other)


def is_invented(text: str) -> bool:
    """Whether it names a workload, which another seed draws anew."""
    return text.startswith("workload:")


def _share_out(
    parts: dict[str, list[Part]],
    missing: list[str],
    traces: list[str],
    drawn: Collection[str],
    seed: int,
    notices: list[str],
) -> None:
    """Gives the missing splits their share of the traces that are searched on."""
    invented = [text for text in traces if text in drawn]
    recorded = [text for text in traces if text not in drawn]
    if invented:
        for name in missing:
            parts[name] += [_whole(text, name, seed, drawn) for text in invented]
        others = " and ".join(f"{DRAWS[name]} for {name}" for name in missing)
        notices.append(f"of each workload {DRAWS[TRAIN]} draws are searched on; others serve: {others}")
    if not recorded:
        return
    shares = {name: SHARES[name] for name in (TRAIN, *missing)}
    total = sum(shares.values())
    kept = [part for part in parts[TRAIN] if part.trace in invented]
    if len(recorded) >= ENOUGH:
        order = [recorded[i] for i in stream(seed, "splits").permutation(len(recorded))]
        taken = 0
        for name in missing:
            n = max(1, round(len(recorded) * shares[name] / total))
            parts[name] += [_whole(text, name, seed, drawn) for text in sorted(order[taken : taken + n])]
            taken += n
        parts[TRAIN] = [*kept, *(_whole(text, TRAIN, seed, drawn) for text in sorted(order[taken:]))]
        notices.append(
            f"{len(order) - taken} of the {len(recorded)} traces are searched on, "
            + " and ".join(f"{round(len(recorded) * shares[name] / total) or 1} serve as {name}" for name in missing)
        )
        return
    parts[TRAIN] = kept
    low = 0.0
    for name, share in shares.items():
        high = 1.0 if name == missing[-1] else low + share / total
        parts[name] += [Part(text, (seed,), low, high) for text in recorded]
        low = high
    notices.append(
        f"each trace is cut in time: its first {shares[TRAIN] / total:.0%} are searched on, the rest serves as "
        f"{' and '.join(missing)}; other traces, named with --holdout, would be a harder test"
    )


def _instances(
    problem: Problem,
    bench: Bench,
    part: Part,
    options: Mapping[str, str],
    predictions: Sequence[str],
    most_rows: int,
    notices: list[str],
) -> list[Instance]:
    """The instances of a part of a trace, one for each draw, stretch and setting."""
    return [
        instance
        for seed in part.seeds
        for instance in _of_one_draw(problem, bench, part, seed, options, predictions, most_rows, notices)
    ]


def _of_one_draw(
    problem: Problem,
    bench: Bench,
    part: Part,
    seed: int,
    options: Mapping[str, str],
    predictions: Sequence[str],
    most_rows: int,
    notices: list[str],
) -> list[Instance]:
    """The instances of a part of one draw, one for each stretch and setting."""
    trace = bench.trace(part.trace, problem.domain, seed)
    system = catalog.system(problem.system)
    start, stop = int(part.low * len(trace)), int(part.high * len(trace))
    if stop - start < 2:
        raise InputError(
            f"trace {trace.name} has {len(trace)} rows, too few to be split; name other traces with --holdout"
        )
    n_windows = min(MOST_WINDOWS, -(-(stop - start) // most_rows))
    length = min(most_rows, stop - start)
    starts = [start + (stop - start - length) * i // max(n_windows - 1, 1) for i in range(n_windows)]
    found = []
    usual = tuple(text for column, text in problem.predictions.items() if column not in trace)
    predicted = _but_none(predictions) if predictions else usual
    for begin in starts:
        is_whole = begin == 0 and length == len(trace)
        rows = (0, 0) if is_whole else (begin, begin + length)
        cut = trace if is_whole else bench.stretch(trace, *rows)
        settings, said = system.Setting.from_options(cut, **options)
        notices += said
        for setting in settings:
            fields = tuple(
                (f.name, getattr(setting, f.name))
                for f in setting.__dataclass_fields__.values()
                if not f.metadata.get("derived")
            )
            defaults = {f.name: f.default for f in setting.__dataclass_fields__.values()}
            told = tuple((name, value) for name, value in fields if defaults[name] != value)
            found.append(Instance(part.trace, *rows, told, seed, predicted, len(part.seeds) > 1))
    return found


def _in_turn(instances: list[Instance], rng: Any) -> list[Instance]:
    """One of each trace in turn, traces in an order drawn once, so that the first few are as mixed as all."""
    groups: dict[str, list[Instance]] = {}
    for instance in instances:
        groups.setdefault(instance.trace, []).append(instance)
    names = list(groups)
    order = [names[i] for i in rng.permutation(len(names))]
    for name in order:
        groups[name] = [groups[name][i] for i in rng.permutation(len(groups[name]))]
    return [
        groups[name][i]
        for i in range(max(map(len, groups.values()), default=0))
        for name in order
        if i < len(groups[name])
    ]


def _different(instances: Sequence[Instance]) -> list[Instance]:
    """One instance of each trace, then the others."""
    first = list({instance.trace: instance for instance in reversed(instances)}.values())[::-1]
    return [*first, *(instance for instance in instances if instance not in first)]


def _probe(instance: Instance) -> Instance:
    """The first rows of an instance."""
    stop = instance.start + PROBE_ROWS
    return replace(instance, stop=min(stop, instance.stop) if instance.stop else stop)
