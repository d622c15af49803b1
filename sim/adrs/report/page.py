"""The page: what a record says, put into one HTML file with its style, its script and its figures."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from sim.adrs import wording
from sim.adrs.figures import gallery as figures
from sim.adrs.instances import TRAIN
from sim.adrs.loop import BEST
from sim.adrs.record import Record
from sim.study.figures import gallery
from sim.study.report import template

FOLDER = Path(__file__).parent

FIRST = "progress"
"""The figure that is shown before the others."""


@dataclass(frozen=True)
class Picture:
    """A figure as it stands in the page.

    Args:
        title: of it.
        caption: what must be known to read it.
        data: the file, as a page holds it.
    """

    title: str
    caption: str
    data: str


def render(record: Record, folder: Path | str) -> str:
    """A run as one HTML document that asks no network for anything.

    Args:
        record: of the run.
        folder: of it, for the commands that the page names.
    """
    place = shlex.quote(str(folder))
    problem = record.problem
    failures = wording.failures(record)
    return (
        template.environment(FOLDER)
        .get_template("page.html")
        .render(
            title=wording.title(record),
            counts=_counts(record),
            verdict=record.verdict,
            abroad=wording.abroad(record),
            said=[wording.holdout(record), wording.race(record), f"of the jail, {wording.layers(record)}"],
            notices=record.notices,
            judged=wording.judged(record),
            against=wording.against(record),
            asked=_asked(record),
            instances=[(split, names) for split, names in record.instances.items() if names],
            pictures=list(_pictures(record)),
            winner=record.sources[record.winner.id],
            before=record.sources[record.before.id] if record.before != record.winner else "",
            ancestry=wording.ancestry(record),
            ledgers=[wording.searches(record), wording.ledger(record)],
            failures=failures,
            machine=[(name, str(value)) for name, value in record.machine.items() if value is not None],
            commands="\n".join(
                [
                    record.command,
                    f"augsim replay {problem.system} TRACE -p {shlex.quote(str(Path(folder) / BEST))}",
                    f"augsim plot {place}",
                    f"augsim report {place}",
                ]
            ),
            style=template.text("page.css"),
            script=template.text("table.js"),
        )
    )


def _counts(record: Record) -> str:
    evaluations = sum(run.evaluations for run in record.runs)
    return (
        f"{record.runs[0].evaluations:,} candidates of the search, {evaluations - record.runs[0].evaluations:,} of its controls, "
        f"{sum(record.ledger.values()):,} rows played, {record.seconds:,.0f} s"
    )


def _asked(record: Record) -> list[tuple[str, str]]:
    problem, wanted, metric = record.problem, record.wanted, record.metric
    options = {**problem.setting, **wanted.options}
    found = [
        ("problem", f"{problem.system}: {problem.task}"),
        ("metric", f"{metric.label}: {metric.meaning}; {metric.better} is better"),
        (
            "baseline",
            f"{problem.baseline}; a loss is the logarithm of the ratio to its {metric.name.replace('_', ' ')}",
        ),
        ("bound", problem.bound or "none is known"),
        ("proposers", record.proposer.replace("+", ", ")),
        ("setting", ", ".join(f"{key} {value}" for key, value in options.items()) or "as usual"),
        ("candidates", f"{wanted.budget:,} for the search, and as many for each control"),
        ("rows", f"{wanted.events:,} in all" if wanted.events else "no limit"),
        ("rows of an instance", f"{wanted.most_rows:,} at most"),
        ("seed", str(wanted.seed)),
    ]
    return [*found, ("instances of training", f"{len(record.instances[TRAIN]):,}")]


def _pictures(record: Record) -> Iterator[Picture]:
    known = figures.figures()
    for name in sorted(known, key=lambda name: name != FIRST):
        try:
            sheets = known[name].sheets(record)
        except gallery.Unfit:
            continue
        for sheet in sheets:
            data = base64.b64encode(gallery.drawn(sheet, "png", "")).decode()
            yield Picture(sheet.title, "; ".join(sheet.facts), Markup(f"data:image/png;base64,{data}"))
