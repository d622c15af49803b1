"""Puts a table of rows on a sheet: which figure shows it, in how many panels, with title, caption, command, and table."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.study.figures import page
from sim.study.figures.page import Page, table_of

ENDINGS = (".png", ".pdf", ".svg")


def check(path: str | Path) -> None:
    """Refuses a file that could not be drawn, before anything runs, and one whose table would replace another file.

    A table beside the figure that is there already goes with it, and both are replaced.
    """
    from traces import sink

    if Path(path).suffix.lower() not in ENDINGS:
        raise InputError(f"{path}: a figure's ending is one of {', '.join(ENDINGS)}")
    sink.check(path)
    sink.check(table_of(path))
    if table_of(path).is_file() and not Path(path).exists():
        raise InputError(
            f"{table_of(path)} is there already, and the figure's table would replace it; give another name"
        )


def save(
    path: str | Path,
    rows: Sequence[Mapping[str, Any]],
    metric: Metric,
    *,
    command: str,
    draw: Callable[..., None] | None = None,
    facts: Sequence[str] = (),
) -> Path:
    """Draws rows and writes the figure, with its table as CSV beside it: both whole, or neither.

    The figure is chosen by what varies: the predictions, else the capacity, else nothing but the policies.

    Args:
        path: ends with .png, .pdf or .svg.
        rows: flat rows of results, each with a `label` that names the policy.
        metric: what is drawn.
        command: what made the rows; it stands in the footer and in the file's metadata.
        draw: a figure of this package to take instead, one panel per trace.
        facts: what the caption says besides.

    Returns:
        The path of the table.

    Raises:
        InputError: one of them cannot be written.
    """
    import pandas as pd

    from sim.study.figures import capacity, prediction_error, ranking

    path = Path(path)
    table = pd.DataFrame([dict(row) for row in rows])
    predictions = table.loc[table["predictions"] != "none", "predictions"].nunique()
    capacities = table["system.capacity"].nunique() if "system.capacity" in table else 1
    by = ["trace"]
    if draw is None:
        if predictions > 1:
            draw = prediction_error.draw
        elif capacities > 1:
            draw = capacity.draw
        else:
            draw = ranking.draw
        if draw is not capacity.draw and capacities > 1:
            by.append("system.capacity")
    panels = list(table.groupby(by, sort=False))
    n_lines = max(panel.groupby(["label", "predictions"]).ngroups for _, panel in panels)
    tall = max(3.6, 0.3 * n_lines + 1.2) if draw is ranking.draw else 4.0
    title, caption = _words(table, metric, facts)
    drawn = page.rendered(
        Page(title, caption, command, n_columns=2, height=tall),
        [
            (_panel_name(by, key) if len(panels) > 1 else "", partial(draw, panel, metric=metric))
            for key, panel in panels
        ],
        path.suffix.lower()[1:],
    )
    return page.put(path, drawn, table)


def _words(table: Any, metric: Metric, more: Sequence[str]) -> tuple[str, list[str]]:
    """Title and caption."""
    traces = ", ".join(table["trace"].unique())
    title = f"{metric.name.replace('_', ' ')} on {textwrap.shorten(traces, 60, placeholder=' …')}"
    facts = []
    if "requests" in table and table["requests"].nunique() == 1:
        facts.append(f"{table['requests'].iloc[0]:,} requests")
    if "system.capacity" in table and table["system.capacity"].nunique() == 1:
        unit = "bytes" if table.get("system.sized", [False])[0] else "pages"
        facts.append(f"capacity {table['system.capacity'].iloc[0]:,} {unit}")
    n_seeds, first = table["seed"].nunique(), table["seed"].min()
    facts.append(f"mean and 95 % interval over {n_seeds} seeds from {first}" if n_seeds > 1 else f"seed {first}")
    facts += more
    if table["clairvoyant"].any():
        facts.append("* sees the future")
    return title[0].upper() + title[1:], facts


def _panel_name(by: list[str], key: tuple[Any, ...]) -> str:
    parts = [
        f"{name.removeprefix('system.')} {value:,}" for name, value in zip(by, key, strict=True) if name != "trace"
    ]
    return ", ".join(parts) or str(key[0])
