"""`augsim evolve DOMAIN`: searches for a better policy and says honestly whether one was found."""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import Any

import click

from sim.adrs.ending import Row
from sim.adrs.loop import Found, Wanted, as_rows, evolve
from sim.adrs.problem import Problem, find
from sim.cli import options, output
from sim.study.ranking import Ranking


@click.command()
@click.argument("domain")
@click.option(
    "--trace", "traces", multiple=True, metavar="TRACE", help="To search on; files, patterns, samples, workloads."
)
@click.option("--validation", multiple=True, metavar="TRACE", help="To choose on; a share of the traces otherwise.")
@click.option("--holdout", multiple=True, metavar="TRACE", help="To judge on; a share of the traces otherwise.")
@click.option("--foreign", multiple=True, metavar="TRACE", help="Of another family, for what carries over.")
@click.option(
    "--budget", type=options.Whole(1), default=2000, show_default=True, help="Candidates; each control may try as many."
)
@click.option("--events", type=options.Whole(), default=0, help="Rows that may be played in all; 0: no limit.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Option of the system, e.g. capacity=1%.")
@click.option(
    "--rows", "most_rows", type=options.Whole(100), default=100_000, show_default=True, help="Rows of an instance."
)
@click.option("--looks", type=options.Whole(1), default=10, show_default=True, help="Looks that a holdout is good for.")
@click.option("--seed", type=options.Whole(), default=0, show_default=True, help="Of all draws.")
@click.option(
    "-o", "--output", "folder", type=click.Path(file_okay=False), help="Folder of the run.  [default: evolve-DOMAIN]"
)
@click.option("--workers", type=options.Whole(1), help="Number of processes.  [default: one per processor]")
@click.option("--json", "json_wanted", is_flag=True, help="Print the table as JSON, nothing else.")
@click.option("--csv", "csv_wanted", is_flag=True, help="Print the table as CSV, nothing else.")
@options.debug_option
def command(
    domain: str,
    traces: tuple[str, ...],
    validation: tuple[str, ...],
    holdout: tuple[str, ...],
    foreign: tuple[str, ...],
    budget: int,
    events: int,
    settings: tuple[str, ...],
    most_rows: int,
    looks: int,
    seed: int,
    folder: str | None,
    workers: int | None,
    json_wanted: bool,
    csv_wanted: bool,
    debug: bool,
) -> None:
    """Search for a policy of DOMAIN that beats the library, tuned with as many evaluations, on traces it has not seen."""
    from sim.adrs.judge import trials
    from sim.study.backends.processes import Pool
    from sim.study.runs import Budget, Inputs

    problem = find(domain)
    pairs = dict(_pair(text) for text in settings)
    wanted = Wanted(problem.domain, traces, validation, holdout, foreign, budget, events, seed, pairs, most_rows, looks)
    place = Path(folder or f"evolve-{problem.domain}")
    place.mkdir(parents=True, exist_ok=True)
    progress = _Progress(budget)
    with Pool(trials(problem.domain, Inputs()), Budget(), workers) as pool:
        try:
            found = evolve(wanted, pool.map, folder=place, watch=progress)
        except KeyboardInterrupt:
            output.notice(f"interrupted; {place} keeps what was found. The same command goes on from there")
            sys.exit(2)
        finally:
            progress.clear()
    for line in found.notices:
        output.notice(line)
    if json_wanted or csv_wanted:
        print(output.as_json(as_rows(found)) if json_wanted else output.as_csv(as_rows(found)))
    else:
        output.table(ranking(found))
        print(f"\n{found.ending.verdict}")
    output.notice(f"{found.best} is the winner: augsim replay {problem.domain} TRACE -p {found.best}")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.UsageError(f'--set "{text}" is no setting; expected KEY=VALUE, e.g. capacity=1%')
    return key.strip().replace("-", "_"), value


def ranking(found: Found) -> Ranking:
    """The table that is printed: changes against the baseline, in percent."""
    parts = list(found.ending.rows[-1].effects)
    columns: list[Any] = [("candidate", "left"), ("policy", "left"), ("evaluations", "right")]
    columns += [(part, "right") for part in parts]
    rows = [_cells(row, parts, found.problem) for row in found.ending.rows]
    n = {part: row.n for part, row in found.ending.rows[-1].effects.items()}
    seen = ", ".join(f"{part} {n[part]}" for part in parts)
    problem = found.problem
    total = found.ledger.total
    return Ranking(
        title=f"{problem.domain}: change of {problem.metric} against {problem.baseline}",
        columns=columns,
        rows=rows,
        caption=(
            f"mean, on the holdout with its 95 % interval; independent traces: {seen}; * sees the future\n"
            f"{total:,} rows were played; look {found.ending.answer.number} at this holdout, {found.ending.answer.left} left; "
            f"luck makes the best of the finalists look {found.ending.inflation:.1%} better on validation, about"
        ),
    )


def _cells(row: Row, parts: list[str], problem: Problem) -> list[str]:
    cells = [
        f"{row.name}{' *' if row.is_bound else ''}",
        _policy(row, problem),
        f"{row.evaluations:,}" if row.evaluations else "",
    ]
    for part in parts:
        effect = row.effects.get(part)
        if effect is None:
            cells.append("kept back")
        elif part == "holdout" and effect.interval is not None:
            low, high = effect.interval
            cells.append(f"{_percent(effect.mean)} ({_percent(low)} to {_percent(high)})")
        else:
            cells.append(_percent(effect.mean))
    return cells


def _policy(row: Row, problem: Problem) -> str:
    """What a line is about: the formula, or what is noted of the policy."""
    formula = problem.read(row.candidate.source)
    return f"{formula.template}: {formula.root}" if formula else row.candidate.note


def _percent(loss: float) -> str:
    """A logarithm of a ratio as a change in percent."""
    return f"{math.expm1(loss):+.1%}"


class _Progress:
    """One line on standard error; silent where that is no terminal."""

    def __init__(self, budget: int):
        self.budget = budget
        self.is_shown = sys.stderr.isatty()
        self.began = time.monotonic()

    def __call__(self, name: str, step: Any) -> None:
        if self.is_shown:
            rate = step.evaluations / max(time.monotonic() - self.began, 1e-9)
            print(
                f"\r\033[K{name}: {step.evaluations:,} of {self.budget:,} candidates, {rate:.1f} per s, best {step.best:+.2%}, "
                f"archive {step.coverage:.0%} full, {step.events:,} rows",
                end="",
                file=sys.stderr,
                flush=True,
            )

    def clear(self) -> None:
        if self.is_shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
