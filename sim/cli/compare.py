"""`augsim compare DIR`: who is better, by how much, how sure, and what predictions were worth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from sim.cli import options, output
from sim.study.analysis import Analysis
from sim.study.store import Store


@click.command()
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--baseline", metavar="POLICY", help="Hold the others against this one.  [default: the study's]")
@click.option("--metric", help="Compare this metric.  [default: the study's]")
@click.option("--all", "all_metrics", is_flag=True, help="Compare every metric that ranks.")
@click.option("--counterpart", metavar="POLICY", help="What predictions are held against.  [default: the best without]")
@click.option("--json", "json_wanted", is_flag=True, help="Print all figures as JSON, nothing else.")
@options.debug_option
def command(
    folder: str,
    baseline: str | None,
    metric: str | None,
    all_metrics: bool,
    counterpart: str | None,
    json_wanted: bool,
    debug: bool,
) -> None:
    """Compare the policies of a sweep: tables, then sentences. Names no winner where the traces are too few for one."""
    with Store(folder) as store:
        found = Analysis.of(store, baseline=baseline, metric=metric, all_metrics=all_metrics, counterpart=counterpart)
    if json_wanted:
        values: dict[str, Sequence[Any]] = {"comparisons": found.studies, "worth": found.worths, "bounds": found.bounds}
        print(json.dumps({key: [asdict(one) for one in ones] for key, ones in values.items()}, indent=1, default=str))
        return
    if found.missing:
        output.notice(f"{folder}: {found.missing}")
    for table in found.tables():
        output.table(table)
        print()
    for heading, lines in found.words().items():
        print(heading)
        for line in lines:
            print(f"- {line}")
        print()
