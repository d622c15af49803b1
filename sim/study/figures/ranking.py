"""Policies in order, best on top: one bar each."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from sim.core.metric import Metric
from sim.study.figures import style


def draw(table: pd.DataFrame, axes: Axes, *, metric: Metric) -> None:
    """Draws one bar per policy and predictor, with its interval over seeds; a line goes down from the clairvoyant reference.

    Args:
        table: rows of one trace and setting, with `label`, `predictions`, `clairvoyant` and the metric.
    """
    means = style.estimates(table, ["label", "clairvoyant", "predictions"], metric.name)
    means = means.sort_values("mean", ascending=metric.better != "higher", kind="stable").reset_index(drop=True)
    shades = [style.GREY if row["clairvoyant"] else style.colour(row["label"]) for _, row in means.iterrows()]
    axes.barh(means.index, means["mean"], color=shades, height=0.68)
    is_several = means["half"] > 0
    if is_several.any():
        some = means[is_several]
        axes.errorbar(
            some["mean"], some.index, xerr=some["half"], fmt="none", ecolor=style.INK, capsize=2.5, linewidth=1
        )
    for place, row in means.iterrows():
        axes.annotate(
            f"{row['mean']:.4f}" if metric.unit == "" else f"{row['mean']:,.4g}",
            (row["mean"] + row["half"], place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
        )
    axes.set_yticks(means.index, [_name(row) for _, row in means.iterrows()])
    axes.invert_yaxis()
    axes.set_xlabel(f"{metric.label}, {metric.better} is better")
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.1)
    if (clairvoyant := means[means["clairvoyant"].astype(bool)]).size:
        axes.axvline(clairvoyant["mean"].iloc[0], color=style.REFERENCE, linewidth=1, linestyle=(0, (1.5, 1.5)))


def _name(row: pd.Series) -> str:
    return style.labelled(row) + (f", {row['predictions']}" if row["predictions"] != "none" else "")
