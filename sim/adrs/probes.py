"""Small changes to a trace that must not change a policy's decisions, or must change them in a known way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from sim.core.result import Decisions
from sim.core.trace import Column, Interned, Ragged, Trace

NAMED = {"paging": ("page", "pages"), "dispatch": ("key", None)}
"""Domain -> the column of ids that mean nothing but themselves, and the table of what they stand for."""

TIMELESS = frozenset({"transactions"})
"""Domains in which a decision may rest on all rows: they are there from the beginning."""


def poisoned(trace: Trace, k: int, rng: np.random.Generator) -> Trace:
    """The trace with another future: rows from k on are drawn, with replacement, from the whole trace.

    Columns that never decrease (times) stay. The first k rows are the same, predictions included.
    """
    order = np.concatenate([np.arange(k), rng.integers(0, len(trace), len(trace) - k)])
    columns = {
        name: column if _never_decreases(column) else _taken(column, order) for name, column in trace.columns.items()
    }
    return replace(trace, columns=columns)


def _never_decreases(column: Column) -> bool:
    is_row = isinstance(column, np.ndarray) and column.ndim == 1 and column.dtype.kind in "iuf"
    return bool(is_row and np.all(np.diff(np.asarray(column)) >= 0))


def _taken(column: Column, order: np.ndarray) -> Column:
    if isinstance(column, Ragged):
        lengths = np.diff(column.offsets)[order]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(column.offsets[:-1][order] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Ragged(np.asarray(column.values)[places], offsets)
    if isinstance(column, Interned):
        return Interned(np.asarray(column.codes)[order], column.labels)
    return np.asarray(column)[order]


def renamed(trace: Trace, rng: np.random.Generator) -> tuple[Trace, np.ndarray] | None:
    """The trace with its ids permuted, and the permutation (old id -> new); None where its domain has none to permute."""
    column, table = NAMED.get(trace.domain, (None, None))
    if column is None or column not in trace:
        return None
    ids = np.asarray(trace[column])
    n = len(trace.tables[table]) if table else int(ids.max(initial=-1)) + 1
    new = rng.permutation(n)
    columns = {**trace.columns, column: new[ids].astype(ids.dtype)}
    if "leaves" in trace:
        leaves = np.asarray(trace["leaves"])
        columns["leaves"] = np.where(leaves >= 0, new[leaves], leaves).astype(leaves.dtype)
    tables = dict(trace.tables)
    if table:
        tables[table] = trace.tables[table][np.argsort(new)]
    return replace(trace, columns=columns, tables=tables), new


def before(decisions: Decisions, row: int) -> Decisions:
    """The decisions of the rows before this one."""
    n = int(np.searchsorted(decisions.row, row))
    return Decisions(decisions.row[:n], decisions.kind[:n], decisions.subject[:n])


def with_new_names(decisions: Decisions, new: np.ndarray, domain: str) -> Decisions:
    """What decisions about ids become when these get new names; decisions of other domains are about servers or arms."""
    if domain != "paging":
        return decisions
    return replace(decisions, subject=new[decisions.subject])


def difference(mine: Decisions, theirs: Decisions) -> int | None:
    """The row of the first decision that differs; None where all agree."""
    n = min(len(mine), len(theirs))
    wrong = np.flatnonzero(
        (mine.row[:n] != theirs.row[:n]) | (mine.kind[:n] != theirs.kind[:n]) | (mine.subject[:n] != theirs.subject[:n])
    )
    if len(wrong):
        i = int(wrong[0])
        return min(int(mine.row[i]), int(theirs.row[i]))
    if len(mine) != len(theirs):
        longer = mine if len(mine) > n else theirs
        return int(longer.row[n])
    return None


def key(logs: Iterable[Decisions]) -> str:
    """SHA-256 of sequences of decisions: equal for policies that decide alike, however they are written."""
    digest = hashlib.sha256()
    for log in logs:
        for part in (log.row, log.kind, log.subject):
            digest.update(np.ascontiguousarray(part, "<i8").tobytes())
        digest.update(len(log).to_bytes(8, "little"))
    return digest.hexdigest()
