"""The page: what a store says, put into one HTML file with its style, its script and Bokeh's."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from bokeh.core.types import ID
from bokeh.embed import json_item
from bokeh.resources import Resources
from markupsafe import Markup

from sim.core.errors import InputError
from sim.study import paired
from sim.study.figures.gallery import Material
from sim.study.ranking import Ranking
from sim.study.report import origin, summary, template
from sim.study.report.charts import charts
from sim.study.report.drawing import digits
from sim.study.store import Store

FOLDER = Path(__file__).parent


def render(store: Store, *, metric: str | None = None, baseline: str | None = None) -> str:
    """The last sweep of a store as one HTML document that asks no network for anything.

    Args:
        store: open.
        metric: the main one; None: the study's.
        baseline: label of the policy the others are held against; None: the study's.

    Raises:
        InputError: no run is done, none has the metric, or a name is not known.
    """
    material = Material.of(store, metric=metric, baseline=baseline)
    analysis = material.analysis
    if not analysis.studies:
        known = [metric.name for metric in paired.in_order(analysis.metrics, None, material.frame)]
        raise InputError(f"no run of this study has a {material.metric.name}; give another metric ({', '.join(known)})")
    drawn = charts(material)
    options = "".join(
        f" --{name} {shlex.quote(value)}" for name, value in (("metric", metric), ("baseline", baseline)) if value
    )
    words = analysis.words()
    bounds = words.pop("Proven bounds", [])
    everywhere, verdicts = summary.verdicts(analysis)
    return (
        template.environment(FOLDER)
        .get_template("page.html")
        .render(
            title=summary.title(analysis),
            began=analysis.about["began"],
            asked=summary.asked(analysis),
            counts=store.words(),
            is_whole=not analysis.missing,
            everywhere=everywhere,
            verdicts=verdicts,
            bounds=bounds,
            words=words,
            charts=drawn,
            items=_json([json_item(chart.plot, ID(f"plot-{i}")) for i, chart in enumerate(drawn, 1)]),
            tables=[*analysis.tables(), *_metrics(material)],
            failures=origin.failures(analysis),
            machine=origin.machine(store, analysis),
            origins=[origin.traces(store, analysis, material.system.LENGTH), origin.code(store)],
            commands=origin.reproduction(dict(analysis.about), shlex.quote(str(store.folder)), options),
            study=analysis.about["text"],
            style=template.text("page.css"),
            script=template.text("table.js") + template.text("page.js"),
            bokeh=Markup("\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)),
        )
    )


def _metrics(material: Material) -> list[Ranking]:
    """Every metric of every contender: means over traces of means over seeds, one table per group of settings."""
    names = [metric.name for metric in material.system.METRICS]
    found = []
    for block in material.blocks(*names):
        known = [name for name in names if name in block.columns and not np.isnan(block.columns[name]).all()]
        labels = {metric.name: metric.label for metric in material.system.METRICS}
        rows = []
        for i, who in enumerate(block.contenders):
            means = [_mean(block.columns[name][i]) for name in known]
            if all(math.isnan(mean) for mean in means):
                continue
            star = " *" if who.clairvoyant else ""
            cells = ["" if math.isnan(mean) else digits(mean) for mean in means]
            rows.append([f"{who.label}{star}", "" if who.predictions == "none" else who.predictions, *cells])
        columns = [("policy", "left"), ("predictions", "left"), *((labels[name], "right") for name in known)]
        where = paired.settings(block.asked)
        n = len(block.traces)
        over = f"{n:,} {'draw' if block.are_draws else 'trace'}{'' if n == 1 else 's'}"
        caption = f"means over {over} of means over seeds; * sees the future"
        found.append(Ranking(f"all metrics, {where}" if where else "all metrics", columns, rows, caption))
    return found


def _mean(values: np.ndarray) -> float:
    """Of shape (traces, seeds), over seeds and then traces, those that are there."""
    return float(pd.DataFrame(values).mean(axis=1).mean())


def _json(value: Any) -> Markup:
    """Stands inside a script element: nothing in it can end that."""
    return Markup(json.dumps(value).replace("<", "\\u003c"))
