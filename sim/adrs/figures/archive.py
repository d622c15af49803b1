"""The archive at the end: which kinds of candidate each island holds, and how good they are."""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from sim.adrs.archive import SIZES, UNLIKE_BINS
from sim.adrs.figures.dress import facts
from sim.adrs.record import Record
from sim.adrs.wording import changed
from sim.study.figures import style
from sim.study.figures.gallery import Panel, Sheet, Unfit, counted

LEAST = 0.01
"""Colours are full at such a change, or farther off."""


def sheets(record: Record) -> list[Sheet]:
    """One file, a panel per island."""
    table = _table(record)
    if table.empty:
        raise Unfit("no candidate came into the archive")
    far = max(abs(_best(table, record)), LEAST)
    panels = []
    for i in range(len(record.islands)):
        elites = table[table["island"] == i + 1].reset_index(drop=True)
        heading = f"island {i + 1}: {counted(len(elites), 'elite')}"
        if len(elites):
            is_whole = elites["n_instances"].max() == record.n_train
            heading += f", the best{' on all instances' if is_whole else ''} {changed(_best(elites, record))}"
            heading += "" if is_whole else "°"
        panels.append(Panel(elites, partial(draw, record=record, far=far), heading))
    n_places = (len(SIZES) + 1) * UNLIKE_BINS
    filled = table[["size_bin", "unlike_bin"]].drop_duplicates()
    said = [
        *facts(record),
        f"{len(filled)} of {n_places} places filled by some island",
        "numbers: change in percent, mean over the training instances that an elite was tried on",
        "violet: better than the baseline, orange: worse, hatched: empty",
    ]
    said += ["°: tried on a part of them"] if (table["n_instances"] < record.n_train).any() else []
    if table["is_winner"].any():  # the winner of a control may be none of these
        said.append(f"framed: the winner{' before it was simplified' if record.winner != record.before else ''}")
    return [
        Sheet(
            "The archive at the end: size of candidates, and how often they decide unlike the baseline",
            said,
            panels,
            n_columns=2,
            width=5.2,
            height=3.1,
        )
    ]


def _table(record: Record) -> pd.DataFrame:
    """The elites: `island`, `size_bin`, `unlike_bin`, `id`, `policy`, `value`, `n_instances`, `is_winner`."""
    known = {entry.id: entry for entry in record.entries}
    rows = []
    for i, island in enumerate(record.islands, 1):
        for elite in island:
            entry = known[elite.id]
            if entry.loss is not None:
                rows.append(
                    {
                        "island": i,
                        "size_bin": elite.size,
                        "unlike_bin": elite.unlike,
                        "id": elite.id,
                        "policy": entry.policy,
                        "value": record.change(entry.loss),
                        "n_instances": entry.n_instances,
                        "is_winner": elite.id == record.before.id,
                    }
                )
    return pd.DataFrame(rows)


def _best(elites: pd.DataFrame, record: Record) -> float:
    """Of those that were tried on most instances."""
    most = elites[elites["n_instances"] == elites["n_instances"].max()]["value"]
    return float(most.min() if record.metric.better == "lower" else most.max())


def draw(table: pd.DataFrame, axes: Axes, *, record: Record, far: float) -> None:
    """Draws a cell per place: violet is better than the baseline, orange worse; empty places are hatched.

    Args:
        table: `size_bin`, `unlike_bin`, `value`, `n_instances`, `is_winner`.
        far: from the baseline's 0, where colours are full.
    """
    n_sizes = len(SIZES) + 1
    values = np.full((n_sizes, UNLIKE_BINS), np.nan)
    for row in table.to_dict("records"):
        values[row["size_bin"], row["unlike_bin"]] = row["value"]
    colours = "PuOr_r" if record.metric.better == "lower" else "PuOr"
    axes.patch.set(facecolor="white", hatch="////", edgecolor="#e2e2de")
    image = axes.imshow(values, aspect="auto", cmap=colours, vmin=-far, vmax=far, origin="lower")
    axes.set_xticks(np.arange(UNLIKE_BINS + 1) - 0.5, [f"{100 * k / UNLIKE_BINS:g}" for k in range(UNLIKE_BINS + 1)])
    bounds = [0, *SIZES]
    names = [f"{low}–{high - 1}" for low, high in itertools.pairwise(bounds)] + [f"{bounds[-1]} and more"]
    axes.set_yticks(range(n_sizes), [names[0].replace("0–", "up to "), *names[1:]])
    axes.grid(visible=False)
    axes.vlines(np.arange(1, UNLIKE_BINS) - 0.5, -0.5, n_sizes - 0.5, color="white", linewidth=1.6)
    axes.hlines(np.arange(1, n_sizes) - 0.5, -0.5, UNLIKE_BINS - 0.5, color="white", linewidth=1.6)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for row in table.to_dict("records"):
        red, green, blue, _ = image.cmap(image.norm(row["value"]))
        is_dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
        mark = "°" if row["n_instances"] < record.n_train else ""
        at = (row["unlike_bin"], row["size_bin"])
        text = f"{100 * row['value']:+,.{0 if row['value'] >= 10 else 1}f}{mark}".replace("-", "−")
        axes.text(*at, text, ha="center", va="center", fontsize=7, color="white" if is_dark else "black")
        if row["is_winner"]:
            axes.add_patch(
                Rectangle((at[0] - 0.5, at[1] - 0.5), 1, 1, fill=False, edgecolor=style.INK, linewidth=2, zorder=4)
            )
    axes.set_xlabel("decisions unlike the baseline's (% of those on the probes)")
    axes.set_ylabel("size (syntax nodes)")
