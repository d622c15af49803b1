"""`augsim report DIR`: a stored sweep or search as one HTML page."""

from __future__ import annotations

from pathlib import Path

import click

from sim.adrs import record, telling
from sim.adrs.contest import running as contest
from sim.cli import options, output
from sim.core.errors import InputError
from sim.core.modules import write_whole
from sim.study.store import Store


@click.command()
@click.argument("folder", type=click.Path(file_okay=False))
@click.option(
    "-o", "--output", "target", type=options.Place(dir_okay=False), help="Write here.  [default: DIR/report.html]"
)
@click.option("--metric", help="Report on this metric.  [default: the study's]")
@click.option("--baseline", metavar="POLICY", help="Hold the others against this one.  [default: the study's]")
@options.debug_option
def command(folder: str, target: str | None, metric: str | None, baseline: str | None, debug: bool) -> None:
    """Write what a sweep or a search says as one HTML page: words, figures, tables, origin. It needs no network."""
    path = Path(target) if target else Path(folder) / "report.html"
    if record.is_kept(folder):
        options.refuse_for_a_search(folder, metric=metric, baseline=baseline)
        telling.report(record.read(folder), Path(folder), path)
        print(path)
        return
    if contest.is_kept(folder):
        raise InputError(f"{folder} holds a comparison of loops, which has a figure and no page: augsim plot {folder}")
    options.refuse_unended(folder)
    with Store(folder) as store:
        try:
            from sim.study.report import page
        except ModuleNotFoundError as error:
            if error.name and error.name.partition(".")[0] in ("bokeh", "jinja2", "markupsafe"):
                raise InputError("a report needs Bokeh: pip install 'augsim[report]'") from None
            raise
        text = page.render(store, metric=metric, baseline=baseline).encode()
    try:
        write_whole(path, text)
    except OSError as error:
        raise InputError(f"the report cannot be written to {path}: {error.strerror}") from None
    print(path)
    output.notice(f"{path}: {len(text) / 1e6:.1f} MB, for any browser, without a network")
