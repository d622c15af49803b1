"""evolve(): a search, its controls and their honest ending, in one folder that a killed run goes on from."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sim.adrs import ending as endings
from sim.adrs import instances
from sim.adrs import problem as problems
from sim.adrs.candidate import Candidate
from sim.adrs.court import Court, Ledger, Tested
from sim.adrs.ending import Ending
from sim.adrs.holdout import LOOKS, Ladder
from sim.adrs.instances import Splits
from sim.adrs.journal import Journal, alone
from sim.adrs.judge import Judge, Mapper
from sim.adrs.problem import Problem
from sim.adrs.proposers import Proposer
from sim.adrs.proposers.formulas import Formulas
from sim.adrs.proposers.mixture import Mixture
from sim.adrs.proposers.parameters import Parameters
from sim.adrs.race import by_trace
from sim.adrs.sandbox import ALL, Layers, standing
from sim.adrs.search import SEEDS, THE_BEST, Search, Step
from sim.adrs.shelf import Shelf
from sim.core.errors import InputError
from sim.core.modules import write_whole
from sim.core.seeds import stream
from sim.study import catalog, provenance
from sim.study.experiment import Bench

JOURNAL, BEST = "journal.jsonl", "best.py"

N_SEARCHES = 5
"""A search and its controls, which have equal shares of the events."""

MOST_ROWS = 100_000
"""Rows of an instance, where nothing else is said."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Args:
        domain: with a problem file; or one of its systems, "domain/system", with a problem there.
        traces: to search on; the problem's own where there are none.
        validation, holdout, foreign: further ones, see `instances.split`.
        budget: candidates that the search, and each control, may try.
        events: rows that all may play together; 0: no limit.
        seed: of all draws.
        options: the system's options, as texts.
        most_rows: rows of an instance.
        looks: that the holdout is good for.
        without: layers that may be missing around candidates that run as code, see `sandbox.Layers`.
        predictions: predictors, in place of the problem's own.
    """

    domain: str
    traces: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    holdout: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    budget: int = 2000
    events: int = 0
    seed: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    most_rows: int = MOST_ROWS
    looks: int = LOOKS
    without: tuple[str, ...] = ()
    predictions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """What a run came to.

    Args:
        problem: that it solved.
        splits: what it was searched and judged on.
        search: the search itself.
        controls: by name.
        ending: who won.
        ledger: what it cost.
        layers: that hold on this machine around candidates that run as code.
        notices: what the user should know.
        best: the winner's file, by whichever search.
    """

    problem: Problem
    splits: Splits
    search: Search
    controls: tuple[tuple[str, Search], ...]
    ending: Ending
    ledger: Ledger
    layers: tuple[str, ...]
    notices: tuple[str, ...]
    best: Path | None

    @property
    def finder(self) -> Search:
        """The search, or the control, that found the winner."""
        return finder(self.ending, self.search, self.controls)


def finder(ending: Ending, search: Search, controls: Sequence[tuple[str, Search]]) -> Search:
    return dict(controls).get(ending.champion, search)


Watch = Callable[[str, Step], None]

Say = Callable[[str], None]

Maker = Callable[[Problem, Splits], Proposer]


def evolve(
    wanted: Wanted,
    mapper: Mapper,
    *,
    folder: Path | None = None,
    makers: Sequence[Maker] = (),
    watch: Watch = lambda name, step: None,
    say: Say = lambda notice: None,
) -> Found:
    """Searches for a better policy of a domain.

    Args:
        wanted: what is asked for.
        mapper: runs trials, see `Judge`.
        folder: keeps the journal and `best.py`; a run with the same wishes goes on from there. None: nothing is kept.
        makers: of the search's proposers, among which a bandit chooses; formulas where there are none.
        watch: told of each generation.
        say: told of each notice as soon as it is known.

    Raises:
        InputError: no problem, no traces, overlapping splits, a budget too small, a seed policy that fails, a proposer without
            candidates, a holdout without looks, a folder with another search or in which another process searches, too few
            layers around candidates that will run as code.
    """
    with alone(folder):
        return _evolve(wanted, mapper, folder, makers, watch, say)


def _evolve(
    wanted: Wanted, mapper: Mapper, folder: Path | None, makers: Sequence[Maker], watch: Watch, say: Say
) -> Found:
    problem = problems.find(wanted.domain)
    bench = Bench()
    splits, notices = splits_of(problem, bench, wanted)
    seeds = problem.sources()
    ladder = Ladder(splits.holdout, contents=dict(splits.contents), most=wanted.looks)
    proposer = proposer_of(problem, splits, makers, wanted)
    begun = {**seeds, **whole_files(problem, proposer)}
    _refuse_small(wanted, problem, begun, splits, bench)
    layers = standing(Layers(wanted.without if writes_code(proposer) else ALL))
    journal = Journal(
        folder / JOURNAL if folder else None,
        {"wanted": asdict(wanted), "proposer": proposer.name, "splits": splits.digest(), "code": code_of(problem)},
    )
    if journal.n_found:
        notices.append(f"goes on from {journal.n_found:,} trials that {folder} holds")
    else:
        ladder.refuse_when_spent()
    n_judging = len(by_trace(splits.holdout))
    if n_judging < endings.ENOUGH:
        notices.append(
            f"{endings.traces(n_judging)} in the holdout: too few to announce a gain, whatever is found; name "
            f"{endings.ENOUGH} or more with --holdout"
        )
    ledger = Ledger(wanted.events, N_SEARCHES)
    court = Court(problem, Judge(problem.system, mapper), journal, ledger)
    refuse_failing(court, seeds, splits)
    for notice in notices:
        say(notice)

    def note(*lines: str) -> None:
        for line in lines:
            notices.append(line)
            say(line)

    search = Search("evolved", court, splits, proposer, begun, wanted.budget, wanted.seed)
    controls = controls_of(court, splits, seeds, wanted)
    for name, each in [("evolved", search), *controls]:
        for step in each.run():
            watch(name, step)
        note(*dict.fromkeys(each.notices))
        if each.tokens:
            note(f"{name} took {each.tokens:,} tokens" + (f", {each.dollars:.2f} dollars" if each.dollars else ""))
        if each is search and each.stopped and len(each.tried) == len(begun) and not ledger.is_spent(each.name):
            raise InputError(f"{proposer.name} made no candidate: {each.stopped}")
        if each.stopped:
            note(f"{name} stopped early: {each.stopped}")
    ending = endings.conclude(court, splits, search, controls, ladder, wanted.seed)
    note(*ending.notices)
    best = None
    if folder is not None:
        best = folder / BEST
        write_whole(best, told(problem, finder(ending, search, controls), ending).encode())
    return Found(problem, splits, search, tuple(controls), ending, ledger, layers, tuple(notices), best)


def splits_of(problem: Problem, bench: Bench, wanted: Wanted) -> tuple[Splits, list[str]]:
    """What is searched and judged on, and what the user should know of it; errors as `instances.split`."""
    return instances.split(
        problem,
        bench,
        traces=wanted.traces or problem.traces,
        validation=wanted.validation,
        holdout=wanted.holdout,
        foreign=wanted.foreign or (() if wanted.traces else problem.foreign),
        options={**problem.setting, **wanted.options},
        predictions=wanted.predictions,
        most_rows=wanted.most_rows,
        seed=wanted.seed,
    )


def proposer_of(problem: Problem, splits: Splits, makers: Sequence[Maker], wanted: Wanted) -> Proposer:
    """The proposer that is made, or a bandit's mixture of several; formulas where there are none."""
    made = [make(problem, splits) for make in makers] or [Formulas(problem)]
    return made[0] if len(made) == 1 else Mixture(made, wanted.budget, stream(wanted.seed, "mixture"))


def controls_of(court: Court, splits: Splits, seeds: Mapping[str, str], wanted: Wanted) -> list[tuple[str, Search]]:
    """What every claim is held against, each with as many evaluations as the search."""
    problem = court.problem

    def made(name: str, proposer: Proposer, begin: Mapping[str, str], parents: str) -> tuple[str, Search]:
        return name, Search(name, court, splits, proposer, dict(begin), wanted.budget, wanted.seed, parents)

    found = [
        made("random", Formulas(problem, is_random=True), {}, SEEDS),
        made("best of n", Formulas(problem), seeds, SEEDS),
        made("hill climbing", Formulas(problem), seeds, THE_BEST),
    ]
    if problem.tunable:
        found.insert(0, made("tuned", Parameters(problem), _library_sources(problem), THE_BEST))
    return found


def whole_files(problem: Problem, proposer: Proposer) -> dict[str, str]:
    """Whole policy files to begin with, where one of the proposers works on such."""
    from sim.adrs.proposers.ast_edits import library

    if not writes_code(proposer):
        return {}
    return {f"library {k}": source for k, source in enumerate(library(problem.domain))}


def writes_code(proposer: Proposer) -> bool:
    """Whether something of what it makes runs as code, in the jail: whatever is no formula and no library policy."""
    return bool({"ast", "llm"} & set(proposer.name.split("+")))


def _library_sources(problem: Problem) -> dict[str, str]:
    shelf = Shelf(problem.domain)
    return {name: shelf.source(name, {}) for name in problem.tunable}


def _refuse_small(wanted: Wanted, problem: Problem, begun: Mapping[str, str], splits: Splits, bench: Bench) -> None:
    least = len(begun) + 1
    if wanted.budget < least:
        raise InputError(
            f"--budget must be at least {least}: the {len(begun)} policies that the search begins with and one candidate, "
            f"got {wanted.budget}"
        )
    if not wanted.events:
        return
    least = sum(len(each.open(bench, problem.system)) for each in splits.train) * len(begun) * N_SEARCHES
    if wanted.events < least:
        raise InputError(
            f"--events must be at least {least:,}, so that search and controls, with a share of 1/{N_SEARCHES} each, can try the "
            f"{len(begun)} policies that a search begins with on all {len(splits.train)} instances, got {wanted.events:,}"
        )


def refuse_failing(court: Court, seeds: Mapping[str, str], splits: Splits) -> None:
    """A seed that fails is a fault of the problem, and a search from it would say nothing."""
    tested = {name: Tested(Candidate(source, note=name)) for name, source in seeds.items()}
    court.probe(list(tested.values()), splits.probes, "seeds")
    for name, each in tested.items():
        if not each.is_ok:
            raise InputError(
                f"the seed {name} of {court.problem.domain} fails on a probe: {each.detail or each.status}"
            )


def code_of(problem: Problem) -> str:
    """The hash of all code that shapes a trial."""
    formulas = problem.seeds().values()
    first = {formula.template: problem.policy(formula) for formula in formulas}
    rivals = [catalog.policy(problem.domain, name) for name in problem.rivals]
    codes = [provenance.code_of(problem.domain, policy, False) for policy in [*first.values(), *rivals]]
    return provenance.digest(codes)


def told(problem: Problem, search: Search, ending: Ending) -> str:
    """The winner's file, with its ancestry and figures in its docstring."""
    source = ending.winner.candidate.source
    formula = problem.read(source)
    text = "\n".join(f"    {line}".rstrip() for line in _docstring(problem, search, ending)).strip()
    return problem.source(formula, f"{text}\n    ") if formula is not None else _with_docstring(source, text)


def _with_docstring(source: str, text: str) -> str:
    """A policy's file with another docstring of its class, after which comes the one it had."""
    lines = source.splitlines(keepends=True)
    policy = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)][-1]
    had = ast.get_docstring(policy)
    first, *_ = policy.body
    if first.lineno == policy.lineno:
        return source
    start = min(node.lineno for node in (first, *getattr(first, "decorator_list", ()))) - 1
    stop = first.end_lineno if had is not None else start
    indented = "".join(f"\n    {line}".rstrip(" ") for line in ["", *(had or "").splitlines()]) if had else ""
    told = f"{text}{indented}".replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return "".join([*lines[:start], f'    """{told}\n    """\n', *([] if had is not None else ["\n"]), *lines[stop:]])


def _docstring(problem: Problem, search: Search, ending: Ending) -> list[str]:
    formula = problem.read(ending.winner.candidate.source)
    first = problem.template(formula.template).decision if formula else problem.task
    lines = [
        first,
        "",
        f"Found by {endings.finder_of(ending.champion)}.",
        f"Logarithm of the ratio of {problem.metric} to {problem.baseline}'s, mean, and 95 % interval where nothing chose it:",
    ]
    row = next(row for row in ending.rows if row.name == ending.champion)
    for name, effect in row.effects.items():
        shown = f"{effect.mean:.4f}"
        if effect.interval and name in endings.WITH_INTERVAL:
            shown += " ({:.4f} to {:.4f})".format(*effect.interval)
        lines.append(f"    {name}: {shown}, {endings.traces(effect.n)}")
    claims = [f"{claim};" for claim in ending.claims[:-1]] + [*ending.claims[-1:]]
    lines += ["", *(line for claim in claims for line in _wrapped(claim)), "", "Ancestry, the youngest first:"]
    return [*lines, *(f"    {line}" for line in ancestry(search, ending.winner.candidate))]


def _wrapped(claim: str) -> list[str]:
    """A claim in lines; what stands in parentheses at its end begins one of its own."""
    said, parenthesis, figures = claim.rpartition(" (95 % interval")
    if not parenthesis:
        return textwrap.wrap(claim, 110)
    figures = f"95 % interval{figures}"
    return [*textwrap.wrap(said, 110), *textwrap.wrap(f"({figures}", 110, subsequent_indent=" ")]


def ancestry(search: Search, candidate: Candidate, most: int = 12) -> Sequence[str]:
    """The line of first parents, one line each."""
    known = {each.candidate.id: each.candidate for each in search.tried}
    lines: list[str] = []
    each = candidate
    while len(lines) < most:
        lines.append(f"{each.id} {each.note or each.proposer}")
        parent = next((known[name] for name in each.parents if name in known), None)
        if parent is None:
            break
        each = parent
    return lines
