"""`augsim workload DOMAIN NAME -o FILE`: an invented trace as a file."""

from __future__ import annotations

import click

from sim.cli import files, options
from sim.study import catalog
from sim.study.experiment import Bench


@click.command()
@click.argument("domain")
@click.argument("workload", metavar="NAME[,KEY=VALUE...]")
@click.option("-o", "--output", "out", required=True, metavar="FILE", help="Where to; - for standard output.")
@click.option("--seed", type=options.Whole(), default=0, show_default=True, help="Draws the requests.")
@click.option("--to", default="auto", metavar="FORMAT", show_default=True, help=files.TO_HELP)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@options.debug_option
def command(domain: str, workload: str, out: str, seed: int, to: str, force: bool, debug: bool) -> None:
    """Write an invented trace to a file; `augsim list DOMAIN` shows the workloads and their parameters."""
    word = catalog.domain_of(domain)
    target = files.check_target(out, to, force)
    trace = Bench().trace(f"workload:{workload.removeprefix('workload:')}", word, seed)
    files.save(trace, target, to, f": {trace.name}, seed {seed}")
