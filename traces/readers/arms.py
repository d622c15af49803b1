"""arms: a table of what the arms of a bandit earn, one round a line, under a header that says what each column is."""

from __future__ import annotations

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Trace
from traces.fields import NUMBER, Fields
from traces.lines import Lines, fields_of, split
from traces.requests import counted
from traces.source import Source

ENDINGS = (".arms.csv",)

GROUPS = {"reward": "rewards", "pull": "pulls", "cost": "cost", "mean": "means", "context": "context"}
"""What the name of a column begins with, before "_" and the arm's name, or the feature's -> the trace's column."""

ALONE = "predicted_arm"


def read(source: Source) -> Trace:
    """Reads lines of numbers between commas. The header names the columns, in any order:

        reward_NAME    what the arm NAME earns in this round
        pull_NAME      instead: what the arm earns at its first pull, at its second, and so on
        cost_NAME      what pulling the arm costs
        mean_NAME      the arm's expected reward
        context_NAME   a feature of the round
        predicted_arm  the number of the arm that an expert takes for the best, counting from 0

    Costs and means are given for all arms or none. Arms are numbered in the order of their rewards' columns.

    Args:
        source: the file, in UTF-8.

    Returns:
        Columns `rewards` or `pulls` (float64, shape (n, n_arms)), and of `cost`, `means`, `context`, `predicted_arm` what the
        file has; means that are the same in all rounds become a table of shape (n_arms,). Table `arms`: their names.

    Raises:
        InputError: no round; a column of unknown meaning, twice, or missing for an arm; a line with more or fewer fields; a value
            that is no number.
    """
    lines = Lines(source)
    names: list[str] = []
    parts: dict[str, list[np.ndarray]] = {}
    for chunk in lines.chunks(b","):
        rows = chunk
        if not names:
            names = [name.strip() for name in fields_of(chunk, 0, b",")]
            _refuse_unknown(source, names)
            parts = {name: [] for name in names}
            rows = chunk[1:]
        fields = split(rows, b",", len(names), {name: i for i, name in enumerate(names)})
        for name in names:
            parts[name].append(_values(fields[name], name))
    if not names or not sum(len(part) for part in parts[names[0]]):
        raise InputError(f"{source.name} has no rounds: expected a header and a line of numbers for each round")
    return _trace(source, {name: np.concatenate(part) for name, part in parts.items()}, lines.notices)


def _values(fields: Fields, name: str) -> np.ndarray:
    if name == ALONE:
        return fields.naturals(2**31)
    data, _ = fields._data
    if b"-" not in data:
        return np.asarray(fields.numbers(), np.float64)
    texts = [text.strip() for text in fields.texts()]
    for row, text in enumerate(texts):
        if not NUMBER.fullmatch(text) or not np.isfinite(float(text)):
            raise fields.bad(row, "a number")
    return np.array([float(text) for text in texts])


def _split_name(name: str) -> tuple[str, str]:
    """A column's group and the arm, or feature, that it belongs to; an empty group for a name of no meaning."""
    group, _, of = name.partition("_")
    return (GROUPS.get(group, ""), of) if of else ("", "")


def _refuse_unknown(source: Source, names: list[str]) -> None:
    for name in names:
        if name != ALONE and not _split_name(name)[0]:
            known = ", ".join(f"{group}_NAME" for group in GROUPS)
            raise InputError(
                f'{source.name}, line 1: column "{name}" is of no known meaning; expected {known} or {ALONE}'
            )
        if names.count(name) > 1:
            raise InputError(f'{source.name}, line 1: column "{name}" stands there twice')


def _trace(source: Source, values: dict[str, np.ndarray], notices: list[str]) -> Trace:
    groups: dict[str, dict[str, np.ndarray]] = {group: {} for group in GROUPS.values()}
    for name, column in values.items():
        if name != ALONE:
            group, of = _split_name(name)
            groups[group][of] = column
    if bool(groups["rewards"]) == bool(groups["pulls"]):
        found = "both" if groups["rewards"] else "neither"
        raise InputError(f"{source.name}, line 1: expected columns reward_NAME or pull_NAME, got {found}")
    arms = [*groups["rewards"], *groups["pulls"]]
    columns: dict[str, np.ndarray] = {}
    for group, found_columns in groups.items():
        if not found_columns:
            continue
        order = list(found_columns) if group == "context" else arms
        for arm in order:
            if arm not in found_columns:
                raise InputError(
                    f'{source.name}, line 1: no {group} of arm "{arm}"; give those of all {counted(len(arms), "arm")}'
                )
        for arm in found_columns:
            if arm not in order:
                raise InputError(f'{source.name}, line 1: {group} of an arm "{arm}" that has no reward')
        columns[group] = np.ascontiguousarray(np.stack([found_columns[of] for of in order], axis=1))
    tables: dict[str, object] = {"arms": arms}
    if "means" in columns and (columns["means"] == columns["means"][0]).all():
        tables["means"] = columns.pop("means")[0].copy()
    if "context" in columns:
        low, high = float(columns["context"][:, 0].min()), float(columns["context"][:, 0].max())
        if low < high:
            tables["context_range"] = (low, high)
    if ALONE in values:
        columns[ALONE] = values[ALONE]
    return Trace(source.name, "bandits", columns, tables, {"format": "arms", "notices": notices})
