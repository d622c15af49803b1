"""What figures of a report are made of, in Bokeh: axes, lines with bands, staircases, marks that tell their values.

What is drawn of a contender carries its policy and predictions as a tag, by which the page hides it, and its colour, which the
page lightens on dark ground. A look is what `look_of` gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from bokeh.models import ColumnDataSource, FactorRange, FixedTicker, HoverTool, NumeralTickFormatter
from bokeh.models.annotations import Span
from bokeh.plotting import figure

from sim.study.figures import style
from sim.study.figures.gallery import Material
from sim.study.paired import Contender

MARKERS = {"o": "circle", "s": "square", "D": "diamond", "^": "triangle", "v": "inverted_triangle", "P": "plus"}

INK = "ink"
"""In place of a colour: that of the text, whatever the ground."""


def look_of(material: Material, who: Any, n_before: int = 0) -> dict[str, Any]:
    """The look that figures on paper give a contender, in Bokeh's words, with whose it is.

    Args:
        material: of the study.
        who: a row with `policy`, `predictions`, `clairvoyant`.
        n_before: contenders of the same policy that stand before it.
    """
    look = material.line(who, n_before)
    dash = look["linestyle"]
    return {
        "policy": who["policy"],
        "predictions": who["predictions"],
        "colour": INK if who["clairvoyant"] else look["color"],
        "marker": MARKERS.get(look["marker"], "star"),
        "dash": "solid" if dash == "-" else [max(1, round(1.7 * length)) for length in dash[1]],
    }


def axes(
    x: str, y: str | None, *, height: int = 400, is_log: bool = False, rows: Sequence[str] | None = None
) -> figure:
    """Empty axes that fill the width; the page gives them their colours. With `rows`, each of these has a place of its own on the
    vertical."""
    ranges: dict[str, Any] = {"y_range": FactorRange(factors=list(rows))} if rows else {}
    plot = figure(
        sizing_mode="stretch_width",
        height=height,
        tools="pan,box_zoom,wheel_zoom,reset,save",
        active_drag="box_zoom",
        active_scroll=None,
        toolbar_location="above",
        x_axis_type="log" if is_log else "linear",
        x_axis_label=plain(x),
        y_axis_label=plain(y) if y else None,
        **ranges,
    )
    plot.toolbar.logo = None
    plot.outline_line_color = plot.border_fill_color = plot.background_fill_color = None
    for axis in plot.axis:
        axis.axis_label_text_font_style = "normal"
        axis.minor_tick_line_color = None
    plot.ygrid.visible = not rows
    return plot


def ticks(plot: figure, places: Mapping[float, str]) -> None:
    """Gives the horizontal axis these ticks alone."""
    plot.xaxis.ticker = FixedTicker(ticks=sorted(places), minor_ticks=[])
    plot.xaxis.major_label_overrides = {place: plain(text) for place, text in places.items()}


def percents(plot: figure) -> None:
    """Shares on the vertical axis as percentages."""
    plot.yaxis.formatter = NumeralTickFormatter(format="0%")


def view(plot: Any, low: float, high: float) -> None:
    """Shows these values at first, whatever else there is."""
    plot.y_range.start, plot.y_range.end = low - (high - low) * 0.06, high + (high - low) * 0.06


def rule(plot: figure, place: float) -> None:
    """A line from below to above."""
    plot.add_layout(Span(location=place, dimension="height", line_width=1, tags=[{"colour": INK}]))


def line(plot: figure, points: pd.DataFrame, look: Mapping[str, Any], size: int = 7) -> None:
    """A line with its marks, and the band of its intervals where the marks show.

    Args:
        plot: axes.
        points: `x`, `at` (the same in words), `value`, `low`, `high`, `n_traces`, in order; `name` where it is not the
            contender's.
        look: of the contender.
        size: of the marks; 0: they show only while they are pointed at.
    """
    x, y, low, high = (points[name].tolist() for name in ("x", "value", "low", "high"))
    name = points["name"].iloc[0] if "name" in points else look["policy"]
    names = [name] * len(points)
    if look["predictions"] == "*" and "predictions" in points:
        names = [_with(name, predictions) for predictions in points["predictions"]]
    told = {
        "name": names,
        "at": points["at"].tolist(),
        "told": [digits(value) for value in y],
        "interval": [between(*ends) for ends in zip(low, high, strict=True)],
        "traces": [str(n) for n in points["n_traces"]],
    }
    if size and style.has_intervals(points):
        tagged(plot.varea(x, low, high, fill_alpha=0.12, fill_color=shade(look)), look)
    tagged(plot.line(x, y, line_width=2, line_dash=look["dash"], color=shade(look)), look)
    marks(plot, {"x": x, "y": y, **told}, look, size)


def _with(name: str, predictions: str) -> str:
    return name if " with " in name else Contender(name, predictions).name


def stairs(plot: figure, values: Sequence[float], traces: Sequence[str], look: Mapping[str, Any]) -> None:
    """The share of values up to each; both in rising order of the values."""
    shares = [(i + 1) / len(values) for i in range(len(values))]
    x, y = [values[0], *values], [0.0, *shares]
    tagged(plot.step(x, y, mode="after", line_width=1.7, line_dash=look["dash"], color=shade(look)), look)
    told = {
        "name": [Contender(look["policy"], look["predictions"]).name] * len(values),
        "trace": list(traces),
        "told": [digits(value) for value in values],
        "share": [f"{share:.0%}" for share in shares],
    }
    marks(plot, {"x": list(values), "y": shares, **told}, look, 0)


def bar(plot: figure, row: str, low: float, high: float, look: Mapping[str, Any]) -> None:
    """An interval in its row."""
    tagged(plot.segment(y0=[row], y1=[row], x0=[low], x1=[high], line_width=2, color=shade(look)), look)


def marks(plot: figure, data: Mapping[str, Any], look: Mapping[str, Any], size: int, is_filled: bool = True) -> None:
    """Marks that tell what stands in the other columns of the data; of size 0 they show only while they are pointed at."""
    hidden: dict[str, Any] = {} if size else {"alpha": 0, "hover_alpha": 1}
    fill = shade(look) if is_filled else "white"
    renderer = plot.scatter(
        "x",
        "y",
        source=ColumnDataSource(dict(data)),
        size=size or 8,
        marker=look["marker"],
        line_width=1.5,
        line_color=shade(look),
        fill_color=fill,
        **hidden,
    )
    renderer.name = "mark" if is_filled else "hollow mark"
    tagged(renderer, look)


def hover(plot: Any, **columns: str) -> None:
    """Has marks tell these columns of their data, under these headings."""
    found = [one for one in plot.renderers if (one.name or "").endswith("mark")]
    tooltips = [("policy", "@name"), *((plain(heading), f"@{column}") for column, heading in columns.items())]
    plot.add_tools(HoverTool(renderers=found, tooltips=tooltips, point_policy="snap_to_data", visible=False))


def tagged(renderer: Any, look: Mapping[str, Any]) -> None:
    renderer.tags = [{name: look[name] for name in ("policy", "predictions", "colour")}]


def shade(look: Mapping[str, Any]) -> str:
    return "black" if look["colour"] == INK else str(look["colour"])


def between(low: float, high: float) -> str:
    return f"{digits(low)} to {digits(high)}" if high > low else "none"


def digits(value: float) -> str:
    """Four digits, thousands apart."""
    size = abs(value)
    return ("−" if value < 0 else "") + (f"{size:,.0f}" if size >= 1000 else f"{size:.4g}")


def plain(text: str) -> str:
    """Text that Bokeh takes for no formula: it would look for a typesetter elsewhere."""
    for mark in ("$$", "\\[", "\\("):
        text = text.replace(mark, f"{mark[0]}\u200b{mark[1]}")
    return text
