"""A ranked table out of results: one per setting, best first, the clairvoyant reference marked."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from sim.core.metric import Metric
from sim.core.result import Result
from sim.study import catalog, spec

CUSTOMARY = ("ratio_to_opt", "byte_miss_ratio", "eta0", "eta1", "eta", "bound_holds")
"""Keys beside the metrics, in the order of the columns; the first two stand before the other metrics."""

HEADINGS = {"ratio_to_opt": "ratio to OPT", "bound_holds": "bound"}

SPARED = (("M req/s",), ("eta0", "eta1"), ("eta",), ("bound",), ("engine",))
"""Columns that a narrow terminal is spared, the first ones first; those that say nothing without each other go together."""


@dataclass(frozen=True)
class Ranking:
    """A table of text.

    Args:
        title: one line above it.
        columns: (heading, "left" or "right").
        rows: a cell for each column.
        caption: what must be known to read it.
        spared: headings of columns that are left out, in this order, together where they stand together, where the table is wider
            than the place for it.
    """

    title: str
    columns: list[tuple[str, str]]
    rows: list[list[str]]
    caption: str
    spared: tuple[tuple[str, ...], ...] = ()


@dataclass
class _Line:
    """The runs that differ in nothing but the seed; `bounded` is the key of what a proven bound is on."""

    row: dict[str, Any]
    bounded: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    def mean(self, key: str) -> float | None:
        values = [row[key] for row in self.rows if row.get(key) is not None]
        return mean(values) if values else None

    def interval(self, key: str) -> float:
        """Half the width of the 95 % interval of the mean over seeds; 0 for one seed."""
        values = [row[key] for row in self.rows if row.get(key) is not None]
        if len(values) < 2:
            return 0.0
        return _half_width(values)

    def bound_holds(self) -> bool | None:
        """Whether the proven bound held, in every run; of a randomized policy on the mean over seeds, but for chance.

        None without a theorem, and for a randomized policy under one seed.
        """
        if verdicts := [row["bound_holds"] for row in self.rows if row.get("bound_holds") is not None]:
            return all(verdicts)
        excess = [row[self.bounded] - row["bound"] for row in self.rows if row.get("bound") is not None]
        if len(excess) < 2:
            return None
        return mean(excess) <= _half_width(excess)


def _half_width(values: Sequence[float]) -> float:
    """Half the width of the 95 % interval of the mean of two values or more, by Student's t."""
    from scipy.stats import t

    return float(t.ppf(0.975, len(values) - 1)) * stdev(values) / math.sqrt(len(values))


def rankings(results: Sequence[Result], metrics: Sequence[Metric]) -> list[Ranking]:
    """One ranking per trace and setting, ordered by the first metric that every result has.

    A workload is one trace, though every seed draws another.
    """
    main = main_metric(results, metrics)
    groups: dict[Any, dict[Any, _Line]] = {}
    if not results:
        return []
    system = catalog.system(results[0].experiment.experiment.system)
    for result in results:
        row = result.row()
        setting = tuple((k, v) for k, v in row.items() if k.startswith("system."))
        name = f"{policy_label(result)}{' *' if row['clairvoyant'] else ''}"
        lines = groups.setdefault((result.experiment.experiment.trace, setting), {})
        lines.setdefault((name, row["predictions"]), _Line(row, system.BOUNDED)).rows.append(row)
    return [_ranking(setting, lines, metrics, main, system) for (_, setting), lines in groups.items()]


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


def _ranking(setting: Any, lines: dict[Any, _Line], metrics: Sequence[Metric], main: Metric, system: Any) -> Ranking:
    sign = -1 if main.better == "higher" else 1
    score = {name: line.mean(main.name) for name, line in lines.items()}
    order = sorted(lines.items(), key=lambda item: (_last_if_none(score[item[0]], sign), item[0]))
    first = order[0][1].row
    counts = {metric.name for metric in metrics if metric.unit == system.LENGTH}
    idle = _idle(metrics, lines)
    shown = [
        key
        for key in _keys(first, metrics, main, system.LENGTH)
        if any(_cell(line, key, main.name, counts) for line in lines.values())
        and not (key in idle and key != main.name)
    ]
    engines = {row["engine"] for line in lines.values() for row in line.rows}
    columns = [("policy", "left"), ("predictions", "left"), *((_heading(key, metrics), "right") for key in shown)]
    columns += [("M req/s", "right")] + ([("engine", "left")] if len(engines) > 1 else [])
    rows = []
    for (name, predictions), line in order:
        cells = [_cell(line, key, main.name, counts) for key in shown]
        rate = line.mean("requests_per_s")
        cells.append(f"{rate / 1e6:#.3g}".rstrip(".") if rate else "")
        cells += [line.row["engine"]] if len(engines) > 1 else []
        rows.append([name, predictions if predictions != "none" else "", *cells])
    if not any(row[1] for row in rows):
        columns, rows = [columns[0], *columns[2:]], [[row[0], *row[2:]] for row in rows]
    lengths = [row.get(system.LENGTH) or 0 for line in lines.values() for row in line.rows]
    n_rows = " to ".join(f"{n:,}" for n in sorted({min(lengths), max(lengths)}))
    title = ", ".join([f"{first['trace']}: {n_rows} {system.LENGTH}", *_setting_in_words(setting, system)])
    n_seeds = max(len(line.rows) for line in lines.values())
    caption = [
        f"best first by {main.label} ({main.better} is better)",
        f"mean ± 95 % interval over {n_seeds} seeds from {first['seed']}" if n_seeds > 1 else f"seed {first['seed']}",
    ]
    if any(line.row["clairvoyant"] for line in lines.values()):
        caption.append("* sees the future")
    if engines == {"interpreted"}:
        caption.append("interpreted")
    return Ranking(title, columns, rows, "; ".join(caption), SPARED)


def _last_if_none(value: float | None, sign: int) -> float:
    return math.inf if value is None else sign * value


def _idle(metrics: Sequence[Metric], lines: dict[Any, _Line]) -> set[str]:
    """Columns of times or counts that say nothing: 0 throughout, as a wait is where nobody waits."""
    return {m.name for m in metrics if m.unit and not any(line.mean(m.name) for line in lines.values())}


def _setting_in_words(setting: Any, system: Any) -> list[str]:
    """The fields of a setting that are not as usual: "capacity 100", "sized", "no ttl", "warmup full"."""
    fields = {field.name: field for field in dataclasses.fields(system.Setting)}
    found = []
    for key, value in setting:
        field = fields[key.removeprefix("system.")]
        words = field.name.replace("_", " ")
        if value == field.default:
            continue
        if isinstance(value, bool):
            found.append(words if value else f"no {words}")
        else:
            shown = field.metadata.get("words", {}).get(value, f"{value:,}" if isinstance(value, int) else value)
            found.append(f"{words} {shown}")
    return found


def _keys(row: dict[str, Any], metrics: Sequence[Metric], main: Metric, length: str) -> list[str]:
    """The columns: what ranks, but for counts of a trace's rows where the main metric is their ratio."""
    ratios = "ratio" in main.name.split("_")
    ranked = [m.name for m in metrics if m.better and m.name != main.name and not (ratios and m.unit == length)]
    return list(dict.fromkeys([main.name, *CUSTOMARY[:2], *ranked, *CUSTOMARY[2:]]))


def _heading(key: str, metrics: Sequence[Metric]) -> str:
    label = next((metric.label for metric in metrics if metric.name == key), key)
    return HEADINGS.get(key, label)


def _cell(line: _Line, key: str, main: str, counts: Container[str]) -> str:
    if key == "bound_holds":
        return {None: "", True: "holds", False: "FAILS"}[line.bound_holds()]
    value = line.mean(key)
    if value is None:
        return ""
    if key.endswith("_s"):
        return f"{value:.4g}"
    if "ratio" in key.split("_"):
        half = line.interval(key) if key == main else 0.0
        return f"{value:.4f} ± {half:.4f}" if half else f"{value:.4f}"
    if key in CUSTOMARY or key in counts or abs(value) >= 9999.5:
        return compact(value)
    half = line.interval(key) if key == main else 0.0
    return f"{value:.4g} ± {half:.2g}" if half else f"{value:.4g}"


def compact(value: float) -> str:
    """A count in at most five characters: 999, 1.2k, 66.8k, 813k, 1.2M."""
    for power, letter in ((0, ""), (3, "k"), (6, "M"), (9, "G"), (12, "T")):
        scaled = value / 10**power
        if abs(scaled) < 999.5:
            return f"{scaled:.{1 if letter and abs(scaled) < 99.95 else 0}f}{letter}"
    return f"{value:.1e}"
