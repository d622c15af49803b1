"""The look that all figures share: colours that stay with a policy, labels at the ends of lines, means with intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.transforms import offset_copy

INK, GREY, REFERENCE = "#222222", "#6b6b6b", "#000000"

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#882255", "#44aa99", "#999933", "#332288")
"""Told apart by colour-blind readers too (Okabe and Ito; Tol)."""

MARKERS = "osD^vP"

FAMILIAR = ("lru", "mark0", "marker", "flush_all_zeros", "sieve", "fifo", "combiner", "arc", "s3fifo", "lirs")
"""Policies often drawn together: their colours differ for sure."""

RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.7,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
}


def number(label: str) -> int:
    """A policy's place among all colours and markers: from its label alone, so the same in every figure and process.

    Parameters change the marker of a familiar policy, not its colour.
    """
    name, _, parameters = label.partition(",")
    letters = parameters if name in FAMILIAR else label
    code = sum(ord(letter) * (position + 1) for position, letter in enumerate(letters))
    return FAMILIAR.index(name) + len(PALETTE) * code if name in FAMILIAR else code


def colour(label: str) -> str:
    return PALETTE[number(label) % len(PALETTE)]


def marker(label: str) -> str:
    return MARKERS[number(label) % len(MARKERS)]


def estimates(table: pd.DataFrame, by: list[str], metric: str) -> pd.DataFrame:
    """Means over seeds.

    Returns:
        One row per group of `by`, with `mean`, `half` (half the width of the 95 % interval, 0 for one seed) and `n`.
    """
    grouped = table.groupby(by, sort=False, dropna=False)[metric]
    found = grouped.agg(["mean", "std", "count"]).reset_index().rename(columns={"count": "n"})
    found["half"] = [_half(std, n) for std, n in zip(found["std"], found["n"], strict=True)]
    return found.drop(columns="std")


def _half(std: float, n: int) -> float:
    if n < 2:
        return 0.0
    from scipy.stats import t

    return float(t.ppf(0.975, n - 1)) * std / math.sqrt(n)


def draw_line(axes: Axes, points: pd.DataFrame, x: str, label: str, *, bars: bool = False, **look: Any) -> None:
    """A policy's means over `x`, with a band where there are several seeds, or with `bars` where bands would hide each other."""
    points = points.sort_values(x)
    look = {"color": colour(label), "marker": marker(label), "markersize": 4.5, "linewidth": 1.8, **look}
    axes.plot(points[x], points["mean"], **look)
    if (points["half"] > 0).any():
        low, high = points["mean"] - points["half"], points["mean"] + points["half"]
        if bars:
            axes.vlines(points[x], low, high, color=look["color"], linewidth=1.1, alpha=0.7)
        else:
            axes.fill_between(points[x], low, high, color=look["color"], alpha=0.18, linewidth=0)


def label_ends(axes: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Writes labels right of the axes, each at its line's height, moved apart where they would overlap.

    Args:
        ends: (height in data, text, colour); the limits of the axes must not change afterwards.
    """
    if not ends:
        return
    ends = sorted(ends)
    axes.get_ylim()  # settles the limits
    height = axes.get_window_extent().height * 72 / axes.figure.dpi
    step = min(11.5 / height, 1 / max(len(ends) - 1, 1))
    wanted = [float(axes.transAxes.inverted().transform(axes.transData.transform((1, y)))[1]) for y, _, _ in ends]
    places = [max(place, i * step) for i, place in enumerate(apart(wanted, step))]
    places = [min(place, 1 - (len(ends) - 1 - i) * step) for i, place in enumerate(places)]
    for y, (_, text, shade), place in zip(wanted, ends, places, strict=True):
        axes.plot(
            [1.005, 1.03], [y, place], transform=axes.transAxes, color=shade, linewidth=0.7, alpha=0.7, clip_on=False
        )
        axes.text(1.037, place, text, transform=axes.transAxes, color=shade, va="center", fontsize=8.5)


def apart(wanted: list[float], step: float) -> list[float]:
    """Heights in the same order, at least `step` apart, as near to those wanted as least squares allow."""
    blocks: list[list[float]] = []  # (sum of the wanted heights less their offsets, how many)
    for i, y in enumerate(wanted):
        blocks.append([y - i * step, 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    bases = [total / count for total, count in blocks for _ in range(int(count))]
    return [base + i * step for i, base in enumerate(bases)]


def labelled(row: Any) -> str:
    """How a figure calls a row's policy; the clairvoyant carry a star."""
    return f"{row['label']} *" if row["clairvoyant"] else str(row["label"])


@dataclass(frozen=True)
class Look:
    """How a policy is drawn: three marks, so that it is known without colour too."""

    color: str
    marker: str
    linestyle: Any

    def line(self) -> dict[str, Any]:
        return {"color": self.color, "marker": self.marker, "linestyle": self.linestyle, "markersize": 4.5}


DASHES: tuple[Any, ...] = ("-", (0, (6, 1.6)), (0, (2, 1)), (0, (6, 1.2, 1.5, 1.2)), (0, (1, 1)))


N_LOOKS = math.lcm(len(PALETTE), len(MARKERS))
"""Pairs of a colour and a marker that differ, counted through both at once; marker and dashes alone differ for as many."""


def looks(labels: Iterable[str]) -> dict[Any, Look]:
    """The look of each policy of a study, the same in all of its figures; no two are alike up to `N_LOOKS` policies.

    Each has the colour and the marker that its name gives it wherever it is drawn; of two that would share a colour, the later
    takes the next that is free, unless it is one of the `FAMILIAR`.
    """
    labels = list(dict.fromkeys(labels))
    slots: dict[str, int] = {}
    used = [0] * len(PALETTE)
    for label in sorted(labels, key=lambda label: label not in FAMILIAR):
        slot = wanted = number(label) % N_LOOKS
        if label not in FAMILIAR:
            taken = list(slots.values())
            slot = min(range(N_LOOKS), key=lambda i: (taken.count(i), used[i % len(PALETTE)], (i - wanted) % N_LOOKS))
        slots[label] = slot
        used[slot % len(PALETTE)] += 1
    return {label: _look(slots[label]) for label in labels}


def _look(slot: int) -> Look:
    dashes = DASHES[slot // len(MARKERS) % len(DASHES)]
    return Look(PALETTE[slot % len(PALETTE)], MARKERS[slot % len(MARKERS)], dashes)


def short(name: str, length: int = 52) -> str:
    """A long name without its middle, so that both of its ends can be read; predictions stay whole where they leave room."""
    if len(name) <= length:
        return name
    head, with_, tail = name.partition(" with ")
    if with_ and len(tail) <= length * 3 // 5:
        return f"{short(head, length - len(with_) - len(tail))}{with_}{tail}"
    end = (length - 1) * 2 // 5
    return f"{name[: length - 1 - end]}…{name[-end:]}"


def shortened(names: Iterable[str], length: int = 52) -> dict[Any, str]:
    """Each name as figures write it: shortened, unless that would make two of them equal."""
    names = list(dict.fromkeys(names))
    wanted = [short(name, length) for name in names]
    return {name: text if wanted.count(text) == 1 else name for name, text in zip(names, wanted, strict=True)}


LETTER = 0.068
"""Inches that a letter of a name takes, on the average."""


def width_of(names: Iterable[str]) -> float:
    """Inches that the longest of these names takes where it is shortened."""
    return LETTER * max(map(len, shortened(names).values()))


def has_intervals(points: pd.DataFrame) -> bool:
    return bool((points["high"] > points["low"]).any())


def draw_means(
    axes: Axes, x: Any, points: pd.DataFrame, look: Mapping[str, Any], shift_pt: float | None = None
) -> None:
    """A line through `value`, with the band between `low` and `high`; or with bars, all of it moved aside by so many points."""
    look = {"linewidth": 1.7, **look}
    if shift_pt is None:
        axes.plot(x, points["value"], **look)
        if has_intervals(points):
            axes.fill_between(x, points["low"], points["high"], color=look["color"], alpha=0.13, linewidth=0)
        return
    aside = offset_copy(axes.transData, fig=axes.get_figure(root=True), x=shift_pt, units="points")
    axes.plot(x, points["value"], transform=aside, **look)
    axes.update_datalim([*zip(x, points["low"], strict=True), *zip(x, points["high"], strict=True)])
    axes.vlines(x, points["low"], points["high"], color=look["color"], linewidth=1.1, alpha=0.8, transform=aside)


def draw_level(axes: Axes, row: Any, look: Mapping[str, Any], place: int = 0) -> None:
    """A horizontal line at `value`, for what does not depend on x, its interval a bar at the right edge, the `place`th there."""
    axes.axhline(row["value"], **{"linewidth": 1.3, "alpha": 0.9, **look, "marker": ""})
    if row["high"] > row["low"]:
        at = 0.997 - 0.008 * place
        where: Any = axes.get_yaxis_transform()
        axes.plot([at, at], [row["low"], row["high"]], transform=where, color=look["color"], linewidth=2.2, alpha=0.4)


def name_end(axes: Axes, x: float, y: float, text: str, shade: str) -> None:
    """Writes a name above the last point of a line that ends inside the axes."""
    axes.annotate(
        text,
        (x, y),
        xytext=(0, 9),
        textcoords="offset points",
        color=shade,
        ha="center",
        fontsize=8.5,
        zorder=5,
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )


def legend(axes: Axes, lines: Sequence[tuple[str, Mapping[str, Any]]], heading: str = "") -> None:
    """Names right of the axes, in this order."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], label=text, **{"linewidth": 1.7, **look}) for text, look in lines]
    axes.legend(
        handles=handles,
        title=heading or None,
        loc="center left",
        bbox_to_anchor=(1.01, 0.5),
        frameon=False,
        fontsize=8,
        title_fontsize=8,
        alignment="left",
        handlelength=3.2,
    )


def is_wide(values: Any) -> bool:
    """Whether values are so far apart, by factors, that a logarithmic axis shows them better."""
    return bool(min(values) > 0 and max(values) / min(values) >= 20)
