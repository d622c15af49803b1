"""`augsim plot DIR`: the figures of a stored sweep, each with its table beside it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sim.cli import options, output
from sim.cli.failure import WRONG_INPUT


@click.command()
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--figure", "names", multiple=True, metavar="NAME", help="Draw this one; repeatable.  [default: all]")
@click.option("-o", "--output", "target", type=click.Path(file_okay=False), help="Write here.  [default: DIR/figures]")
@click.option(
    "--format", "kind", type=click.Choice(("png", "svg", "pdf")), default="png", show_default=True, help="Of the files."
)
@click.option("--metric", help="Draw this metric.  [default: the study's]")
@click.option("--baseline", metavar="POLICY", help="Hold the others against this one.  [default: the study's]")
@options.debug_option
def command(
    folder: str,
    names: tuple[str, ...],
    target: str | None,
    kind: str,
    metric: str | None,
    baseline: str | None,
    debug: bool,
) -> int:
    """Draw the figures that a sweep has material for, into DIR/figures, each with its table as CSV and the command that made it.

    Prints the paths of the figures; what a study has no material for is said on standard error.
    """
    from sim.study.figures import gallery
    from sim.study.store import Store

    gallery.find(names)
    with Store(folder) as store:
        material = gallery.Material.of(store, metric=metric, baseline=baseline)
        if material.analysis.missing:
            output.notice(f"{folder}: {material.analysis.missing}")
        place = Path(target) if target else Path(folder) / "figures"
        unfit = []
        for one in gallery.save(material, place, source=folder, names=names, kind=kind):
            if one.path:
                print(one.path)
                sys.stdout.flush()
            else:
                unfit.append(one)
    for one in unfit:
        output.notice(f"no figure {one.figure}: {one.why}")
    return WRONG_INPUT if names and unfit else 0
