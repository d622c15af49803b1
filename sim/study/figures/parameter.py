"""A metric against a parameter: a setting that was asked for, or a parameter of policies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from sim.study import paired, spec
from sim.study.figures import style

if TYPE_CHECKING:
    from sim.study.figures.gallery import Material, Sheet


@dataclass(frozen=True)
class Scale:
    """Where the values of a parameter stand on an axis.

    Args:
        places: value as it was asked for -> its number, or its place among the others where not all are numbers of one unit.
        is_number: which of the two.
        unit: "%" or "".
    """

    places: dict[Any, float]
    is_number: bool
    unit: str

    @classmethod
    def of(cls, values: Sequence[Any]) -> Scale:
        """Values as they were asked for: 10, "1%", "64mb", "lru"."""
        values = list(dict.fromkeys(values))
        texts = [str(value) for value in values]
        unit = "%" if all(text.endswith("%") for text in texts) else ""
        numbers = [_number(text.removesuffix(unit)) for text in texts]
        if not any(isinstance(value, bool) for value in values) and not any(map(math.isnan, numbers)):
            return cls(dict(zip(values, numbers, strict=True)), True, unit)
        return cls({value: float(i) for i, value in enumerate(values)}, False, "")

    def set(self, axes: Axes, label: str) -> None:
        """Gives the horizontal axis its ticks, at the values themselves, and its label."""
        values = sorted(self.places, key=lambda value: self.places[value])
        x = [self.places[value] for value in values]
        if self.is_number and style.is_wide(x):
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_minor_formatter(NullFormatter())
        if len(x) <= 12 or not self.is_number:
            is_log = axes.get_xscale() == "log"
            spread = np.log(x) if is_log else np.array(x)
            gap = (spread[-1] - spread[0]) / 14
            kept: list[int] = []
            for i in range(len(x)):  # as many as have room
                if not kept or spread[i] - spread[kept[-1]] >= gap:
                    kept.append(i)
            axes.xaxis.set_major_locator(FixedLocator([x[i] for i in kept]))
            axes.set_xticklabels([str(values[i]) for i in kept])
        axes.set_xlabel(label)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


@dataclass(frozen=True)
class Axis:
    """Something that a study varies.

    Args:
        name: in words.
        values: of each row of a table of means, None where a row has none.
        key: the parameter of policies that it is; None for a setting.
        others: of each row, the other settings, which tell panels apart.
    """

    name: str
    values: list[Any]
    key: str | None
    others: list[str]


def axes_of(table: pd.DataFrame) -> list[Axis]:
    """What a table of means varies: settings with several values, then parameters of policies with several."""
    asked = [str(column) for column in table if str(column).startswith(paired.ASKED)]
    found = []
    for column in asked:
        if table[column].nunique() > 1:
            rest = [
                paired.settings(paired.shown({c: row[c] for c in asked if c != column})) for _, row in table.iterrows()
            ]
            values = [
                None if pd.isna(value) else paired.shown({column: value})[column.removeprefix(paired.ASKED)]
                for value in table[column]
            ]
            found.append(Axis(column.removeprefix(paired.ASKED).replace("_", " "), values, None, rest))
    everywhere = [paired.settings(paired.shown({c: row[c] for c in asked})) for _, row in table.iterrows()]
    parsed = [spec.parse_policy(label) for label in table["policy"]]
    for key in dict.fromkeys(key for one in parsed for key in one.arguments):
        texts = [one.arguments.get(key) for one in parsed]
        given = [text for text in texts if text is not None]
        lines = [without(label, key) for label in table["policy"]]
        if len(set(given)) < 2 or any(math.isnan(_number(text)) for text in given):
            continue
        owners = {line for line, text in zip(lines, texts, strict=True) if text is not None}
        several = {
            line: len({t for ln, t in zip(lines, texts, strict=True) if ln == line and t is not None})
            for line in owners
        }
        if max(several.values()) > 1:
            name = next(one.name for one in parsed if key in one.arguments)
            found.append(Axis(f"{key.replace('_', ' ')} of {name}", list(texts), key, everywhere))
    return found


def without(label: str, key: str | None) -> str:
    """A policy's label without one of its parameters."""
    parsed = spec.parse_policy(label)
    if key is None or key not in parsed.arguments:
        return label
    return ",".join([parsed.name, *(f"{k}={v}" for k, v in parsed.arguments.items() if k != key)])


def sheets(material: Material) -> list[Sheet]:
    """One file per parameter and group of the other settings; panels as `facets` cuts them, of what has the parameter and of the
    best without it."""
    from sim.study.figures.gallery import Panel, Sheet, Unfit, facets, ordered

    table = pd.concat([material.means(block) for block in material.blocks()], ignore_index=True)
    axes_found = axes_of(table)
    found = []
    for axis in axes_found:
        whole = table.assign(
            parameter=axis.name,
            asked_value=pd.Series(axis.values, dtype=object),
            name=[
                paired.Contender(without(label, axis.key), predictions).name
                for label, predictions in zip(table["policy"], table["predictions"], strict=True)
            ],
            others=axis.others,
        )
        for others, some in whole.groupby("others", sort=False):
            scale = Scale.of([value for value in some["asked_value"] if value is not None])
            if len(scale.places) < 2:
                continue
            some = some.assign(x=[scale.places.get(value, math.nan) for value in some["asked_value"]])
            sign = -1 if material.metric.better == "higher" else 1
            score = (sign * some.groupby("name", sort=False)["value"].mean()).to_dict()
            some = some[some["name"].isin(_about(some, score))]
            has_it = set(some.loc[some["x"].notna(), "name"])
            parts = [(heading, names) for heading, names in facets(some, score) if has_it & set(names)]
            label = axis.name + (f" ({scale.unit})" if scale.unit else "")
            panels = [
                Panel(ordered(some, names), partial(draw, material=material, scale=scale, label=label), heading)
                for heading, names in parts
            ]
            most = max(len(names) for _, names in parts)
            where = str(others)
            words = material.value_label.partition(",")[0]
            title = f"{words[0].upper()}{words[1:]} against {axis.name}" + (f", {where}" if where else "")
            found.append(
                Sheet(
                    title,
                    material.facts(some),
                    panels,
                    name="-".join(filter(None, [axis.name, where if whole["others"].nunique() > 1 else ""])),
                    width=5.4 + style.width_of(some["name"]),
                    height=max(3.4, 0.2 * most + 1.4),
                )
            )
    if not found:
        raise Unfit("no setting or number of a policy has two values or more")
    return found


def _about(table: pd.DataFrame, score: Mapping[Any, float], most: int = 10) -> set[str]:
    """The names of all that have the parameter, and of the best of the others: as many as there is room for, at least three."""
    has_it = set(table.loc[table["x"].notna(), "name"])
    others = sorted(set(table["name"]) - has_it, key=lambda name: (score[name], name))
    return has_it | set(others[: max(3, most - len(has_it))])


def draw(table: pd.DataFrame, axes: Axes, *, material: Material, scale: Scale, label: str) -> None:
    """Draws a line per policy over the parameter, and a level for each that does not have it.

    Args:
        table: `policy`, `predictions`, `clairvoyant`, `name`, `x`, `value`, `low`, `high`.
        scale: of `x`.
        label: of the horizontal axis.
    """
    names = style.shortened(table["name"])
    ends: list[tuple[float, str, str]] = []
    before: dict[str, int] = {}
    levels = [points.iloc[0] for _, points in table.groupby("name", sort=False) if points["x"].isna().all()]
    lines = [points for _, points in table.groupby("name", sort=False) if points["x"].notna().any()]
    for row in levels:
        look = {**material.line(row), "linestyle": (0, (6, 2))}
        style.draw_level(axes, row, look, len(ends))
        ends.append((float(row["value"]), names[row["name"]], look["color"]))
    step = min(2.5, 14 / max(len(lines), 1))
    for i, points in enumerate(lines):
        points = points.sort_values("x")
        first, last = points.iloc[0], points.iloc[-1]
        look = material.line(first, before.get(first["policy"], 0))
        if levels and not first["clairvoyant"]:
            look = {**look, "linestyle": "-"}
        before[first["policy"]] = before.get(first["policy"], 0) + 1
        style.draw_means(axes, points["x"], points, look, step * (i - (len(lines) - 1) / 2))
        ends.append((float(last["value"]), names[last["name"]], look["color"]))
    scale.set(axes, label)
    axes.set_ylabel(material.value_label)
    axes.margins(x=0.04)
    axes.autoscale_view()
    style.label_ends(axes, ends)
