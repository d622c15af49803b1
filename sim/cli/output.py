"""What the user reads: tables, JSON, CSV on standard output; progress and notices on standard error."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from sim.study.ranking import Ranking


def notice(text: str) -> None:
    print(f"augsim: {text}", file=sys.stderr)


def as_json(rows: Sequence[dict[str, Any]]) -> str:
    """A list of flat objects; numbers that JSON cannot hold become null."""

    def plain(value: Any) -> Any:
        if hasattr(value, "item"):
            value = value.item()
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return json.dumps([{key: plain(value) for key, value in row.items()} for row in rows], indent=1)


def as_csv(rows: Sequence[dict[str, Any]]) -> str:
    import csv
    import io

    keys = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, keys, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().rstrip("\n")


WIDE = 220
"""Columns of a table that goes to no terminal."""


def table(ranking: Ranking, width: int | None = None) -> None:
    """Prints a table without trailing blanks, `width` columns wide: the terminal's, or what it needs where there is none.

    Where it does not fit, the columns that can be spared go first; then long cells are folded.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(width=width or (None if sys.stdout.isatty() else WIDE), highlight=False)
    endless = Console(width=10 * WIDE)
    spared: list[str] = []
    there = dict(ranking.columns)
    waiting = [found for group in ranking.spared if (found := [heading for heading in group if heading in there])]
    while waiting and endless.measure(_grid(ranking, spared)).maximum > console.width:
        spared = [*waiting.pop(0), *spared]
    with console.capture() as drawn:
        console.print(Text(ranking.title, style="table.title"), soft_wrap=True)  # a long one keeps its line
        console.print(_grid(ranking, spared))
        if ranking.caption:
            console.print(Text(ranking.caption, style="table.caption"))
        if spared:
            console.print(Text(f"not shown for want of room: {', '.join(spared)}", style="table.caption"))
    print("\n".join(line.rstrip() for line in drawn.get().splitlines()))


def _grid(ranking: Ranking, spared: Sequence[str]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    kept = [i for i, (heading, _) in enumerate(ranking.columns) if heading not in spared]
    has_header = any(heading for heading, _ in ranking.columns)
    grid = Table(box=box.SIMPLE_HEAD, show_header=has_header, padding=(0, 1, 0, 0))
    for heading, justify in (ranking.columns[i] for i in kept):
        grid.add_column(Text(heading), justify=justify, no_wrap=justify == "right", overflow="fold")  # type: ignore[arg-type]
    for row in ranking.rows:
        grid.add_row(*(Text(row[i], style="cyan" if row[0].endswith("*") else "") for i in kept))
    return grid


class Progress:
    """One line on standard error that says how far a run is and when it will be done; silent where that is no terminal.

    A run of less than a moment says nothing.
    """

    EVERY_S = 0.2
    """Between two lines."""

    def __init__(self) -> None:
        self.is_shown = sys.stderr.isatty()

    def of(self, name: str) -> Callable[[int, int], None] | None:
        if not self.is_shown:
            return None
        began: list[
            float
        ] = []  # when it was first told, and how much was done then: what came before was no part of the work
        said = 0.0

        def tell(done: int, n: int) -> None:
            nonlocal said
            now = time.monotonic()
            if not began:
                began[:], said = (now, done), now
            if now - said < self.EVERY_S or done == began[1]:
                return
            said = now
            left_s = (now - began[0]) / (done - began[1]) * (n - done)
            line = f"{name}: {done / n:4.0%} of {n:,} requests, {left_s:,.0f} s left"
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)

        return tell

    def clear(self) -> None:
        if self.is_shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
