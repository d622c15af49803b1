"""`augsim evolve DOMAIN`: searches for a better policy and says honestly whether one was found."""

from __future__ import annotations

import math
import shlex
import sys
import time
from functools import cache, partial
from pathlib import Path
from typing import Any

import click

from sim.adrs import record as records
from sim.adrs import telling, wording
from sim.adrs.contest import running as contest
from sim.adrs.contest.running import BEST, BOUND, HALF, REPEATS
from sim.adrs.ending import finder_of
from sim.adrs.instances import Splits
from sim.adrs.loop import Maker, Wanted, evolve
from sim.adrs.problem import Problem, find
from sim.adrs.proposers import Proposer
from sim.adrs.proposers.ast_edits import ASTEdits
from sim.adrs.proposers.cassette import Cassette
from sim.adrs.proposers.constants import Constants
from sim.adrs.proposers.formulas import Formulas
from sim.adrs.proposers.llm import LLM, Model, connected
from sim.adrs.sandbox import ALL, Layers
from sim.cli import loops as contests
from sim.cli import options, output
from sim.core.errors import InputError

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
@click.option(
    "--loops",
    metavar="A,B,..",
    help="Compare search loops instead, over DOMAIN,DOMAIN,.. or all: proposers, joined as gp+cma; hill_climbing, best_of_n, "
    "random, tuned.",
)
@click.option(
    "--repeats", type=options.Whole(1), metavar="N", help="--loops: searches of each on each domain.  [default: 5]"
)
@click.option(
    "--to",
    type=click.Choice((BOUND, BEST)),
    help="--loops: the target lies on the way to the bound, or to the best that any of them finds.  [default: bound]",
)
@click.option(
    "--part", type=float, metavar="SHARE", help="--loops: so far on the way from the baseline.  [default: 0.5]"
)
@click.option("--base-url", default="", metavar="URL", help="llm: an OpenAI-compatible endpoint, up to /v1.")
@click.option("--model", default="", metavar="NAME", help="llm: as the endpoint knows it.")
@click.option("--key-variable", default="", metavar="VAR", help="llm: environment variable that holds the key.")
@click.option("--temperature", type=float, default=0.8, show_default=True, help="llm: 0 to 2.")
@click.option(
    "--prompt-characters", type=options.Whole(1), default=60_000, show_default=True, help="llm: the most of a prompt."
)
@click.option("--cassette", type=options.Place(file_okay=False), help="llm: folder of answers.  [default: DIR/answers]")
@click.option(
    "--cassette-mode",
    type=click.Choice(["record", "replay", "off"]),
    default="record",
    show_default=True,
    help="llm: keep answers and ask for none twice; take kept ones only; keep none.",
)
@click.option("--dollars-in", type=float, default=0.0, help="llm: price of a million tokens read.")
@click.option("--dollars-out", type=float, default=0.0, help="llm: price of a million tokens written.")
@click.option(
    "--predict",
    "predictions",
    multiple=True,
    metavar="PREDICTOR",
    help="In place of the problem's own, e.g. size:lognormal=0.5.",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Option of the system, e.g. capacity=1%.")
@click.option(
    "--rows", "most_rows", type=options.Whole(100), default=100_000, show_default=True, help="Rows of an instance."
)
@click.option("--looks", type=options.Whole(1), default=10, show_default=True, help="Looks that a holdout is good for.")
@click.option("--seed", type=options.Whole(), default=0, show_default=True, help="Of all draws.")
@click.option(
    "-o",
    "--output",
    "folder",
    type=options.Place(file_okay=False),
    help="Folder of the run.  [default: evolve-DOMAIN]",
)
@click.option(
    "--without",
    type=click.Choice(ALL),
    multiple=True,
    help="Layer that may be missing around candidates that run as code; see docs/safety.md.",
)
@options.backend_options
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
    loops: str | None,
    repeats: int | None,
    to: str | None,
    part: float | None,
    base_url: str,
    model: str,
    key_variable: str,
    temperature: float,
    prompt_characters: int,
    cassette: str | None,
    cassette_mode: str,
    dollars_in: float,
    dollars_out: float,
    predictions: tuple[str, ...],
    settings: tuple[str, ...],
    most_rows: int,
    looks: int,
    seed: int,
    folder: str | None,
    without: tuple[str, ...],
    backend: str,
    n_workers: int | None,
    scheduler: str | None,
    json_wanted: bool,
    csv_wanted: bool,
    debug: bool,
) -> None:
    """Search for a policy of DOMAIN that beats the library, tuned with as many evaluations, on traces it has not seen.

    With --loops ways of searching are compared: by the evaluations that each takes to come so far, on training instances alone.
    """
    from sim.adrs.judge import trials
    from sim.study.runs import Budget, Inputs

    module, given = options.backend(backend, n_workers, scheduler)
    if json_wanted and csv_wanted:
        raise click.UsageError("--json and --csv exclude each other; give one of them")
    wanted = Wanted(
        domain,
        traces,
        validation,
        holdout,
        foreign,
        budget,
        events,
        seed,
        options.settings(settings),
        most_rows,
        looks,
        without,
        predictions,
    )
    written = shlex.join(["augsim", *sys.argv[1:]])
    place = Path(folder or (f"evolve-{domain.replace('/', '-')}" if loops is None else "evolve-loops"))

    @cache
    def maker(name: str) -> Maker:
        if name != "llm":
            return MAKERS[name]
        asked = Model(
            model, temperature, most_characters=prompt_characters, dollars_in=dollars_in, dollars_out=dollars_out
        )
        answers = Path(cassette) if cassette else place / "answers"
        return partial(_llm, asked, connected(base_url, key_variable, cassette_mode, answers))

    if loops is not None:
        return _contest(
            contests.domains_of(domain),
            contests.parse(loops, PROPOSERS, maker),
            wanted,
            lambda problem: module.Pool(trials(problem.system, Inputs(), Layers(without)), Budget(), **given),
            place,
            repeats or REPEATS,
            to or BOUND,
            HALF if part is None else part,
            written,
            json_wanted,
            csv_wanted,
        )
    if not (repeats is to is part is None):
        raise click.UsageError("--repeats, --to and --part go with --loops")
    if "," in domain or domain == contests.ALL:
        raise click.UsageError(f'"{domain}" is several domains, which go with --loops; a search is one of one domain')
    if contest.is_kept(place):
        raise InputError(f"{place} holds a comparison of loops; give another folder with -o")
    problem = find(domain)
    made = [maker(name) for name in dict.fromkeys(proposers)]
    progress = _Progress(problem, budget)
    with module.Pool(trials(domain, Inputs(), Layers(without)), Budget(), **given) as pool:
        try:
            found = evolve(wanted, pool.map, folder=place, makers=made, watch=progress, say=progress.say)
        except KeyboardInterrupt:
            output.notice(f"interrupted; {place} keeps what was found. The same command goes on from there")
            sys.exit(2)
        finally:
            progress.clear()
    record = records.of(found, wanted, written, time.monotonic() - progress.began)
    if json_wanted or csv_wanted:
        print(output.as_json(records.as_rows(record)) if json_wanted else output.as_csv(records.as_rows(record)))
    else:
        output.table(wording.judged(record))
        print("\n" + "\n".join([f"{sum(record.ledger.values()):,} rows were played", *wording.told(record)]))
        print("\n" + ";\n".join(record.claims))
    for line in telling.tell(record, place):
        output.notice(line)
    by = finder_of(record.champion)
    what = "the winner" if record.answer.number else "the best so far"
    output.notice(f"{found.best} is {what}, found by {by}: augsim replay {problem.system} TRACE -p {found.best}")


def _contest(
    domains: list[str],
    loops: Any,
    wanted: Wanted,
    pools: Any,
    place: Path,
    repeats: int,
    to: str,
    part: float,
    written: str,
    json_wanted: bool,
    csv_wanted: bool,
) -> None:
    """`--loops`: no winner of a domain is looked for, and no holdout is looked at."""
    if word := _said("--proposer", "--foreign", "--events", "--looks"):
        raise click.UsageError(f"{word} goes with a search of one's own, not with --loops")
    if len(domains) > 1 and (word := _said("--trace", "--validation", "--holdout", "--predict", "--set")):
        raise click.UsageError(f"{word} goes with one domain; of several each has its problem's own")
    if not 0 < part <= 1:
        raise click.UsageError(f"--part must be above 0 and at most 1, got {part:g}")
    progress = _Progress(find(domains[0]), wanted.budget)
    try:
        found = contests.compare(
            domains, loops, wanted, pools, place, repeats=repeats, to=to, part=part, command=written, watch=progress.of
        )
    except KeyboardInterrupt:
        output.notice(f"interrupted; {place} keeps what was found. The same command goes on from there")
        sys.exit(2)
    finally:
        progress.clear()
    if json_wanted or csv_wanted:
        rows = contests.as_rows(found)
        print(output.as_json(rows) if json_wanted else output.as_csv(rows))
    else:
        output.table(contests.ranked(found))
    for line in contests.notices(found):
        output.notice(line)


def _said(*words: str) -> str | None:
    """The first of these options that was given."""
    context = click.get_current_context()
    names = {option.opts[0]: option.name or "" for option in context.command.params}
    source = click.core.ParameterSource.COMMANDLINE
    return next((word for word in words if context.get_parameter_source(names[word]) == source), None)


def _llm(model: Model, cassette: Cassette, problem: Problem, splits: Splits) -> Proposer:
    return LLM(problem, model, cassette, [instance.name for instance in splits.train])


MAKERS: dict[str, Maker] = {
    "gp": lambda problem, splits: Formulas(problem),
    "cma": lambda problem, splits: Constants(problem),
    "ast": lambda problem, splits: ASTEdits(problem),
}


class _Progress:
    """One line on standard error; silent where that is no terminal."""

    def __init__(self, problem: Problem, budget: int):
        self.problem = problem
        self.budget = budget
        self.is_shown = sys.stderr.isatty()
        self.began = time.monotonic()

    def of(self, problem: Problem) -> _Progress:
        """The same of another problem."""
        self.problem = problem
        return self

    def __call__(self, name: str, step: Any) -> None:
        if self.is_shown:
            best = wording.changed(self.problem.change(step.best)) if math.isfinite(step.best) else "none yet"
            rate = step.evaluations / max(time.monotonic() - self.began, 1e-9)
            print(
                f"\r\033[K{name}: {step.evaluations:,} of {self.budget:,} candidates, {rate:.1f} per s, best {best}, "
                f"archive {step.coverage:.0%} full, {step.events:,} rows",
                end="",
                file=sys.stderr,
                flush=True,
            )

    def say(self, notice: str) -> None:
        """Prints a notice in place of the line, which comes again."""
        self.clear()
        output.notice(notice)

    def clear(self) -> None:
        if self.is_shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
