"""Whom the contracts of paging meet, unasked: every policy in `policies/paging`, on small traces with whatever it reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import policies.paging
from sim.core.operations import Operation
from sim.core.policy import Policy, parts_of
from sim.core.result import Decisions, Result
from sim.core.trace import Trace
from sim.domains.paging import truth
from sim.domains.paging.cache import BYPASS, EVICT, RELEASE
from sim.study import catalog
from tests.worked import run, trace_of

FILES = {path.stem: path for path in sorted(Path(policies.paging.__path__[0]).glob("[!_]*.py"))}

EVERY = pytest.mark.parametrize("name", FILES)

QUICKLY = {"lrb": "window=50,batch=40,sample=4,trees=2", "bandit_of": "epoch=20"}
"""Parameters with which a policy gets, on traces of some hundred requests, to where its own defaults get after many more."""


def made(name: str) -> Policy:
    return catalog.policy("paging", f"{name},{QUICKLY[name]}" if name in QUICKLY else name)


CAUSAL = pytest.mark.parametrize(
    "name", [name for name in FILES if not any(part.clairvoyant for part in parts_of(made(name)))]
)
"""All but those that see the true future."""


@cache
def trace(seed: int, n_requests: int = 300, n_pages: int = 24) -> Trace:
    """Popular and rare pages, a loop, and pages in a row: what tells policies apart."""
    rng = np.random.default_rng((seed, n_requests))
    pages = (n_pages * rng.random(n_requests) ** 3).astype(int)
    third = n_requests // 3
    pages[third : third + n_pages] = np.arange(min(n_pages, n_requests - third))
    pages[2 * third :] = np.where(
        rng.random(n_requests - 2 * third) < 0.6, np.arange(n_requests - 2 * third) % 7, pages[2 * third :]
    )
    return trace_of(pages.tolist(), name=f"contract {seed}")


@cache
def predicted(trace: Trace, capacity: int, seed: int = 0) -> Trace:
    """With all channels, for this capacity: the truth with one prediction in five wrong."""
    rng = np.random.default_rng((seed, capacity))
    n = len(trace)
    for channel, bits in (
        ("discard_bit", truth.discard_bits(trace, capacity)),
        ("phase_bit", truth.phase_bits(trace, capacity)),
    ):
        trace = trace.with_column(channel, bits ^ (rng.random(n) < 0.2), capacity=capacity)
    following = np.minimum(truth.next_use(trace).astype(float), n)
    following = np.where(rng.random(n) < 0.2, rng.integers(0, n, n), following)
    leaves = truth.cache_states(trace, following, capacity)
    return trace.with_column("predicted_next_use", following).with_column("leaves", leaves, capacity=capacity)


@cache
def sized(seed: int, n_requests: int = 250) -> Trace:
    """With sizes from 1 to 40 bytes, most of them fixed by the page, and all channels as if a page had 8 bytes."""
    plain = trace(seed, n_requests)
    rng = np.random.default_rng((seed, 1))
    of_page = rng.integers(1, 41, truth.n_pages_of(plain))
    size = of_page[plain["page"]]
    changed = rng.random(n_requests) < 0.05
    size[changed] = rng.integers(1, 41, np.count_nonzero(changed))
    return without_capacity(predicted(plain, 8)).with_column("size_bytes", size)


@cache
def removing(seed: int, capacity: int, n_requests: int = 250) -> Trace:
    """With a time to live on one request in three, one request in fifteen a delete, and all channels."""
    rng = np.random.default_rng((seed, 2))
    op = np.where(rng.random(n_requests) < 1 / 15, int(Operation.DELETE), int(Operation.GET)).astype(np.uint8)
    ttl_s = np.where(rng.random(n_requests) < 1 / 3, rng.integers(1, 30, n_requests), 0).astype(float)
    time_s = np.cumsum(rng.integers(0, 3, n_requests)).astype(float)
    trace_ = predicted(trace(seed, n_requests), capacity)
    return trace_.with_column("op", op).with_column("ttl_s", ttl_s).with_column("time_s", time_s)


def without_capacity(trace: Trace) -> Trace:
    """The same columns, forgetting for which capacity they were made."""
    return dataclasses.replace(trace, about={})


@cache
def interpreted(name: str, seed: int, capacity: int) -> Result:
    """One interpreted run, shared by the contracts that only look at it."""
    return run(made(name), predicted(trace(seed), capacity), capacity)


def retold(
    trace: Trace, decisions: Decisions, capacity: int, *, in_bytes: bool = False
) -> Iterator[tuple[bool, dict[int, int]]]:
    """The rules told a second time, plainly: for each request, from a log alone, whether it missed and who is resident after.

    Residents are page -> bytes (1 each unless `in_bytes`). Fails where a page leaves that is not there, where pages do not fit,
    or where the log has a decision that belongs nowhere.
    """
    rows = list(zip(decisions.row.tolist(), decisions.kind.tolist(), decisions.subject.tolist(), strict=True))
    held: dict[int, int] = {}
    expires_s: dict[int, float] = {}
    n_read = 0
    for i, page in enumerate(trace["page"].tolist()):
        size = int(trace["size_bytes"][i]) if in_bytes else 1
        now_s = float(trace["time_s"][i]) if "time_s" in trace else 0.0
        mine = []
        while n_read < len(rows) and rows[n_read][0] == i:
            mine.append(rows[n_read][1:])
            n_read += 1
        if expires_s.get(page, np.inf) <= now_s or is_delete(trace, i):
            held.pop(page, None)
            expires_s.pop(page, None)
        missed = page not in held
        for kind, subject in mine:
            if kind == EVICT:
                assert missed and size <= capacity, f"request {i} evicted page {subject} without need"
                assert sum(held.values()) + size > capacity, f"request {i} evicted page {subject} though there is room"
                del held[subject]
                expires_s.pop(subject, None)
        if missed and size <= capacity and (BYPASS, page) not in mine and not is_delete(trace, i):
            held[page] = size
        assert sum(held.values()) <= capacity, f"{held} is more than {capacity} at request {i}"
        if page in held and "ttl_s" in trace and trace["ttl_s"][i] > 0:
            expires_s[page] = now_s + float(trace["ttl_s"][i])
        for kind, subject in mine:
            if kind == RELEASE:
                del held[subject]
                expires_s.pop(subject, None)
        yield missed, dict(held)
    assert n_read == len(rows), "decisions after the last request"


def is_delete(trace: Trace, i: int) -> bool:
    return "op" in trace and trace["op"][i] == Operation.DELETE
