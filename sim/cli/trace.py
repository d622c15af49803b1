"""`augsim trace info|head|convert FILE`: what a trace looks like, its first rows, and it in another format."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import click

from sim.cli import files, options, output
from sim.core.trace import Trace
from sim.study.experiment import Bench

HEAD_ROWS = 10


def trace_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """The trace and all that says how it is opened."""
    for option in (
        options.debug_option,
        options.reader_options,
        click.option("--seed", type=options.Whole(), default=0, show_default=True, help="Draws a workload."),
        click.option("--domain", default="paging", show_default=True, help="Whose samples and workloads are meant."),
        click.argument("trace", metavar="FILE"),
    ):
        command = option(command)
    return command


@click.group()
def command() -> None:
    """Describe, show or convert a trace.

    FILE is a file, - for standard input, sample:NAME or workload:NAME,key=value.
    """


@command.command()
@trace_argument
@click.option(
    "--window", metavar="N|Ns", help="Of the working set: requests (5000) or seconds (60s); else a hundredth."
)
@click.option("--figure", type=click.Path(), metavar="FILE", help="Draw it into this PNG, PDF or SVG file.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON only, with the series that a plot needs.")
def info(
    trace: str, domain: str, seed: int, window: str | None, figure: str | None, json_wanted: bool, **reading: Any
) -> None:
    """Describe a trace: requests, pages, popularity, reuse distances, working set."""
    from sim.study import describe

    if figure:
        from sim.study.figures import trace_overview

        trace_overview.check(figure)
    opened = _open(trace, domain, seed, **reading)
    description = describe.describe(opened, **({} if window is None else {"window": window}))
    if json_wanted:
        print(json.dumps(description, indent=1, ensure_ascii=False))
    else:
        for table in describe.tables(description):
            output.table(table)
    if figure:
        said = " ".join(["augsim", *sys.argv[1:]])
        trace_overview.save(description, figure, made=f"seed {seed}; {said}" if trace.startswith("workload:") else said)
        output.notice(f"figure written to {figure}")


@command.command()
@trace_argument
@click.option("--json", "json_wanted", is_flag=True, help="Print the rows as JSON.")
@click.option("--csv", "csv_wanted", is_flag=True, help="Print the rows as CSV.")
def head(
    trace: str,
    domain: str,
    seed: int,
    json_wanted: bool,
    csv_wanted: bool,
    n_requests: int | None,
    **reading: Any,
) -> None:
    """Show the first rows of a trace, 10 unless -n says otherwise, with the ids the file has."""
    from sim.study import describe

    n = HEAD_ROWS if n_requests is None else n_requests
    opened = _open(trace, domain, seed, n_requests=n, **reading)
    rows = describe.head(opened, n)
    if json_wanted or csv_wanted:
        print(output.as_json(rows) if json_wanted else output.as_csv(rows))
    else:
        output.table(describe.head_table(f"{opened.name}: the first {len(rows)} rows", rows))


@command.command()
@trace_argument
@click.argument("out")
@click.option("--to", default="auto", metavar="FORMAT", show_default=True, help=files.TO_HELP)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def convert(trace: str, domain: str, seed: int, out: str, to: str, force: bool, **reading: Any) -> None:
    """Write a trace to OUT in another format, whole or not at all; says what that format has no place for."""
    target = files.check_target(out, to, force)
    files.check_not_read(target, trace)
    files.save(_open(trace, domain, seed, **reading), target, to)


def _open(
    text: str,
    domain: str,
    seed: int,
    *,
    file_format: str,
    reader: tuple[str, ...],
    n_requests: int | None,
    no_cache: bool,
    debug: bool,
) -> Trace:
    """Opens the trace, and tells what its reader has to tell."""
    from sim.study import catalog

    word = catalog.domain_of(domain)
    bench = Bench(cache=not no_cache, reader=options.reader_arguments(reader, file_format), n_requests=n_requests)
    trace = bench.trace(text, word, seed)
    for notice in trace.origin.get("notices", ()):
        output.notice(notice)
    return trace
