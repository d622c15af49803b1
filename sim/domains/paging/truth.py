"""What only hindsight knows: next requests, the clairvoyant optimum, and the labels that predictions are made from."""

from __future__ import annotations

import numpy as np

from sim.core.compile import compile_loop
from sim.core.memory import touch
from sim.core.modules import kernel
from sim.core.structures import IndexSet, Structure
from sim.core.trace import NEVER, NONE, Trace
from sim.domains.paging.follower import Follower


def n_pages_of(trace: Trace) -> int:
    return len(trace.tables["pages"])


def next_use(trace: Trace, dtype: type = np.int64) -> np.ndarray:
    """Index of each page's next request after each request, NEVER where there is none; int64 or `dtype`, shape (n,)."""
    result: np.ndarray = np.empty(len(trace), dtype)
    _next_use(np.ascontiguousarray(trace["page"]), np.full(n_pages_of(trace), NEVER, np.int64), result)
    return result


AHEAD = 32
"""Requests between the fetch of what is known of a page and its use."""


@kernel
def _next_use(page, upcoming, result):
    for i in range(len(page) - 1, -1, -1):
        if i >= AHEAD:
            touch(upcoming, page[i - AHEAD])
        result[i] = upcoming[page[i]]
        upcoming[page[i]] = i


def first_requests(trace: Trace, start: int = 0) -> int:
    """Number of requests from row `start` on that are the first of their page."""
    seen = len(np.unique(trace["page"][:start])) if start else 0
    return n_pages_of(trace) - seen


class Furthest(Structure):
    """LFD, the clairvoyant optimum on unit pages: evicts the page requested furthest in the future.

    Among pages never requested again the one requested longest ago leaves first. Labels come with it: a request's bit is 1
    where its page is evicted before its next request.

    Reference: Belady, "A Study of Replacement Algorithms for a Virtual-Storage Computer", IBM Systems Journal 1966.
    """

    def __init__(self, page: np.ndarray, next_use: np.ndarray, n_pages: int, capacity: int):
        n = len(page)
        self.page = page
        self.next_use = next_use
        self.capacity = capacity
        self.used = 0
        self.faults = 0
        self.resident = np.zeros(n_pages, np.bool_)
        self.last = np.zeros(n_pages, np.int64)  # each page's most recent request
        self.upcoming = IndexSet(n)  # the next requests of the resident pages
        self.never = np.zeros(n_pages, np.int32)  # residents never requested again, in order of their last request
        self.n_never = 0
        self.n_never_gone = 0
        self.bits = np.zeros(n, np.bool_)
        self.leaves = np.full(n, NONE, np.int32)

    def request(self, i):
        page = self.page[i]
        if self.resident[page]:
            self.upcoming.discard(i)
        else:
            self.faults += 1
            if self.used == self.capacity:
                victim = self.evict()
                self.resident[victim] = False
                self.bits[self.last[victim]] = True
                self.leaves[i] = victim
            else:
                self.used += 1
            self.resident[page] = True
        self.last[page] = i
        if self.next_use[i] == NEVER:
            self.never[self.n_never] = page
            self.n_never += 1
        else:
            self.upcoming.add(self.next_use[i])

    def evict(self):
        if self.n_never_gone < self.n_never:
            self.n_never_gone += 1
            return int(self.never[self.n_never_gone - 1])
        furthest = self.upcoming.largest()
        self.upcoming.discard(furthest)
        return int(self.page[furthest])


def _serve_all(rule, start, stop):
    for i in range(start, stop):
        rule.request(i)


def furthest(trace: Trace, capacity: int) -> Furthest:
    """Runs LFD over a trace of unit pages: its `faults`, `bits` (the discard bits) and `leaves` (evicted page, or NONE)."""
    page = np.ascontiguousarray(trace["page"])
    rule = Furthest(page, next_use(trace), n_pages_of(trace), capacity)
    compile_loop(_serve_all, {"rule": rule}, "furthest")(0, len(trace))
    return rule


def optimum(trace: Trace, capacity: int) -> int:
    """Faults of the clairvoyant optimum on unit pages, first requests included."""
    return furthest(trace, capacity).faults


def discard_bits(trace: Trace, capacity: int) -> np.ndarray:
    """Bit of each request: True where LFD evicts the page before its next request; shape (n,).

    The number of ones is the optimum's faults less the pages resident at the end.

    Reference: Antoniadis et al., "Paging with Succinct Predictions", ICML 2023, section 1.
    """
    return furthest(trace, capacity).bits


def phases(trace: Trace, capacity: int) -> np.ndarray:
    """Index of the k-phase of each request: a phase is a maximal block with at most `capacity` distinct pages."""
    return _phases(np.ascontiguousarray(trace["page"]), n_pages_of(trace), capacity)


@kernel
def _phases(page, n_pages, capacity):
    seen_in = np.full(n_pages, -1, np.int64)
    result = np.empty(len(page), np.int64)
    phase = 0
    n_distinct = 0
    for i in range(len(page)):
        if seen_in[page[i]] != phase:
            if n_distinct == capacity:
                phase += 1
                n_distinct = 0
            seen_in[page[i]] = phase
            n_distinct += 1
        result[i] = phase
    return result


def phase_bits(trace: Trace, capacity: int) -> np.ndarray:
    """Bit of each request: False where its page is requested in the next phase too; the last phase has none, so all True.

    Reference: Antoniadis et al., "Paging with Succinct Predictions", ICML 2023, section 1.
    """
    return _phase_bits(np.ascontiguousarray(trace["page"]), phases(trace, capacity), n_pages_of(trace))


@kernel
def _phase_bits(page, phase, n_pages):
    here = np.full(n_pages, -1, np.int64)  # nearest phase of each page from the present request on
    later = np.full(n_pages, -1, np.int64)  # and the nearest one after that
    bits = np.empty(len(page), np.bool_)
    for i in range(len(page) - 1, -1, -1):
        p = page[i]
        if here[p] != phase[i]:
            later[p] = here[p]
            here[p] = phase[i]
        bits[i] = later[p] != phase[i] + 1
    return bits


def last_in_phase(trace: Trace, capacity: int) -> np.ndarray:
    """True at the last request of each page within each phase; shape (n,)."""
    phase = phases(trace, capacity)
    following = next_use(trace)
    last = np.ones(len(trace), np.bool_)
    again = following != NEVER
    last[again] = phase[following[again]] != phase[again]
    return last


class _States(Structure):
    """Follows next-use predictions and notes the page that leaves after each request."""

    def __init__(self, page: np.ndarray, prediction: np.ndarray, n_pages: int, capacity: int):
        self.page = page
        self.prediction = prediction
        self.capacity = capacity
        self.follower = Follower(min(capacity, n_pages), n_pages, "low_slot")
        self.leaves = np.full(len(page), NONE, np.int32)

    def request(self, i):
        page = self.page[i]
        if self.follower.holds(page):
            self.follower.update(page, self.prediction[i], i)
            return
        if self.follower.size == self.capacity:
            self.leaves[i] = self.follower.evict()
        self.follower.load(page, self.prediction[i], i)


def cache_states(trace: Trace, prediction: np.ndarray, capacity: int) -> np.ndarray:
    """The cache that follows a next-use prediction: the page that leaves at each request, NONE where none does.

    Args:
        trace: unit pages.
        prediction: predicted index of the next request, shape (n,).
        capacity: pages the predictor holds.

    Returns:
        int32, shape (n,); the requested page always enters.

    Reference: Antoniadis et al., "Online Metric Algorithms with Untrusted Predictions", ICML 2020, section 1.
    """
    page = np.ascontiguousarray(trace["page"])
    rule = _States(page, np.ascontiguousarray(prediction, np.float64), n_pages_of(trace), capacity)
    compile_loop(_serve_all, {"rule": rule}, "cache_states")(0, len(trace))
    return rule.leaves
