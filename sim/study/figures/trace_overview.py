"""What a trace looks like, in four small panels: popularity, reuse distances, working set, pages seen so far."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sim.core.errors import InputError

FORMATS = (".png", ".pdf", ".svg")
TITLE_LETTERS = 84
INK, MUTED, FIRST, SECOND = "#22252b", "#7a818c", "#1f6fb4", "#e07b1a"


def check(path: str | Path) -> None:
    """Looks whether a figure can be written there.

    Raises:
        InputError: the ending is not of `FORMATS`, a folder is missing or has its name.
    """
    from traces import sink

    if Path(path).suffix.lower() not in FORMATS:
        raise InputError(f"figure {path}: the ending must be one of {', '.join(FORMATS)}")
    sink.check(path)


def save(description: dict[str, Any], path: str | Path, made: str = "") -> None:
    """Draws the description of a paging trace into a file; `made` is the command that made it, and its seed.

    Raises:
        InputError: it is none of a paging trace, or the file cannot be written; nothing of it is kept.
    """
    if "distinct_pages" not in description:
        raise InputError(
            f"figure {path}: paging traces are drawn, and {description['trace']} is one of {description['domain']}"
        )
    import io

    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    from traces import sink

    check(path)
    kind = Path(path).suffix.lower()[1:]
    data = io.BytesIO()
    with matplotlib.rc_context({"font.size": 9, "axes.titlesize": 10, "svg.hashsalt": "augsim"}):
        layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1, hspace=0.03, wspace=0.02)
        figure = Figure(figsize=(9.6, 6.4), layout=layout)
        FigureCanvasAgg(figure)
        figure.suptitle(_title(description), x=0.012, ha="left", fontsize=11.5, color=INK, fontweight="bold")
        draw(description, figure.subplots(2, 2).ravel())
        if made:
            figure.supxlabel(_cut(made, 150), x=0.012, ha="left", fontsize=6.5, color=MUTED)
        figure.savefig(data, format=kind, dpi=160, metadata={"Date": None} if kind == "svg" else None)
    with sink.whole(path) as file:
        file.write(data.getvalue())


def draw(description: dict[str, Any], axes: Any) -> None:
    """Draws into four axes."""
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(True, color="#e6e8eb", linewidth=0.6)
        ax.set_axisbelow(True)
        ax.tick_params(colors=INK, labelsize=8)
    popularity(description, axes[0])
    reuse(description, axes[1])
    working_set(description, axes[2])
    seen(description, axes[3])


def popularity(description: dict[str, Any], ax: Any) -> None:
    """Requests of each page by its rank, and the Zipf line."""
    curve, fit = description["popularity"], description["zipf"]
    rank = np.array(curve["rank"], float)
    ax.loglog(rank, curve["requests"], ".", color=FIRST, markersize=4, label="pages")
    if "alpha" in fit:
        line = fit["requests_at_rank_1"] * rank ** -fit["alpha"]
        label = rf"Zipf, $\alpha$ = {fit['alpha']:.2f}, R² = {fit['r2']:.3f}"
        ax.loglog(rank, line, color=SECOND, linewidth=1.4, label=label)
        ax.set_ylim(bottom=max(0.5, min(line.min(), 1) * 0.7))
        ax.legend(frameon=False, fontsize=8, loc="upper right")
    ax.set(title="Popularity", xlabel="rank of the page", ylabel="requests")
    if "alpha" not in fit:
        ax.text(0.98, 0.95, fit["notice"].partition(",")[0], transform=ax.transAxes, ha="right", va="top", **NOTE)


def reuse(description: dict[str, Any], ax: Any) -> None:
    """Requests by the distance to the page's last one, in powers of two."""
    rows = description["reuse_distances"]
    n = description["requests"]
    place = np.arange(len(rows))
    for shift, key, color, label in (
        (-0.2, "time_gap", FIRST, "time gap, in requests"),
        (0.2, "stack_distance", SECOND, "stack distance, in pages"),
    ):
        share = [100 * row[key] / n for row in rows]
        ax.bar(place + shift, share, 0.4, color=color, label=label)
    every = max(1, -(-len(rows) // 9))
    ax.set_xticks(place[::every], [_short(row["to"]) for row in rows[::every]])
    ax.grid(False, axis="x")
    ax.set(title="Reuse distances", xlabel="distance up to", ylabel="% of requests")
    ax.margins(y=0.3)
    if rows:
        ax.legend(frameon=False, fontsize=8, loc="upper left")
    first = f"first requests: {description['first_requests'] / n:.1%}"
    ax.text(0.98, 0.97, first, transform=ax.transAxes, ha="right", va="top", **NOTE)


def working_set(description: dict[str, Any], ax: Any) -> None:
    """Distinct pages of each window."""
    series = description["working_set"]
    x, label = _clock(description)
    ax.step(x, series["pages"], where="post", color=FIRST, linewidth=1.2)
    ax.fill_between(x, series["pages"], step="post", color=FIRST, alpha=0.15, linewidth=0)
    ax.set(title=f"Working set, windows of {series['window']}", xlabel=label, ylabel="distinct pages")
    ax.set_ylim(bottom=0)
    ax.margins(x=0.01)
    _short_ticks(ax)


def seen(description: dict[str, Any], ax: Any) -> None:
    """Distinct pages from the start to the end of each window."""
    x, label = _clock(description)
    ax.plot(x, description["working_set"]["pages_so_far"], color=FIRST, linewidth=1.6)
    ax.set(title="Pages seen so far", xlabel=label, ylabel="distinct pages")
    ax.set_ylim(bottom=0)
    ax.margins(x=0.01)
    _short_ticks(ax)


NOTE: dict[str, Any] = {"fontsize": 8, "color": MUTED}


def _clock(description: dict[str, Any]) -> tuple[Any, str]:
    series = description["working_set"]
    return (series["start_s"], "time (s)") if "start_s" in series else (series["first_request"], "request")


def _title(description: dict[str, Any]) -> str:
    counts = f": {description['requests']:,} requests to {description['distinct_pages']:,} pages"
    counts += f", {description['one_hit_share_of_pages']:.0%} of them once"
    return _cut(description["trace"], TITLE_LETTERS - len(counts)) + counts


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _short_ticks(ax: Any) -> None:
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda value, _: _short(value))


def _short(n: float) -> str:
    """A number in few letters; powers of 1024 by their binary letters."""
    if n >= 1024 and n % 1024 == 0 and (int(n) & (int(n) - 1)) == 0:
        for letter in "KMGT":
            n /= 1024
            if n < 1024:
                return f"{n:g}{letter}i"
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(n) >= size:
            return f"{n / size:g}{letter}"
    return f"{n:g}"
