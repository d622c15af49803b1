"""`augsim plot DIR`: the figures of a stored sweep or search, each with its table beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli import options, output
from sim.cli.failure import WRONG_INPUT

if TYPE_CHECKING:
    from sim.study.figures.gallery import Drawn


@click.command()
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--figure", "names", multiple=True, metavar="NAME", help="Draw this one; repeatable.  [default: all]")
@click.option(
    "-o", "--output", "target", type=options.Place(file_okay=False), help="Write here.  [default: DIR/figures]"
)
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
    """Draw the figures that a sweep or a search has material for, into DIR/figures, each with its table as CSV and the command
    that made it.

    Prints the paths of the figures; what a study has no material for is said on standard error.
    """
    from sim.adrs import record
    from sim.adrs.contest import running as contest
    from sim.study.figures import gallery
    from sim.study.store import Store

    place = Path(target) if target else Path(folder) / "figures"
    if record.is_kept(folder):
        from sim.adrs.figures import gallery as figures

        options.refuse_for_a_search(folder, metric=metric, baseline=baseline)
        unfit = _told(figures.save(record.read(folder), place, source=folder, names=names, kind=kind))
    elif contest.is_kept(folder):
        from sim.cli import loops

        options.refuse_for_a_search(folder, metric=metric, baseline=baseline)
        for path in loops.draw(contest.read(folder), folder, place, names, kind):
            print(path)
        unfit = []
    else:
        gallery.find(names)
        options.refuse_unended(folder)
        with Store(folder) as store:
            material = gallery.Material.of(store, metric=metric, baseline=baseline)
            if material.analysis.missing:
                output.notice(f"{folder}: {material.analysis.missing}")
            unfit = _told(gallery.save(material, place, source=folder, names=names, kind=kind))
    for one in unfit:
        output.notice(f"no figure {one.figure}: {one.why}")
    return WRONG_INPUT if names and unfit else 0


def _told(drawn: Iterable[Drawn]) -> list[Drawn]:
    """Prints each path as its figure is there; gives those that there are none of."""
    unfit = []
    for one in drawn:
        if one.path:
            print(one.path)
            sys.stdout.flush()
        else:
            unfit.append(one)
    return unfit
