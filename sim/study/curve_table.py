"""Miss-ratio curves as tables for the eye: a row per capacity, a column per policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from sim.study.curves import errors
from sim.study.ranking import Ranking

ABREAST = 8
"""Columns of policies in one table; more make another one."""

HOW = {"stack": "one pass of stack distances", "byte stack": "one pass of stack distances in bytes, approximate"}


def tables(rows: Sequence[Mapping[str, Any]], metric: str) -> list[Ranking]:
    """The curves side by side, means over seeds; a sampled one that was compared has the exact one beside it.

    Args:
        rows: of `sim.study.curves.Answer`, of one trace.
        metric: the key that is shown.
    """
    columns: dict[tuple[str, str], dict[int, list[Mapping[str, Any]]]] = {}
    for row in rows:
        name = row["label"] + (" *" if row["clairvoyant"] else "")
        name += "" if row["predictions"] == "none" else f", {row['predictions']}"
        cells = columns.setdefault((name, metric), {})
        cells.setdefault(row["system.capacity"], []).append(row)
        if row.get("exact_miss_ratio") is not None and metric == "miss_ratio":
            columns.setdefault(("exact", name), {}).setdefault(row["system.capacity"], []).append(row)
    capacities = sorted({row["system.capacity"] for row in rows})
    first = rows[0]
    unit = "bytes" if first["system.sized"] else "pages"
    named = list(columns.items())
    found = []
    for start in range(0, len(named), ABREAST):
        part = named[start : start + ABREAST]
        body = [
            [f"{capacity:,}", *(_mean(cells.get(capacity, []), metric, name) for (name, _), cells in part)]
            for capacity in capacities
        ]
        heads = [(f"capacity ({unit})", "right"), *((name, "right") for (name, _), _ in part)]
        title = f"{first['trace']}: {metric.replace('_', ' ')}, {first['requests']:,} requests" if start == 0 else ""
        is_last = start + ABREAST >= len(named)
        found.append(Ranking(title, heads, body, caption(rows, unit) if is_last else ""))
    return found


def _mean(rows: Sequence[Mapping[str, Any]], metric: str, name: str) -> str:
    key = "exact_miss_ratio" if name == "exact" else metric
    values = [row[key] for row in rows if row[key] is not None]
    return f"{mean(values):.4f}" if values else ""


def caption(rows: Sequence[Mapping[str, Any]], unit: str) -> str:
    """How the figures came about, how far off the sampled ones are, and what no capacity avoids."""
    first = rows[0]
    cold = mean(row["cold_misses"] / row["requests"] for row in rows)
    lines = [f"cold misses {cold:.4f}: no capacity avoids them"]
    passed = {row["label"]: HOW[row["method"]] for row in rows if row["method"] in HOW}
    lines += [f"{label}: {how}" for label, how in passed.items()]
    if any(row["method"] == "replay" for row in rows):
        lines.append("others: one replay per capacity" if passed else "one replay per capacity")
    if (share := sampled(rows)) is not None:
        least = min(row["sampled_requests"] for row in rows if row["sample_rate"] < 1)
        lines.append(f"{share}, {least:,} requests or more")
    for label, error in errors(rows).items():
        lines.append(
            f"{label}: mean absolute error {error.mean:.2g} over {error.n_points} points, "
            f"largest {error.largest:.2g} at {error.capacity:,} {unit}"
        )
    seeds = sorted({row["seed"] for row in rows})
    lines.append(f"{len(seeds)} seeds from {seeds[0]}, means" if len(seeds) > 1 else f"seed {first['seed']}")
    if any(row["clairvoyant"] for row in rows):
        lines.append("* sees the future")
    return "\n".join(lines)


def sampled(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Which share of the pages was sampled, in words; None: all."""
    rates = [row["sample_rate"] for row in rows if row["sample_rate"] < 1]
    if not rates:
        return None
    return f"{100 * mean(rates):.3g}% of pages sampled"
