"""Rows of a sweep as blocks of pairs: the same trace, the same seed, another policy.

A policy that draws nothing is run for the first seed only; its value stands for all seeds of that trace. A policy with
predictions is a contender of its own for each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.study import catalog
from sim.study.runs import Planned

ASKED = "asked."

DONE = "done"


@dataclass(frozen=True, order=True)
class Contender:
    """A policy as it ran: with its parameters, and with these predictions."""

    label: str
    predictions: str = "none"
    clairvoyant: bool = False

    @property
    def name(self) -> str:
        return self.label if self.predictions == "none" else f"{self.label} with {self.predictions}"


@dataclass(frozen=True, eq=False)
class Block:
    """One group of asked settings.

    Args:
        asked: the settings as the user asked for them, e.g. {"capacity": "1%"}.
        contenders: in the order of the study.
        traces: what is paired. A workload is drawn anew for every seed: where all traces are workloads, each draw is a trace of
            its own and has one seed.
        are_draws: whether they are such draws.
        columns: name -> values, shape (contenders, traces, seeds), NaN where there is none.
        n_failed: runs that gave no metrics, per contender.
    """

    asked: Mapping[str, Any]
    contenders: tuple[Contender, ...]
    traces: tuple[str, ...]
    are_draws: bool
    columns: Mapping[str, np.ndarray]
    n_failed: tuple[int, ...]

    def index(self, contender: Contender) -> int | None:
        return self.contenders.index(contender) if contender in self.contenders else None


def blocks(frame: pd.DataFrame, names: Iterable[str]) -> list[Block]:
    """Cuts the table of a sweep into its groups of asked settings, in the order in which they appear.

    Args:
        frame: of a sweep: `status`, `label`, `trace`, `predictions`, `seed`, `clairvoyant`, any `asked.*`, and `redrawn` where
            traces are drawn anew for every seed.
        names: the numeric columns to take along; those that the table lacks are left out.

    Raises:
        InputError: no run is done, or two runs have the same policy, predictions, settings, trace and seed.
    """
    if not len(frame) or not (frame["status"] == DONE).any():
        raise InputError("no run of this study is done, so there is nothing to compare")
    frame = frame.assign(
        predictions=frame["predictions"].fillna("none"),
        redrawn=frame["redrawn"].eq(True) if "redrawn" in frame else False,
    )
    asked = [str(column) for column in frame if str(column).startswith(ASKED)]
    groups = frame.groupby(asked, sort=False, dropna=False) if asked else [((), frame)]
    names = [name for name in names if name in frame]
    return [
        _block(dict(zip(asked, values if isinstance(values, tuple) else (values,), strict=True)), group, names)
        for values, group in groups
        if (group["status"] == DONE).any()
    ]


def _block(asked: Mapping[str, Any], group: pd.DataFrame, names: Sequence[str]) -> Block:
    done = group[group["status"] == DONE]
    sees = done.groupby(["label", "predictions"])["clairvoyant"].first()
    keys = dict.fromkeys(zip(group["label"], group["predictions"], strict=True))
    contenders = tuple(Contender(*key, bool(sees.get(key, False))) for key in keys)
    traces = tuple(sorted(done["trace"].unique()))
    seeds = sorted(done["seed"].unique())
    place = (
        done.set_index(["label", "predictions"]).index.map({key: i for i, key in enumerate(keys)}).to_numpy(),
        done["trace"].map({trace: i for i, trace in enumerate(traces)}).to_numpy(),
        done["seed"].map({seed: i for i, seed in enumerate(seeds)}).to_numpy(),
    )
    shape = (len(contenders), len(traces), len(seeds))
    count = np.zeros(shape, int)
    np.add.at(count, place, 1)
    if (count > 1).any():
        c, t, s = (int(i) for i in np.argwhere(count > 1)[0])
        raise InputError(
            f"{contenders[c].name} has {count[c, t, s]} runs on {traces[t]} with seed {seeds[s]} "
            f"({settings(shown(asked)) or 'one setting'}), expected one; two files of the same name cannot be told apart: "
            "rename one"
        )
    redrawn = done.groupby("trace")["redrawn"].any().reindex(traces).to_numpy(bool)
    single = _drawing_nothing(group, contenders, traces, redrawn, count)
    columns = {}
    for name in names:
        values = np.full(shape, np.nan)
        found = pd.to_numeric(done[name], errors="coerce").to_numpy(float)
        values[place] = np.where(np.isfinite(found), found, np.nan)
        columns[name] = np.where(single[..., None], values[..., :1], values)
    are_draws = bool(redrawn.all())
    if are_draws:
        ran = count.any(axis=0).ravel()
        columns = {name: values.reshape(len(contenders), -1, 1)[:, ran] for name, values in columns.items()}
        draws = [f"{trace}, seed {seed}" for trace in traces for seed in seeds]
        traces = tuple(draw for draw, is_there in zip(draws, ran, strict=True) if is_there)
    failed = group[group["status"] != DONE].groupby(["label", "predictions"]).size()
    return Block(shown(asked), contenders, traces, are_draws, columns, tuple(int(failed.get(key, 0)) for key in keys))


def _drawing_nothing(
    group: pd.DataFrame, contenders: Sequence[Contender], traces: Sequence[str], redrawn: np.ndarray, count: np.ndarray
) -> np.ndarray:
    """Which contenders on which traces were run for the first seed only because no other could give another value.

    One that was tried under a second seed on any trace that stays the same does draw: where it lacks seeds, runs are missing.
    """
    tried = group[~group["redrawn"]].groupby(["label", "predictions", "trace"])["seed"].nunique()
    most = tried.groupby(level=["label", "predictions"]).max()
    is_fixed = np.array([most.get((c.label, c.predictions), 1) <= 1 for c in contenders])
    only_first = (count.sum(axis=2) == 1) & (count[..., 0] == 1)
    return only_first & is_fixed[:, None] & ~redrawn[None, :]


def shown(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Settings without what marks their columns, and without those that were not asked for."""
    return {name.removeprefix(ASKED): _plain(value) for name, value in asked.items() if not pd.isna(value)}


def _plain(value: Any) -> Any:
    """A table's value as it was asked for: a column that lacks some turns its whole numbers into fractions."""
    value = value.item() if isinstance(value, np.generic) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def settings(asked: Mapping[str, Any]) -> str:
    """Asked settings in words: "capacity 1%, sized, no ttl"."""
    return ", ".join(
        (name if value else f"no {name}") if isinstance(value, bool) else f"{name.replace('_', ' ')} {value}"
        for name, value in asked.items()
    )


def foreseen(planned: Iterable[Planned]) -> tuple[int, int]:
    """How many paired traces a plan can give, and how many policies are tested against a baseline; see `Block`."""
    runs = list(planned)
    are_draws = all(run.asked.get("redrawn") for run in runs)
    traces = {(run.asked["trace"], run.experiment.seed if are_draws else None) for run in runs}
    policies = {(run.experiment.policy, run.experiment.predictions) for run in runs}
    sees = {text: catalog.policy(runs[0].experiment.domain, text).clairvoyant for text, _ in policies}
    return len(traces), max(sum(not sees[text] for text, _ in policies) - 1, 0)


def find(text: str, contenders: Iterable[Contender], role: str) -> Contender:
    """The contender that a user names: a policy's label, or "LABEL with PREDICTIONS" where it ran with several.

    Raises:
        InputError: none or several have that name.
    """
    known = {contender.name: contender for contender in contenders}
    if text in known:
        return known[text]
    of_label = [name for name, contender in known.items() if contender.label == text]
    if len(of_label) == 1:
        return known[of_label[0]]
    if of_label:
        raise InputError(
            f'{role} "{text}" ran with {len(of_label)} predictions; name one: {"; ".join(sorted(of_label))}'
        )
    raise InputError(f"{catalog.unknown_word(f'{role} in this study', text, known)} (policies: {', '.join(known)})")


def in_order(metrics: Iterable[Metric], main: str | None, frame: pd.DataFrame) -> list[Metric]:
    """The metrics that rank and that the table has values of, the main one first."""
    fitting = [
        metric for metric in metrics if metric.better and metric.name in frame and frame[metric.name].notna().any()
    ]
    return sorted(fitting, key=lambda metric: metric.name != main)
