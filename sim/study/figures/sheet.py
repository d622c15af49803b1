"""Puts a table of rows on a sheet: which figure shows it, in how many panels, with title, caption, command, and table."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.core.errors import InputError
from sim.core.metric import Metric

ENDINGS = (".png", ".pdf", ".svg")


def check(path: str | Path) -> None:
    """Refuses a file that could not be drawn, before anything runs."""
    from traces import sink

    if Path(path).suffix.lower() not in ENDINGS:
        raise InputError(f"{path}: a figure's ending is one of {', '.join(ENDINGS)}")
    sink.check(path)
    sink.check(table_of(path))


def table_of(path: str | Path) -> Path:
    """Where the table of a figure is written: beside it, as CSV."""
    return Path(path).with_suffix(".csv")


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
    import io

    import matplotlib as mpl
    import pandas as pd
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from sim.study.figures import capacity, prediction_error, ranking, style
    from traces import sink

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
    with mpl.rc_context({**style.RC, "svg.hashsalt": "augsim"}):
        n_lines = max(panel.groupby(["label", "predictions"]).ngroups for _, panel in panels)
        tall = max(3.6, 0.3 * n_lines + 1.2) if draw is ranking.draw else 4.0
        n_columns = min(len(panels), 2)
        n_rows = -(-len(panels) // n_columns)
        footer = textwrap.wrap(command, 130 * n_columns, break_on_hyphens=False)
        figure = Figure(
            figsize=(7.2 * n_columns, tall * n_rows + 0.6 + 0.13 * len(footer)), layout="constrained", dpi=200
        )
        FigureCanvasAgg(figure)
        figure.get_layout_engine().set(h_pad=0.08, w_pad=0.1)  # type: ignore[union-attr, call-arg]
        title, caption = _words(table, metric, facts)
        figure.suptitle(f"{title}\n", x=0.012, ha="left", fontweight="bold", fontsize=11, color=style.INK)
        figure.text(0.012, 1 - 0.38 / figure.get_figheight(), caption, fontsize=8.5, color=style.GREY)
        figure.supxlabel("\n".join(footer), x=0.012, ha="left", fontsize=6, color=style.GREY, family="monospace")
        grid = figure.subplots(n_rows, n_columns, squeeze=False)
        for axes, (key, _) in zip(grid.flat, panels, strict=False):
            if len(panels) > 1:
                axes.set_title(_panel_name(by, key), loc="left", fontsize=9, color=style.INK)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        for axes, (_, panel) in zip(grid.flat, panels, strict=False):
            draw(panel, axes, metric=metric)
        drawn = io.BytesIO()
        figure.savefig(drawn, format=path.suffix.lower()[1:], metadata=_metadata(path, title, command))
    beside = table_of(path)
    with sink.whole(beside) as table_file:
        table_file.write(table.to_csv(index=False).encode())
        table_file.flush()
        with sink.whole(path) as figure_file:
            figure_file.write(drawn.getvalue())
    return beside


def _words(table: Any, metric: Metric, more: Sequence[str]) -> tuple[str, str]:
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
    gap = "   ·   " if sum(map(len, facts)) < 75 else "  ·  "
    return title[0].upper() + title[1:], gap.join(facts)


def _panel_name(by: list[str], key: tuple[Any, ...]) -> str:
    parts = [
        f"{name.removeprefix('system.')} {value:,}" for name, value in zip(by, key, strict=True) if name != "trace"
    ]
    return ", ".join(parts) or str(key[0])


def _metadata(path: Path, title: str, command: str) -> dict[str, str | None]:
    """What the file says of itself; no date, so that equal tables give equal files."""
    ending = path.suffix.lower()
    about = "Subject" if ending == ".pdf" else "Description"
    date = {".pdf": "CreationDate", ".svg": "Date"}.get(ending)
    return {"Title": title, about: command, **({date: None} if date else {})}
