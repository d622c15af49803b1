"""A metric against the error of the predictions: what a prediction was worth, and how fast that is lost."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes

from sim.core.metric import Metric
from sim.study import spec
from sim.study.figures import style

ETAS = ("eta0", "eta1", "eta")


def draw(table: pd.DataFrame, axes: Axes, *, metric: Metric) -> None:
    """Draws policies that read predictions as lines over the error, the others as horizontal lines.

    The error is the one parameter in which the predictors differ (the flip probability); where they differ otherwise, it is the
    measured error per request.

    Args:
        table: rows of one trace and setting, with `label`, `predictions`, `clairvoyant`, `requests`, the etas and the metric.
    """
    table = table.copy()
    parameter = varied(table["predictions"])
    table["error"] = [_error(row, parameter) for _, row in table.iterrows()]
    by = ["label", "clairvoyant", "predictions"]
    means = style.estimates(table, by, metric.name).merge(table.groupby(by, sort=False)["error"].mean().reset_index())
    reads = means["predictions"] != "none"
    ends = []
    for _, row in means[~reads].iterrows():
        shade = style.REFERENCE if row["clairvoyant"] else style.colour(row["label"])
        dashes = (0, (1.5, 1.5)) if row["clairvoyant"] else (0, (6, 2))
        axes.axhline(row["mean"], color=shade, linewidth=1.3, linestyle=dashes, alpha=0.9)
        if row["half"]:
            axes.axhspan(row["mean"] - row["half"], row["mean"] + row["half"], color=shade, alpha=0.12, linewidth=0)
        ends.append((row["mean"], style.labelled(row), shade))
    for label, points in means[reads].groupby("label", sort=False):
        style.draw_line(axes, points, "error", str(label), zorder=3)
        last = points.sort_values("error").iloc[-1]
        ends.append((last["mean"], str(label), style.colour(str(label))))
    axes.set_xlabel(
        f"prediction error: {parameter[1]} of {parameter[0]}" if parameter else "measured prediction error per request"
    )
    axes.set_ylabel(f"{metric.label}, {metric.better} is better")
    axes.margins(x=0.02)
    style.label_ends(axes, ends)


def varied(predictions: pd.Series) -> tuple[str, str] | None:
    """(predictor, parameter) where all predictions are of one predictor and differ in one number; else None."""
    found = [spec.parse(text) for text in predictions.unique() if text != "none" and " " not in text]
    names = {one.name for one in found}
    keys = sorted({key for one in found for key in one.arguments})
    keys = [key for key in keys if len({one.arguments.get(key) for one in found}) > 1]
    if len(names) != 1 or len(keys) != 1 or len(found) < predictions[predictions != "none"].nunique():
        return None
    return (names.pop(), keys[0]) if all(_is_number(one.arguments.get(keys[0])) for one in found) else None


def _is_number(text: str | None) -> bool:
    try:
        return text is not None and math.isfinite(float(text))
    except ValueError:
        return False


def _error(row: pd.Series, parameter: tuple[str, str] | None) -> float:
    if row["predictions"] == "none":
        return math.nan
    if parameter:
        return float(spec.parse(row["predictions"]).arguments[parameter[1]])
    errors = [row[eta] for eta in ETAS if eta in row.index and pd.notna(row[eta])]
    return sum(errors) / row["requests"] if errors else math.nan
