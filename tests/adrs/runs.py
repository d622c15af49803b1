"""A small search that is really run, once in a process, and records made from it by hand."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from sim.adrs import record
from sim.adrs.judge import trials
from sim.adrs.loop import Found, Wanted, evolve
from sim.adrs.record import Entry, Record
from sim.study.runs import Inputs

COMMAND = "augsim evolve paging --trace workload:zipf,n_requests=400,n_pages=60 --budget 40 --set capacity=10"

WANTED = Wanted("paging", ("workload:zipf,n_requests=400,n_pages=60",), budget=40, options={"capacity": "10"})


@cache
def found() -> Found:
    """40 candidates for a cache of 10 pages, 8 draws of a small workload each for training and judging."""
    run = trials("paging", Inputs())
    with (
        tempfile.TemporaryDirectory() as looks,  # nobody else has looked at this holdout
        mock.patch("sim.adrs.holdout.cache_folder", return_value=Path(looks)),
    ):
        return evolve(WANTED, lambda planned: map(run, planned))


@cache
def small() -> Record:
    return record.of(found(), WANTED, COMMAND, 4.0)


def holding(*entries: Entry, **changes: Any) -> Record:
    """`small` with these candidates of the search, which found the winner where nothing else is said."""
    first, *others = small().runs
    made = {"champion": first.name, **changes}
    return replace(small(), runs=(replace(first, entries=entries), *others), **made)


def entry(name: str, loss: float | None, **about: Any) -> Entry:
    """A candidate by hand, tried on all training instances of `small` where nothing else is said."""
    usual = {
        "number": 1,
        "generation": 1,
        "parents": (),
        "proposer": "gp",
        "note": "crossed",
        "policy": f"sampled: {name}",
        "status": "ok" if loss is not None else "duplicate",
        "detail": "",
        "size": 5,
        "unlike": 0.5,
        "n_instances": 8 if loss is not None else 0,
    }
    return Entry(id=name, loss=loss, **{**usual, **about})
