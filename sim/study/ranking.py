"""A ranked table out of results: one per setting, best first, the clairvoyant reference marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from sim.core.metric import Metric
from sim.core.result import Result
from sim.study import spec

CUSTOMARY = ("ratio_to_opt", "byte_miss_ratio", "eta0", "eta1", "eta", "bound_holds")


@dataclass(frozen=True)
class Ranking:
    """A table of text: `columns` are (heading, "left" or "right")."""

    title: str
    columns: list[tuple[str, str]]
    rows: list[list[str]]
    caption: str


@dataclass
class _Line:
    """The runs that differ in nothing but the seed."""

    row: dict[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def mean(self, key: str) -> float | None:
        values = [row[key] for row in self.rows if row.get(key) is not None]
        return mean(values) if values else None

    def interval(self, key: str) -> float:
        """Half the width of the 95 % interval of the mean over seeds; 0 for one seed."""
        values = [row[key] for row in self.rows if row.get(key) is not None]
        if len(values) < 2:
            return 0.0
        from scipy.stats import t

        return float(t.ppf(0.975, len(values) - 1)) * stdev(values) / math.sqrt(len(values))


def rankings(results: Sequence[Result], metrics: Sequence[Metric]) -> list[Ranking]:
    """One ranking per trace and setting, ordered by the first metric that every result has."""
    main = main_metric(results, metrics)
    groups: dict[Any, dict[Any, _Line]] = {}
    for result in results:
        row = result.row()
        setting = tuple((k, v) for k, v in row.items() if k.startswith("system."))
        name = f"{policy_label(result)}{' *' if row['clairvoyant'] else ''}"
        lines = groups.setdefault((row["trace"], setting), {})
        lines.setdefault((name, row["predictions"]), _Line(row)).rows.append(row)
    return [_ranking(trace, setting, lines, metrics, main) for (trace, setting), lines in groups.items()]


def main_metric(results: Sequence[Result], metrics: Sequence[Metric]) -> Metric:
    """The first metric that ranks and that every result has."""
    for metric in metrics:
        if metric.better and all(result.metrics.get(metric.name) is not None for result in results):
            return metric
    return metrics[0]


def policy_label(result: Result) -> str:
    """The policy as the user named it, a file by its name alone."""
    text = result.experiment.experiment.policy
    name = spec.parse_policy(text).name
    return text.replace(name, Path(name).stem, 1) if name.endswith(".py") else text


def _ranking(trace: str, setting: Any, lines: dict[Any, _Line], metrics: Sequence[Metric], main: Metric) -> Ranking:
    sign = -1 if main.better == "higher" else 1
    order = sorted(lines.items(), key=lambda item: (sign * (item[1].mean(main.name) or math.inf), item[0]))
    first = order[0][1].row
    shown = [key for key in _keys(first, metrics, main) if any(line.mean(key) is not None for line in lines.values())]
    columns = [("policy", "left"), ("predictions", "left"), *((_heading(key), "right") for key in shown)]
    columns += [("M requests/s", "right"), ("engine", "left")]
    rows = []
    for (name, predictions), line in order:
        cells = [_cell(line, key, main.name) for key in shown]
        rate = line.mean("requests_per_s")
        speed = f"{rate / 1e6:.2f}" if rate else ""
        rows.append([name, predictions if predictions != "none" else "", *cells, speed, line.row["engine"]])
    described = ", ".join(
        f"{key.removeprefix('system.')} {value:,}" for key, value in setting if value not in (False, True, 0)
    )
    n_seeds = max(len(line.rows) for line in lines.values())
    seeds = f"{n_seeds} seeds from {first['seed']}, mean ± 95 % interval" if n_seeds > 1 else f"seed {first['seed']}"
    caption = f"best first by {main.label} ({main.better} is better); {seeds}"
    if any(line.row["clairvoyant"] for line in lines.values()):
        caption += "; * sees the future"
    return Ranking(f"{trace}: {first.get('requests', 0):,} requests, {described}", columns, rows, caption)


def _keys(row: dict[str, Any], metrics: Sequence[Metric], main: Metric) -> list[str]:
    ranked = [m.name for m in metrics if m.better and m.name != main.name]
    return list(dict.fromkeys([main.name, *CUSTOMARY[:2], *ranked, *CUSTOMARY[2:]]))


def _heading(key: str) -> str:
    return {"ratio_to_opt": "ratio to OPT", "bound_holds": "bound holds"}.get(key, key.replace("_", " "))


def _cell(line: _Line, key: str, main: str) -> str:
    value = line.mean(key)
    if value is None:
        return ""
    if key == "bound_holds":
        return "yes" if value == 1 else "NO"
    if key.endswith("ratio") or key == "ratio_to_opt" or key.endswith("_s"):
        text = f"{value:.4f}"
        half = line.interval(key) if key == main else 0.0
        return f"{text} ± {half:.4f}" if half else text
    return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.2e}"
