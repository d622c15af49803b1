"""How many candidates per second does a search try, against the same problem and formulas through OpenEvolve's evaluator?"""

from __future__ import annotations

import json
import math
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import engines, zipf
from benchmarks.table import Table, target
from benchmarks.timing import Times
from sim.adrs import export
from sim.adrs import problem as problems
from sim.adrs.candidate import Candidate
from sim.adrs.court import Court, Ledger, Tested
from sim.adrs.instances import Splits, split
from sim.adrs.journal import Journal
from sim.adrs.judge import Judge, trials
from sim.adrs.problem import Problem
from sim.adrs.proposers.formulas import Formulas
from sim.adrs.search import Search
from sim.study.experiment import Bench
from sim.study.runs import Inputs

ROWS = 100_000
"""Requests of an instance at most, as a search has it where nothing else is said."""

LEAST = 50
"""So many times more candidates than OpenEvolve's evaluator is ours to try."""

DRIVER = Path(__file__).parents[1] / "by_openevolve.py"

SEARCH, OURS, THEIRS = "a search of ours", "ours, on all instances", "OpenEvolve, on all instances"


def ask(size: zipf.Size) -> Table:
    n, most = (3, 60) if size == zipf.QUICK else (8, 300)
    problem, bench = problems.find("paging"), Bench()
    splits, _ = split(problem, bench, traces=problem.traces, options=problem.setting, most_rows=ROWS, seed=0)
    some = drawn(searched(problem, splits, most), n)
    rows = [len(each.open(bench, problem.system)) for each in (*splits.probes, *splits.train)]
    table = Table(
        f"candidates per second, formulas that gp proposes for paging\n{len(splits.train)} instances of up to {ROWS:,} "
        f"requests and {len(splits.probes)} probes: {sum(rows):,} requests a candidate",
        "Ours is one process: a formula is data for a template that was compiled before. Theirs is all processes of an\n"
        "evaluation: the printed file, judged in its jail as the exported folder says. Same figures: both say the same score of\n"
        "a candidate and the same changes. Of the candidates of a search the better third are tried on all instances.",
    )
    with tempfile.TemporaryDirectory() as place:
        ways: dict[str, Callable[[], tuple[float, list[Any]]]] = {
            SEARCH: lambda: timed(lambda: searched(problem, splits, most)),
            OURS: lambda: timed(lambda: judged(problem, splits, some)),
        }
        try:
            python = engines.python_of("openevolve")
        except engines.Unavailable as error:
            table.note += f"\nOpenEvolve is left out: {error}"
        else:
            ways[THEIRS] = by_openevolve(python, Path(place) / "exported", some)
            table.note += f"\nOpenEvolve is of version {engines.version_of('openevolve', python)}."
        times, found = in_turns(ways, max(2, size.n_rounds // 2))
    for name, taken in times.items():
        row = {"way": name, "candidates": len(found[name]), "per_s": len(found[name]) / taken.median}
        row |= {"spread": taken.spread, "rounds": len(taken.seconds)}
        if THEIRS in times and name != THEIRS:
            ratio = row["per_s"] * times[THEIRS].median / n
            row |= {"ratio": ratio, **target(LEAST, ratio)}
        if THEIRS in times and name == OURS:
            row["same_figures"] = f"{sum(map(agree, found[OURS], found[THEIRS]))} of {n}"
        table.add(**row)
    return table


def searched(problem: Problem, splits: Splits, most: int) -> list[Tested]:
    """Those that a search by gp tries, duplicates left out."""
    seeds = {name: problem.source(formula) for name, formula in problem.seeds().items()}
    search = Search("candidates", _court(problem), splits, Formulas(problem), seeds, most, 0)
    for _ in search.run():
        pass
    return [each for each in search.tried if each.is_ok]


def drawn(tested: Sequence[Tested], n: int) -> list[Candidate]:
    """So many of those that gp made, evenly from the first to the last."""
    made = [each.candidate for each in tested if each.candidate.proposer == Formulas.name]
    return [made[(2 * k + 1) * len(made) // (2 * n)] for k in range(n)]


def judged(problem: Problem, splits: Splits, candidates: Sequence[Candidate]) -> list[Tested]:
    """Candidates on the probes and all instances of training."""
    court = _court(problem)
    tested = [Tested(candidate) for candidate in candidates]
    court.probe(tested, splits.probes, "judged")
    court.extend(tested, splits.train, "judged")
    return tested


def _court(problem: Problem) -> Court:
    """One that knows nothing yet, and runs trials here."""
    return Court(
        problem, Judge(problem.domain, partial(map, trials(problem.domain, Inputs()))), Journal(None, {}), Ledger()
    )


def by_openevolve(python: Path, folder: Path, candidates: Sequence[Candidate]) -> Callable[[], tuple[float, list[Any]]]:
    """A function that has OpenEvolve's evaluator judge printed files, as an exported folder asks; gives the seconds of processor
    time that this took, without the engine's own start, and metrics and artifacts of each file."""
    export.export("paging", "openevolve", folder, most_rows=ROWS)

    def judge() -> tuple[float, list[Any]]:
        words = [str(python), "-P", str(DRIVER), str(folder)]
        programs = json.dumps([candidate.source for candidate in candidates])
        done = subprocess.run(
            words, input=programs, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        found = json.loads(done.stdout.splitlines()[-1])
        return sum(each["seconds"] for each in found), found

    return judge


def agree(ours: Tested, theirs: dict[str, Any]) -> bool:
    """Whether OpenEvolve was told what we say of a candidate: its score, and its changes to a tenth of a percent."""
    losses = list(ours.losses.values())
    score = 1 + 1 / (1 + math.exp(math.fsum(losses) / len(losses)))
    told = [float(change) for change in re.findall(r"workload \d+: (\S+) %", theirs["artifacts"]["feedback"])]
    return math.isclose(score, theirs["metrics"]["combined_score"], rel_tol=1e-12) and told == [
        float(f"{100 * math.expm1(loss):+.1f}") for loss in losses
    ]


def timed(action: Callable[[], list[Any]]) -> tuple[float, list[Any]]:
    before = time.process_time()
    found = action()
    return time.process_time() - before, found


def in_turns(
    ways: dict[str, Callable[[], tuple[float, list[Any]]]], n_rounds: int
) -> tuple[dict[str, Times], dict[str, list[Any]]]:
    """As `timing.alternated`, of contenders that say themselves what they took; and what each found in the end."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    found: dict[str, list[Any]] = {}
    for round_ in range(n_rounds):
        for name in list(ways)[:: 1 if round_ % 2 == 0 else -1]:
            taken, found[name] = ways[name]()
            seconds[name].append(taken)
    return {name: Times(tuple(values)) for name, values in seconds.items()}, found
