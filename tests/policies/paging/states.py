"""Predicted cache states for tests: by hand, perfect, and at random."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from sim.core.trace import NONE, Trace
from sim.domains.paging import truth
from tests.worked import trace_of


def states(pages: str, leaves: str) -> Trace:
    """A trace from "a b c" with the page that leaves the predicted cache at each request, "." where none does."""
    trace = trace_of(pages)
    number = {str(label): page for page, label in enumerate(trace.tables["pages"])}
    return trace.with_column("leaves", np.array([number.get(page, NONE) for page in leaves.split()], np.int32))


def perfect(trace: Trace, capacity: int) -> Trace:
    """With the states of the clairvoyant optimum."""
    return trace.with_column("leaves", truth.furthest(trace, capacity).leaves, capacity=capacity)


def following(trace: Trace, next_use: np.ndarray, capacity: int) -> Trace:
    """With the states of the cache that follows these predictions of the next use."""
    return trace.with_column("leaves", truth.cache_states(trace, next_use, capacity), capacity=capacity)


@st.composite
def instances(draw):
    """A capacity from 1 to 5 and a short trace whose predicted cache evicts at random when full."""
    capacity = draw(st.integers(1, 5))
    ids = draw(st.lists(st.integers(0, 3 * capacity), min_size=1, max_size=60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    trace = trace_of(ids)
    held: list[int] = []
    leaves = np.full(len(ids), NONE, np.int32)
    for i, page in enumerate(trace["page"].tolist()):
        if page in held:
            continue
        if len(held) == capacity:
            leaves[i] = held.pop(int(rng.integers(capacity)))
        held.append(page)
    return trace.with_column("leaves", leaves, capacity=capacity), capacity
