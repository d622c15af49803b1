"""All figures that a stored sweep has material for, each in a file with its table beside it.

A figure of a study is a module of this package with a function `sheets(material)`: what it shows as tables, and how each is
drawn. It raises `Unfit` where the study has nothing to show in it.
"""

from __future__ import annotations

import difflib
import importlib
import itertools
import pkgutil
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from sim.core.errors import InputError, UnknownName
from sim.core.metric import Metric
from sim.study import bootstrap, catalog, paired
from sim.study.analysis import Analysis
from sim.study.figures import page, style
from sim.study.figures.page import Page
from sim.study.paired import Block, Contender
from sim.study.store import Store
from sim.study.worth import ERRORS, unit_of

FORMATS = ("png", "svg", "pdf")


class Unfit(Exception):
    """The study has no material for this figure; the message says why, in a line."""


@dataclass(frozen=True)
class Panel:
    """One pair of axes: `draw(table, axes)` sees nothing but its table."""

    table: pd.DataFrame
    draw: Callable[..., None]
    heading: str = ""


@dataclass(frozen=True)
class Sheet:
    """One file of a figure.

    Args:
        title: what is shown.
        facts: the caption.
        panels: in the order of reading.
        name: tells several sheets of one figure apart; it follows the figure's name.
        n_columns, width, height: of the panels, in inches.
    """

    title: str
    facts: Sequence[str]
    panels: Sequence[Panel]
    name: str = ""
    n_columns: int = 1
    width: float = 7.2
    height: float = 4.0

    def table(self) -> pd.DataFrame:
        """What is drawn, whole: the tables of the panels, one below the other."""
        if not any(panel.heading for panel in self.panels):  # they show the same in several ways, or go on with it
            return pd.concat([panel.table for panel in self.panels]).drop_duplicates(ignore_index=True)
        return pd.concat([panel.table.assign(panel=panel.heading) for panel in self.panels], ignore_index=True)


@dataclass(frozen=True, eq=False)
class Material:
    """What figures of a study are drawn from.

    Args:
        analysis: of the store.
        timelines: row and timeline of each run that is done, read when a figure wants them.
    """

    analysis: Analysis
    timelines: Callable[[], list[tuple[dict[str, Any], dict[str, np.ndarray]]]] = field(default=list)

    @classmethod
    def of(cls, store: Store, *, metric: str | None = None, baseline: str | None = None) -> Material:
        """Analyses a store; it must stay open as long as timelines are wanted.

        Raises:
            InputError: no run is done, or a name is not known.
        """
        return cls(Analysis.of(store, metric=metric, baseline=baseline), store.timelines)

    @property
    def metric(self) -> Metric:
        return self.analysis.metrics[0]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The runs that are done."""
        frame = self.analysis.frame
        return frame[frame["status"] == paired.DONE].reset_index(drop=True)

    @cached_property
    def system(self) -> Any:
        return catalog.system(self.analysis.about["system"])

    @cached_property
    def looks(self) -> Mapping[Any, style.Look]:
        return style.looks(self.frame["label"])

    @property
    def seed(self) -> int:
        return int(self.frame["seed"].min())

    @property
    def paired(self) -> str:
        """What the statistics pair, in the singular: traces, or draws where all traces are drawn anew for each seed."""
        is_drawn = "redrawn" in self.frame and self.frame["redrawn"].eq(True).all()
        return "draw" if is_drawn else "trace"

    @property
    def intervals(self) -> str:
        """What intervals are, for captions."""
        layers = [f"{self.paired}s"] if self.paired == "draw" or self.frame["trace"].nunique() > 1 else []
        layers += ["seeds"] if self.paired == "trace" and self.frame["seed"].nunique() > 1 else []
        return f"95 % bootstrap intervals ({', then '.join(layers)})"

    @property
    def axis_label(self) -> str:
        return f"{self.metric.label}, {self.metric.better} is better"

    def name_of(self, asked: Mapping[str, Any]) -> str:
        """The settings that tell this group from the others."""
        groups = [block.asked for block in self.blocks()]
        varied = {name: value for name, value in asked.items() if any(group.get(name) != value for group in groups)}
        return paired.settings(varied)

    def blocks(self, *names: str) -> list[Block]:
        """The runs by groups of asked settings, with the metric and these columns."""
        return paired.blocks(self.frame, [self.metric.name, *names])

    @cached_property
    def relative_to(self) -> Contender | None:
        """What values are divided by where several traces are put together: the clairvoyant reference of the same trace, seed and
        setting. None for one trace, and where there is no reference or it has values of 0 and less."""
        if self.frame["trace"].nunique() < 2:
            return None
        found = [unit_of(block, self.metric)[1] for block in self.blocks()]
        return found[0] if found[0] is not None and len(set(found)) == 1 else None

    @property
    def value_label(self) -> str:
        """Axis label of means over traces."""
        if self.relative_to is None:
            return self.axis_label
        words = self.metric.name.removesuffix(f"_{self.metric.unit}").replace("_", " ")
        return f"{words} relative to {self.relative_to.label}, {self.metric.better} is better"

    def values(self, block: Block) -> np.ndarray:
        """The metric of a block, shape (contenders, traces, seeds), relative where several traces are put together."""
        values = block.columns[self.metric.name]
        return values / unit_of(block, self.metric)[0] if self.relative_to is not None else values

    def means(self, block: Block) -> pd.DataFrame:
        """Means over traces of means over seeds, a row per contender with any value: `policy`, `predictions`, `clairvoyant`, the
        settings, `value`, `low`, `high` (the 95 % bootstrap interval, traces outer, seeds inner), `n_traces`, `n_seeds`."""
        values = self.values(block)
        layouts: dict[bytes, list[int]] = {}
        for i, one in enumerate(values):
            if not np.isnan(one).all():
                layouts.setdefault(np.isnan(one).tobytes(), []).append(i)
        rows = {}
        for group in layouts.values():
            stacked = np.moveaxis(values[group], 0, -1)
            means = bootstrap.mean(stacked)
            drawn = bootstrap.resampled_means(stacked, seed=self.seed)
            for i, mean, draws, one in zip(group, means.tolist(), drawn.T, np.moveaxis(stacked, -1, 0), strict=True):
                interval = bootstrap.interval(draws, mean, bootstrap.size_of(one[..., None]))
                low, high = interval or (mean, mean)
                who = block.contenders[i]
                present = ~np.isnan(one)
                rows[i] = {
                    "policy": who.label,
                    "predictions": who.predictions,
                    "clairvoyant": who.clairvoyant,
                    **{f"{paired.ASKED}{name}": value for name, value in block.asked.items()},
                    "value": mean,
                    "low": low,
                    "high": high,
                    "n_traces": int(present.any(axis=1).sum()),
                    "n_seeds": int(present.sum(axis=1).max()),
                }
        return pd.DataFrame([rows[i] for i in sorted(rows)])

    def facts(self, table: pd.DataFrame) -> list[str]:
        """The caption of a table of means."""
        n_seeds = int(table["n_seeds"].max())
        over = counted(table["n_traces"], self.paired) + (f", {n_seeds} seeds" if n_seeds > 1 else "")
        facts = [f"mean over {over}" if table["n_traces"].max() > 1 or n_seeds > 1 else f"one {self.paired}"]
        if (table["high"] > table["low"]).any():
            facts.append(self.intervals)
        return facts + self.first_seed() + self.stars(table)

    def first_seed(self) -> list[str]:
        n_seeds = self.frame["seed"].nunique()
        return [f"seeds from {self.seed}" if n_seeds > 1 else f"seed {self.seed}"]

    def stars(self, table: pd.DataFrame) -> list[str]:
        if "clairvoyant" not in table or not table["clairvoyant"].any():
            return []
        names = table.loc[table["clairvoyant"].astype(bool), "policy"].unique()
        return [f"{', '.join(names)} {'see' if len(names) > 1 else 'sees'} the future"]

    def line(self, row: Any, n_alike: int = 0) -> dict[str, Any]:
        """How the line of a contender looks; `n_alike` contenders of the same policy stand before it."""
        if row["clairvoyant"]:
            return {"color": style.REFERENCE, "marker": "", "linestyle": (0, (1.5, 1.5))}
        look = self.looks[row["policy"]].line()
        return look if not n_alike else {**look, "linestyle": style.DASHES[n_alike % len(style.DASHES)]}


def counted(counts: int | Iterable[int], noun: str) -> str:
    """ "1 trace", "7 traces", or "5 to 7 traces" where they differ."""
    found = sorted(set(counts)) if isinstance(counts, Iterable) else [counts]
    ends = dict.fromkeys((found[0], found[-1]))
    return f"{' to '.join(f'{n:,}' for n in ends)} {noun}" + ("" if found[-1] == 1 else "s")


def facets(table: pd.DataFrame, score: Mapping[Any, float], most: int = 10) -> list[tuple[str, list[str]]]:
    """Which policies share a pair of axes where all at once could not be told apart.

    Policies with predictions stand together where these have the same parameters (one level of error), beside the best ones
    without predictions.

    Args:
        table: `name`, `predictions`.
        score: of each name; the smallest is the best.
        most: lines in one pair of axes.

    Returns:
        A heading, empty where there is one panel alone, and the names of each panel, the best first.
    """
    first = table.drop_duplicates("name")
    levels: dict[str, list[str]] = {}
    for name, predictions in zip(first["name"], first["predictions"], strict=True):
        levels.setdefault("" if predictions == "none" else predictions.partition(":")[2] or predictions, []).append(
            name
        )
    if len(first) <= most:
        return [("", sorted(first["name"], key=lambda name: score[name]))]
    blind = sorted(levels.pop("", []), key=lambda name: score[name])
    beside = blind[: most // 3]
    found = []
    for level, names in levels.items():
        parts = _parts(sorted(names, key=lambda name: score[name]), most - len(beside))
        for i, part in enumerate(parts):
            of = f", {i + 1} of {len(parts)}" if len(parts) > 1 else ""
            found.append((f"predictions: {level}{of}", sorted([*beside, *part], key=lambda name: score[name])))
    if len(blind) > len(beside) or not levels:
        parts = _parts(blind, most)
        for i, part in enumerate(parts):
            of = f", {i + 1} of {len(parts)}" if len(parts) > 1 else ""
            found.append((f"without predictions{of}" if levels else f"policies{of}", part))
    return found


def _parts(names: Sequence[str], most: int) -> list[list[str]]:
    """In as few parts as hold at most so many, nearly equal ones."""
    n_parts = max(1, -(-len(names) // most))
    ends = [round(i * len(names) / n_parts) for i in range(n_parts + 1)]
    return [list(names[start:end]) for start, end in itertools.pairwise(ends)]


def at_least_error(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of each policy at its smallest measured error (its first predictions where none is measured), and those of
    policies without predictions."""
    columns = [name for name in ERRORS if name in frame]
    error = frame[columns].apply(pd.to_numeric, errors="coerce").sum(axis=1)
    mean = error.groupby([frame["label"], frame["predictions"]], sort=False).mean()
    best = {label: some.idxmin() for label, some in mean.groupby(level="label", sort=False)}
    return frame[[best[label] == (label, of) for label, of in zip(frame["label"], frame["predictions"], strict=True)]]


def ordered(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The rows of these names, in their order."""
    some = table[table["name"].isin(names)]
    return some.sort_values("name", key=lambda column: column.map(list(names).index), kind="stable")


def figures() -> dict[str, ModuleType]:
    """The figures of a study by their names, which are those of their files with hyphens."""
    names = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])]
    modules = [importlib.import_module(f"sim.study.figures.{name}") for name in names]
    return {
        module.__name__.rpartition(".")[2].replace("_", "-"): module for module in modules if hasattr(module, "sheets")
    }


def find(names: Iterable[str], known: Mapping[str, ModuleType] | None = None) -> Mapping[str, ModuleType]:
    """The figures of these names, a study's or those given; all where none is named.

    Raises:
        UnknownName: there is no such figure; the known ones are listed.
    """
    known = figures() if known is None else known
    found = {}
    for given in names:
        name = given.lower().replace("_", "-")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise UnknownName(f'no figure named "{given}"{hint} (figures: {", ".join(known)})')
        found[name] = known[name]
    return found or known


@dataclass(frozen=True)
class Drawn:
    """What became of a figure: the files of one sheet, or why there are none."""

    figure: str
    path: Path | None = None
    table: Path | None = None
    why: str = ""


def save(
    material: Material,
    folder: Path,
    *,
    source: Path | str,
    names: Iterable[str] = (),
    kind: str = "png",
) -> Iterator[Drawn]:
    """Draws figures of a study into a folder, each with its table, and tells of each as it is there.

    Args:
        material: of the study.
        folder: made where it is missing.
        source: where the study is stored; it stands in the command that each figure carries.
        names: of the figures; none: all.
        kind: one of `FORMATS`.

    Raises:
        UnknownName: no such figure.
        InputError: a file cannot be written.
    """
    yield from put(find(names), material, folder, lambda name: _command(material, source, name, kind), kind)


def put(
    wanted: Mapping[str, ModuleType], material: Any, folder: Path, command: Callable[[str], str], kind: str = "png"
) -> Iterator[Drawn]:
    """Draws figures of some material into a folder, each with its table and the command that makes it again, as `save` does."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"figures cannot be written to {folder}: {error.strerror}") from None
    for name, module in wanted.items():
        try:
            sheets = module.sheets(material)
        except Unfit as why:
            yield Drawn(name, why=str(why))
            continue
        for sheet in sheets:
            path = folder / f"{'-'.join(filter(None, [name, _file_name(sheet.name)]))}.{kind}"
            beside = page.put(path, drawn(sheet, kind, command(name)), sheet.table())
            yield Drawn(name, path, beside)


def drawn(sheet: Sheet, kind: str, command: str) -> bytes:
    """A sheet as the bytes of a file."""
    around = Page(sheet.title, sheet.facts, command, sheet.n_columns, sheet.width, sheet.height)
    return page.rendered(around, [(panel.heading, partial(panel.draw, panel.table)) for panel in sheet.panels], kind)


def _command(material: Material, source: Path | str, name: str, kind: str) -> str:
    """The command that draws this figure again, and the one that ran the study."""
    words = ["augsim", "plot", str(source), "--figure", name, "--metric", material.metric.name]
    words += ["--format", kind] if kind != "png" else []
    return "\n".join([shlex.join(words), *([ran] if (ran := material.analysis.about.get("command")) else [])])


def _file_name(name: str) -> str:
    kept = "".join(letter if letter.isalnum() or letter in "%.+" else "-" for letter in name)
    return "-".join(filter(None, kept.split("-")))[:60]
