"""`augsim evolve DOMAIN`: searches for a better policy and says honestly whether one was found."""

from __future__ import annotations

import math
import shlex
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import click

from sim.adrs import telling
from sim.adrs.ending import Row
from sim.adrs.instances import FOREIGN, HOLDOUT, TRAIN, VALIDATION, Splits
from sim.adrs.loop import Found, Maker, Wanted, as_rows, evolve
from sim.adrs.problem import Problem, find
from sim.adrs.proposers import Proposer
from sim.adrs.proposers.ast_edits import ASTEdits
from sim.adrs.proposers.cassette import Cassette
from sim.adrs.proposers.constants import Constants
from sim.adrs.proposers.formulas import Formulas
from sim.adrs.proposers.llm import LLM, Model, connected
from sim.cli import options, output
from sim.study import catalog
from sim.study.ranking import Ranking

PROPOSERS = ("gp", "cma", "ast", "llm")


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
@click.option(
    "--proposer",
    "proposers",
    type=click.Choice(PROPOSERS),
    multiple=True,
    default=("gp",),
    show_default=True,
    help="gp: formulas; cma: their constants; ast: edits of library policies; llm: a language model. A bandit chooses.",
)
@click.option("--base-url", default="", metavar="URL", help="llm: an OpenAI-compatible endpoint, up to /v1.")
@click.option("--model", default="", metavar="NAME", help="llm: as the endpoint knows it.")
@click.option("--key-variable", default="", metavar="VAR", help="llm: environment variable that holds the key.")
@click.option("--temperature", type=float, default=0.8, show_default=True, help="llm: 0 to 2.")
@click.option(
    "--prompt-characters", type=options.Whole(1), default=60_000, show_default=True, help="llm: the most of a prompt."
)
@click.option("--cassette", type=click.Path(file_okay=False), help="llm: folder of answers.  [default: DIR/answers]")
@click.option(
    "--cassette-mode",
    type=click.Choice(["record", "replay", "off"]),
    default="record",
    show_default=True,
    help="llm: keep answers and ask for none twice; take kept ones only; keep none.",
)
@click.option("--dollars-in", type=float, default=0.0, help="llm: price of a million tokens read.")
@click.option("--dollars-out", type=float, default=0.0, help="llm: price of a million tokens written.")
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
    proposers: tuple[str, ...],
    base_url: str,
    model: str,
    key_variable: str,
    temperature: float,
    prompt_characters: int,
    cassette: str | None,
    cassette_mode: str,
    dollars_in: float,
    dollars_out: float,
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
    made: list[Maker] = []
    for name in dict.fromkeys(proposers):
        if name == "llm":
            asked = Model(
                model,
                temperature,
                most_characters=prompt_characters,
                dollars_in=dollars_in,
                dollars_out=dollars_out,
            )
            answers = Path(cassette) if cassette else place / "answers"
            made.append(partial(_llm, asked, connected(base_url, key_variable, cassette_mode, answers)))
        else:
            made.append(MAKERS[name])
    place.mkdir(parents=True, exist_ok=True)
    progress = _Progress(budget)
    with Pool(trials(problem.domain, Inputs()), Budget(), workers) as pool:
        try:
            found = evolve(wanted, pool.map, folder=place, makers=made, watch=progress)
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
    seconds = time.monotonic() - progress.began
    for line in telling.tell(found, wanted, place, command=shlex.join(["augsim", *sys.argv[1:]]), seconds=seconds):
        output.notice(line)
    output.notice(f"{found.best} is the winner: augsim replay {problem.domain} TRACE -p {found.best}")


def _llm(model: Model, cassette: Cassette, problem: Problem, splits: Splits) -> Proposer:
    return LLM(problem, model, cassette, [instance.name for instance in splits.train])


MAKERS: dict[str, Maker] = {
    "gp": lambda problem, splits: Formulas(problem),
    "cma": lambda problem, splits: Constants(problem),
    "ast": lambda problem, splits: ASTEdits(problem),
}


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.UsageError(f'--set "{text}" is no setting; expected KEY=VALUE, e.g. capacity=1%')
    return key.strip().replace("-", "_"), value


def ranking(found: Found) -> Ranking:
    """The table that is printed: changes against the baseline, in percent."""
    effects = {part: effect for row in found.ending.rows for part, effect in row.effects.items()}
    parts = [part for part in (TRAIN, VALIDATION, "fresh", HOLDOUT, FOREIGN) if part in effects]
    columns: list[Any] = [("candidate", "left"), ("policy", "left"), ("evaluations", "right")]
    columns += [(part, "right") for part in parts]
    rows = [_cells(row, parts, found.problem) for row in found.ending.rows]
    seen = ", ".join(f"{part} {effects[part].n}" for part in parts)
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
    is_reward = any(m.better == "higher" for m in catalog.system(problem.system).METRICS if m.name == problem.metric)
    percent = partial(_percent, is_reward=is_reward)
    for part in parts:
        effect = row.effects.get(part)
        if effect is None:
            cells.append("kept back" if row.effects else "failed")
        elif part == HOLDOUT and effect.interval is not None:
            low, high = sorted(effect.interval, reverse=is_reward)
            cells.append(f"{percent(effect.mean)} ({percent(low)} to {percent(high)})")
        else:
            cells.append(percent(effect.mean))
    return cells


def _policy(row: Row, problem: Problem) -> str:
    """What a line is about: the formula, or what is noted of the policy."""
    formula = problem.read(row.candidate.source)
    return f"{formula.template}: {formula.root}" if formula else row.candidate.note


def _percent(loss: float, is_reward: bool) -> str:
    """A loss as a change of the metric in percent."""
    return f"{math.expm1(-loss if is_reward else loss):+.1%}"


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
