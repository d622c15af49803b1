"""A metric over two axes at once, as colours with the numbers in them."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sim.study import spec, worth
from sim.study.figures import style
from sim.study.figures.parameter import Scale, axes_of, without

if TYPE_CHECKING:
    from sim.study.figures.gallery import Material, Sheet

MOST_NUMBERS = 400
"""Cells that are written into."""

MOST_PANELS = 9

ROOM = 30
"""Values on the horizontal axis that are named."""


def sheets(material: Material) -> list[Sheet]:
    """One file per pair of axes: two parameters, with a panel for each of the policies that have both; else policies by the one
    parameter; else policies by traces."""
    from sim.study.figures.gallery import Unfit

    table = pd.concat([material.means(block) for block in material.blocks()], ignore_index=True)
    axes = _axes(table)
    found = [
        sheet for one, other in itertools.combinations(axes, 2) for sheet in _of_two(material, table, axes, one, other)
    ]
    if not found:
        found = [sheet for name in axes for sheet in _by_policy(material, table, axes, name)]
    if not found:
        found = _by_trace(material)
    if not found:
        raise Unfit("two axes with two values each are needed: settings, errors, policies or traces")
    return found


def _axes(table: pd.DataFrame) -> dict[str, tuple[list[Any], str | None]]:
    """Name -> the values of each row, and which parameter of policies they are; that of predictions which varies is one too."""
    found: dict[str, tuple[list[Any], str | None]] = {axis.name: (axis.values, axis.key) for axis in axes_of(table)}
    given = [text for text in table["predictions"] if text != "none"]
    names = {spec.parse(text).name for text in given if " " not in text}
    of = {name: worth.varied(list(dict.fromkeys(t for t in given if spec.parse(t).name == name))) for name in names}
    keys = {pair[1] for pair in of.values() if pair}
    if len(keys) == 1 and all(" " not in text for text in given):
        key = keys.pop()
        found[f"{key} of predictions" if len(names) > 1 else f"{key} of {names.pop()}"] = (
            [spec.parse(text).arguments.get(key) if text != "none" else None for text in table["predictions"]],
            None,
        )
    return found


def _of_two(material: Material, table: pd.DataFrame, axes: Any, one: str, other: str) -> list[Sheet]:
    from sim.study.figures.gallery import Panel, Sheet

    lines = [without(without(label, axes[one][1]), axes[other][1]) for label in table["policy"]]
    cells = table.assign(x=pd.Series(axes[one][0], dtype=object), y=pd.Series(axes[other][0], dtype=object), line=lines)
    cells = cells[cells["x"].notna() & cells["y"].notna() & ~cells["clairvoyant"].astype(bool)]
    cells = cells.assign(x_axis=one, y_axis=other)
    several = [
        (line, some)
        for line, some in cells.groupby("line", sort=False)
        if some["x"].nunique() > 1 and some["y"].nunique() > 1 and not some.duplicated(["x", "y"]).any()
    ]
    if not several:
        return []
    limits = (min(some["value"].min() for _, some in several), max(some["value"].max() for _, some in several))
    found = []
    for start in range(0, len(several), MOST_PANELS):
        part = several[start : start + MOST_PANELS]
        panels = [
            Panel(
                some.drop(columns="line"),
                partial(draw, material=material, x_label=one, y_label=other, limits=limits),
                style.short(str(line)),
            )
            for line, some in part
        ]
        whole = pd.concat([some for _, some in part])
        name = f"{one}-{other}" + (f"-{start // MOST_PANELS + 1}" if len(several) > MOST_PANELS else "")
        n_x, n_y = whole["x"].nunique(), whole["y"].nunique()
        found.append(
            Sheet(
                _title(material, f"over {one} and {other}"),
                _facts(material, whole),
                panels,
                name=name,
                n_columns=min(3, len(panels)),
                width=max(3.3, 1.9 + 0.55 * n_x),
                height=max(2.7, 1.1 + 0.34 * n_y),
            )
        )
    return found


def _by_policy(material: Material, table: pd.DataFrame, axes: Any, name: str) -> list[Sheet]:
    from sim.study.figures.gallery import Panel, Sheet

    values, key = axes[name]
    lines = [without(label, key) for label in table["policy"]]
    cells = table.assign(x=pd.Series(values, dtype=object), y=lines, x_axis=name, y_axis="policy")
    if name.endswith(("predictions",)) or name.partition(" of ")[2] in _predictors(table):
        level = cells["x"].isna()  # policies without predictions stand beside, the same under every error
        cells = pd.concat([cells[~level], *(cells[level].assign(x=x) for x in cells["x"].dropna().unique())])
    else:
        cells = cells.assign(
            y=[y if of == "none" else f"{y} with {of}" for y, of in zip(lines, cells["predictions"], strict=True)]
        )
    cells = cells[cells["x"].notna()]
    if cells["x"].nunique() < 2 or cells["y"].nunique() < 2 or cells.duplicated(["x", "y"]).any():
        return []
    drawing = partial(draw, material=material, x_label=name, y_label="", limits=None)
    sheet = Sheet(
        _title(material, f"by policy and {name}"),
        _facts(material, cells),
        [Panel(cells.reset_index(drop=True), drawing)],
        name=name,
        width=3.2 + style.width_of(cells["y"]) + 0.62 * cells["x"].nunique(),
        height=1.0 + 0.3 * cells["y"].nunique(),
    )
    return [sheet]


def _predictors(table: pd.DataFrame) -> set[str]:
    return {spec.parse(text).name for text in table["predictions"] if text != "none" and " " not in text}


def _by_trace(material: Material) -> list[Sheet]:
    from sim.study import paired
    from sim.study.figures.gallery import Panel, Sheet, counted

    found = []
    for block in material.blocks():
        values = material.values(block)
        rows = [
            {
                "policy": who.label,
                "predictions": who.predictions,
                "clairvoyant": who.clairvoyant,
                **{f"{paired.ASKED}{name}": value for name, value in block.asked.items()},
                "x": trace,
                "y": who.name,
                "x_axis": "trace",
                "y_axis": "policy",
                "value": float(np.nanmean(of_seeds)),
                "n_traces": 1,
                "n_seeds": int((~np.isnan(of_seeds)).sum()),
            }
            for who, of_traces in zip(block.contenders, values, strict=True)
            for trace, of_seeds in zip(block.traces, of_traces, strict=True)
            if not np.isnan(of_seeds).all()
        ]
        cells = pd.DataFrame(rows)
        if not len(cells) or cells["x"].nunique() < 2 or cells["y"].nunique() < 2:
            continue
        where = paired.settings(block.asked)
        n_x = cells["x"].nunique()
        sheet = Sheet(
            _title(material, "by policy and trace") + (f", {where}" if where else ""),
            [
                f"{counted(n_x, material.paired)}, means over {counted(cells['n_seeds'].max(), 'seed')}",
                *material.first_seed(),
                *material.stars(cells),
            ],
            [Panel(cells, partial(draw, material=material, x_label="trace", y_label="", limits=None))],
            name="-".join(filter(None, ["trace", material.name_of(block.asked)])),
            width=3.4 + style.width_of(cells["y"]) + min(0.5 * n_x, 7.0),
            height=1.2 + 0.3 * cells["y"].nunique() + (style.LETTER * 24 if n_x <= ROOM else 0),
        )
        found.append(sheet)
    return found


def _title(material: Material, over: str) -> str:
    words = material.value_label.partition(",")[0]
    return f"{words[0].upper()}{words[1:]} {over}"


def _facts(material: Material, table: pd.DataFrame) -> list[str]:
    return [fact for fact in material.facts(table) if "interval" not in fact] + ["intervals in the table beside"]


def draw(
    table: pd.DataFrame,
    axes: Axes,
    *,
    material: Material,
    x_label: str,
    y_label: str,
    limits: tuple[float, float] | None,
) -> None:
    """Draws a cell per pair of values, the better the lighter, with its number where there is room.

    Args:
        table: `x`, `y`, `value`, at most one row per pair.
        x_label, y_label: of the axes; without a label of the vertical one, it holds policies, the best on top.
        limits: of the colours; None: those of the values.
    """
    grid = table.pivot(index="y", columns="x", values="value")
    is_lower = material.metric.better == "lower"
    xs = list(table["x"].drop_duplicates()) if x_label == "trace" else _in_order(table["x"])
    if y_label:
        ys = _in_order(table["y"])
    else:
        ys = list(grid.mean(axis=1).sort_values(ascending=is_lower, kind="stable").index)
        if x_label == "trace":
            xs = list(grid.mean(axis=0).sort_values(kind="stable").index)
    grid = grid.loc[ys, xs]
    values = grid.to_numpy(float)
    low, high = limits or (np.nanmin(values), np.nanmax(values))
    colours = "cividis_r" if is_lower else "cividis"
    image = axes.imshow(values, aspect="auto", cmap=colours, vmin=low, vmax=high)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    names = style.shortened(map(str, ys)) if not y_label else {str(y): str(y) for y in ys}
    axes.set_yticks(range(len(ys)), [names[str(y)] for y in ys])
    room = len(xs) <= ROOM
    texts = [style.short(str(x), 24) for x in xs]
    turned = 90 if max(map(len, texts)) > 7 and len(xs) > 3 else 0
    axes.set_xticks(range(len(xs)) if room else [], texts if room else [], rotation=turned)
    axes.set_xlabel(x_label if room else f"{len(xs)} traces, in the order of their means")
    axes.set_ylabel(y_label or "policy, best on top")
    if values.size <= MOST_NUMBERS and room:
        for (row, column), value in np.ndenumerate(values):
            if not np.isnan(value):
                red, green, blue, _ = image.cmap(image.norm(value))
                is_dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
                text = f"{value:.3f}" if abs(value) < 10 else f"{value:#,.3g}".rstrip(".")
                axes.text(
                    column, row, text, ha="center", va="center", fontsize=7.5, color="white" if is_dark else "black"
                )
    bar = axes.get_figure().colorbar(image, ax=axes, shrink=0.9, pad=0.02)  # type: ignore[union-attr]
    bar.outline.set_visible(False)  # type: ignore[operator]
    bar.set_label(material.value_label.replace(", ", "\n"), fontsize=7.5)


def _in_order(values: pd.Series) -> list[Any]:
    scale = Scale.of(list(values))
    return sorted(scale.places, key=lambda value: scale.places[value])
