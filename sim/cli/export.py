"""`augsim export DOMAIN --to ENGINE -o DIR`: the domain's problem as a folder that another engine runs."""

from __future__ import annotations

from pathlib import Path

import click

from sim.cli import options
from sim.cli.output import notice


@click.command()
@click.argument("domain")
@click.option("--to", "engine", required=True, metavar="ENGINE", help="openevolve, shinka, gepa or skydiscover.")
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    type=options.Place(file_okay=False),
    metavar="DIR",
    help="Folder to write.",
)
@click.option(
    "--trace", "traces", multiple=True, metavar="TRACE", help="Search on these; repeatable. Default: the domain's own."
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Options of the system, e.g. --set capacity=1%; repeatable.",
)
@click.option(
    "--rows", type=options.Whole(100), default=20_000, show_default=True, help="The most rows of an instance."
)
@click.option("--seed", type=options.Whole(), default=0, show_default=True, help="Splits the traces.")
@click.option(
    "--model", default="local-model", show_default=True, help="The model's name in the engine's configuration."
)
@click.option(
    "--api-base", default="http://127.0.0.1:8000/v1", show_default=True, help="Of an OpenAI-compatible endpoint."
)
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@options.debug_option
def command(
    domain: str,
    engine: str,
    out: str,
    traces: tuple[str, ...],
    settings: tuple[str, ...],
    rows: int,
    seed: int,
    model: str,
    api_base: str,
    force: bool,
    debug: bool,
) -> None:
    """Hand a domain's problem to another engine: programs are judged here, in a jail."""
    from sim.adrs.export import export

    for line in export(
        domain,
        engine,
        Path(out),
        traces=traces,
        options=options.settings(settings),
        most_rows=rows,
        seed=seed,
        model=model,
        api_base=api_base,
        force=force,
    ):
        notice(line)
