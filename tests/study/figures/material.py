"""Material of figures from a table by hand: a study analysed without a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.core.metric import Metric
from sim.study import stats, worth
from sim.study.analysis import Analysis
from sim.study.figures.gallery import Material, Sheet
from tests.study.tables import MISSES


def material(
    frame: pd.DataFrame,
    metrics: Sequence[Metric] = (MISSES,),
    *,
    baseline: str | None = None,
    timelines: Sequence[Any] = (),
) -> Material:
    """What figures are drawn from, of a table as `tests.study.tables.table` makes it."""
    analysis = Analysis(
        frame,
        {"system": "paging", "metric": metrics[0].name, "baseline": baseline, "command": "augsim sweep s.toml -o s"},
        metrics,
        stats.compare(frame, metrics[:1], baseline=baseline, draws=200),
        worth.worth(frame, metrics[0], per="requests" if "requests" in frame else None, draws=200),
        worth.check_bounds(frame, "misses"),
        "",
    )
    return Material(analysis, lambda: list(timelines))


def drawn(sheet: Sheet, panel: int = 0) -> Axes:
    """The axes of one panel, as they are in the file."""
    axes = Figure().subplots()
    sheet.panels[panel].draw(sheet.panels[panel].table, axes)
    return axes


def line_of(axes: Axes, n_points: int, colour: str | None = None) -> Any:
    """The line of so many points, of this colour where there are several."""
    return next(line for line in axes.lines if len(line.get_xdata()) == n_points and colour in (None, line.get_color()))


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]
