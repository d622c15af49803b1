"""Stores by hand: a few numbers in, a folder as a sweep would leave it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sim.study.experiment import Experiment
from sim.study.runs import Outcome, Planned
from sim.study.store import Store
from sim.study.sweep import Sweep
from tests.study.tables import table

COMMAND = "augsim sweep study.toml -o results"
STUDY = 'domain = "paging"\ntraces = ["a & b.csv"]\n'

REQUESTS = 1000


def written(folder: Path, rows: pd.DataFrame, *, n_missing: int = 0) -> Store:
    """A store with these rows, open for reading."""
    planned = [_planned(row, i) for i, row in enumerate(rows.to_dict("records"))]
    sweep = Sweep("paging", ("a.csv",), ("lru",), metric="misses")
    with Store(folder, command=COMMAND, text=STUDY) as store:
        store.begin(sweep, [*planned, *(_planned({**planned[0].asked}, -1 - i) for i in range(n_missing))])
        for run, row in zip(planned, rows.to_dict("records"), strict=True):
            shown = {key: _plain(value) for key, value in row.items() if key not in ("status", "error")}
            store.put(Outcome(run, row["status"], shown, row["error"], None, {}, 0.5))
    return Store(folder)


def _planned(row: Mapping[str, Any], i: int) -> Planned:
    asked = {key: row[key] for key in ("trace", "redrawn", "label") if key in row}
    experiment = Experiment("paging", f"data/{asked['trace']}.gz", str(asked["label"]), (), (), 0)
    return Planned(experiment, asked, f"key {i}", f"code of {asked['label']}", "", f"hash of {asked['trace']}")


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and value != value else value


def study(n_traces: int = 8, *, seeds: Sequence[int] = (0, 1)) -> pd.DataFrame:
    """`follow` beats `lru` on every trace while its predictions are right, and loses where they are wrong; two capacities."""
    found = []
    for capacity, scale in (("1%", 1.0), ("10%", 0.5)):
        values = {
            "lru": {f"t{i}": [200.0 + i] * len(seeds) for i in range(n_traces)},
            "belady": {f"t{i}": [100.0] * len(seeds) for i in range(n_traces)},
        }
        for flip, worth in (("0", 110), ("0.1", 150), ("0.5", 260)):
            values[f"follow with discard:flip={flip}"] = {
                f"t{i}": [float(worth + i + seed) for seed in seeds] for i in range(n_traces)
            }
        rows = table(values, clairvoyant=("belady",), **{"asked.capacity": capacity, "requests": REQUESTS})
        rows["misses"] *= scale
        rows["miss_ratio"] = rows["misses"] / REQUESTS
        is_follow = rows["label"] == "follow"
        rows.loc[is_follow, "eta0"] = (
            rows["predictions"].str.partition("=")[2].replace("", "0").astype(float) * REQUESTS
        )
        rows.loc[is_follow, "eta1"] = 0.0
        rows.loc[is_follow, "bound"] = 2 * rows["misses"]
        found.append(rows)
    return pd.concat(found, ignore_index=True)
