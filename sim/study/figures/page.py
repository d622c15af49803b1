"""A page of panels: title, caption, the command that made it, and how it becomes a file."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOP, BOTTOM, LINE, HEAD = 0.6, 0.13, 0.16, 0.18
"""Inches: above the panels, and for each line of the command, of the caption and of a title of several."""


@dataclass(frozen=True)
class Page:
    """What is written around panels, and how large they are.

    Args:
        title: what is shown, in bold.
        facts: the caption: of what, with which intervals, how many traces and seeds.
        command: what made it; it stands in the footer and in the file's metadata, one line each.
        n_columns: of panels.
        width, height: of one panel, in inches.
    """

    title: str
    facts: Sequence[str]
    command: str
    n_columns: int = 1
    width: float = 7.2
    height: float = 4.0


def rendered(page: Page, panels: Sequence[tuple[str, Callable[[Any], None]]], kind: str) -> bytes:
    """Draws panels, each a heading and a function of axes, into the bytes of a file of this kind ("png", "pdf", "svg")."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from sim.study.figures import style

    n_columns = min(len(panels), page.n_columns)
    n_rows = -(-len(panels) // n_columns)
    width = page.width * n_columns
    footer = [line for text in page.command.splitlines() for line in textwrap.wrap(text, int(18 * width))]
    caption = wrapped(page.facts, int(14.5 * width))
    head = textwrap.wrap(page.title, int(10.9 * width))
    tall = page.height * n_rows + TOP + LINE * (len(caption) - 1) + HEAD * (len(head) - 1) + BOTTOM * len(footer)
    with mpl.rc_context({**style.RC, "svg.hashsalt": "augsim"}):
        figure = Figure(figsize=(width, tall), layout="constrained", dpi=200)
        FigureCanvasAgg(figure)
        figure.get_layout_engine().set(h_pad=0.08, w_pad=0.1)  # type: ignore[union-attr, call-arg]
        title = "\n".join(head) + "\n" * round(0.8 * len(caption))
        figure.suptitle(title, x=0.09 / width, ha="left", fontweight="bold", fontsize=11, color=style.INK)
        below = 0.27 + HEAD * (len(head) - 1)
        figure.text(0.09 / width, 1 - below / tall, "\n".join(caption), fontsize=8.5, color=style.GREY, va="top")
        figure.supxlabel("\n".join(footer), x=0.09 / width, ha="left", fontsize=6, color=style.GREY, family="monospace")
        grid = figure.subplots(n_rows, n_columns, squeeze=False)
        for axes, (heading, _) in zip(grid.flat, panels, strict=False):
            if heading:
                axes.set_title(heading, loc="left", fontsize=9, color=style.INK)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        for axes, (_, draw) in zip(grid.flat, panels, strict=False):
            draw(axes)
            axes.set_ylabel(_upright(axes.get_ylabel(), page.height))
        drawn = io.BytesIO()
        figure.savefig(drawn, format=kind, metadata=_metadata(page, kind))
    return drawn.getvalue()


def wrapped(facts: Sequence[str], width: int) -> list[str]:
    """The facts in lines of at most `width` letters, broken between them where they fit."""
    gap = "   ·   " if sum(map(len, facts)) < 75 else "  ·  "
    lines: list[str] = []
    for fact in facts:
        if lines and len(lines[-1]) + len(gap) + len(fact) <= width:
            lines[-1] += gap + fact
        else:
            lines += textwrap.wrap(fact, width)
    return lines or [""]


def _upright(label: str, height: float) -> str:
    """The label of a vertical axis, in two lines where one is longer than a panel so high: "makespan,", "lower is better"."""
    head, comma, tail = label.rpartition(", ")
    return f"{head},\n{tail}" if comma and len(label) > 15.5 * (height - 0.75) else label


def put(path: Path, drawn: bytes, table: Any) -> Path:
    """Writes a figure, and its table as CSV beside it: both whole, or neither."""
    from traces import sink

    beside = table_of(path)
    with sink.whole(beside) as table_file:
        table_file.write(table.to_csv(index=False).encode())
        table_file.flush()
        with sink.whole(path) as figure_file:
            figure_file.write(drawn)
    return beside


def table_of(path: str | Path) -> Path:
    """Where the table of a figure is written: beside it, as CSV."""
    return Path(path).with_suffix(".csv")


def _metadata(page: Page, kind: str) -> dict[str, str | None]:
    """What the file says of itself; no date, so that equal tables give equal files."""
    about = "Subject" if kind == "pdf" else "Description"
    date = {"pdf": "CreationDate", "svg": "Date"}.get(kind)
    return {"Title": page.title, about: page.command, **({date: None} if date else {})}
