"""Misses against those of libCacheSim, an independent simulator, wherever its Python package is installed."""

import numpy as np
import pytest

from policies.paging.wtinylfu import WTinyLFU
from sim.core.trace import Trace
from sim.study import catalog
from tests.policies.paging.test_lirs import PlainLIRS
from tests.worked import misses, trace_of
from traces import store
from workloads.paging import zipf

libcachesim = pytest.importorskip("libcachesim", reason="libCacheSim's Python package is not installed")

RECORD = np.dtype([("time", "<u4"), ("id", "<u8"), ("size", "<u4"), ("next", "<i8")])

EQUAL = {
    "lru": "LRU",
    "fifo": "FIFO",
    "clock": "Clock",
    "sieve": "Sieve",
    "lfu": "LFU",
    "belady": "Belady",
    "arc": "ARC",
    "two_q": "TwoQ",
    "slru": "SLRU",
    "s3fifo": "S3FIFO",
    "wtinylfu": "WTinyLFU",
}
"""Policies that miss exactly as often."""

NEAR = {"lirs": "LIRS", "gdsf": "GDSF"}
"""Policies within 1 %; their docstrings say what differs."""

CAPACITIES = {"cloud": (157, 1000, 4897, 16324), "flat": (100, 163, 500, 1657), "drifting": (100, 251, 490, 2594)}
"""Some that no part of a policy divides evenly. Below 100 pages its W-TinyLFU admits nothing."""


@pytest.fixture(scope="module")
def traces(request):
    """Gives a trace by name, of pages alone: sizes and times do not count."""
    opened: dict[str, Trace] = {}

    def trace(name):
        if name not in opened:
            opened[name] = trace_of(np.asarray(full(name)["page"]).tolist(), name)
        return opened[name]

    def full(name):
        if name == "flat":
            return zipf(np.random.default_rng(1), alpha=0.7, n_pages=5_000, n_requests=60_000)
        if name == "drifting":
            return zipf(np.random.default_rng(2), n_pages=10_000, n_requests=60_000, drift=0.1, drift_every=5_000)
        if name == "sort":
            return store.sample("sort", "paging")
        folder = request.getfixturevalue("shared_data")
        return store.open_trace(str(folder / "cache" / "cloudPhysicsIO.oracleGeneral.bin"))

    return trace


@pytest.fixture(scope="module")
def start(traces):
    """The first part of a trace, for interpreted runs."""
    return trace_of(traces("drifting")["page"][:20_000].tolist(), "start")


@pytest.fixture(scope="module")
def their_misses(tmp_path_factory):
    """Counts libCacheSim's misses, in its native loop over a file of page numbers with size 1."""
    folder = tmp_path_factory.mktemp("libcachesim")

    def count(policy: str, trace: Trace, capacity: int) -> int:
        path = folder / f"{trace.name}.oracleGeneral.bin"
        if not path.exists():
            path.write_bytes(records(np.asarray(trace["page"])).tobytes())
        reader = libcachesim.TraceReader(str(path), libcachesim.TraceType.ORACLE_GENERAL_TRACE)
        ratio, _ = getattr(libcachesim, policy)(cache_size=capacity, hashpower=16).process_trace(reader)
        return round(ratio * len(trace))

    return count


def records(page):
    """The trace in the format oracleGeneral."""
    table = np.zeros(len(page), RECORD)
    table["id"], table["size"] = page, 1
    following: dict[int, int] = {}
    for i in reversed(range(len(page))):
        table["next"][i] = following.get(int(page[i]), -1)
        following[int(page[i])] = i + 1  # counted from 1
    return table


def our_misses(policy, trace, capacity):
    return misses(catalog.policy("paging", policy), trace, capacity, mode="compiled")


@pytest.mark.parametrize("name", CAPACITIES)
@pytest.mark.parametrize("policy", EQUAL)
def test_a_policy_misses_as_often_as_libcachesim(policy, name, traces, their_misses):
    trace = traces(name)
    expected = [their_misses(EQUAL[policy], trace, capacity) for capacity in CAPACITIES[name]]
    assert [our_misses(policy, trace, capacity) for capacity in CAPACITIES[name]] == expected


@pytest.mark.parametrize("name", CAPACITIES)
@pytest.mark.parametrize("policy", NEAR)
def test_a_policy_misses_nearly_as_often_as_libcachesim(policy, name, traces, their_misses):
    trace = traces(name)
    expected = [their_misses(NEAR[policy], trace, capacity) for capacity in CAPACITIES[name]]
    assert [our_misses(policy, trace, capacity) for capacity in CAPACITIES[name]] == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("capacity", [151, 505])
def test_wtinylfu_spills_nothing_where_its_segments_leave_nothing_over(capacity, start, their_misses):
    assert misses(WTinyLFU(spill=False), start, capacity) == their_misses("WTinyLFU", start, capacity)


def test_sieve_misses_three_times_as_often_as_lru_in_a_sort_and_so_does_libcachesim(traces, their_misses):
    # Once all pages in the queue are visited, the hand must clear each of them; meanwhile newcomers stay at the other end and
    # leave soon after, though a sort requests them again and again and is done with the others.
    trace = traces("sort")
    capacity = len(trace.tables["pages"]) // 10
    sieve, lru = (our_misses(policy, trace, capacity) for policy in ("sieve", "lru"))
    assert sieve == their_misses("Sieve", trace, capacity)
    assert sieve > 3 * lru


class DemotingLIRS(PlainLIRS):
    """Takes a LIR page's rank also when a HIR page outside the stack is hit; whether that one leaves the queue or not, further
    hits to it count as long as it is in the stack."""

    def hit_outside_the_stack(self, page):
        if len(self.lir) == self.n_lir:
            self.demote()

    def demote(self):
        super().demote()
        while len(self.queue) > self.n_hir:
            dropped = self.queue.pop(0)
            if dropped in self.stack[:-1]:
                self.gone.append(dropped)


@pytest.mark.parametrize("capacity", [7, 50, 150])
def test_lirs_differs_from_libcachesim_only_in_hits_outside_the_stack(capacity, start, their_misses):
    plain = DemotingLIRS(capacity)
    plain.played(start)
    assert plain.n_misses == their_misses("LIRS", start, capacity)


@pytest.mark.parametrize("capacity", [7, 100])
def test_gdsf_differs_from_libcachesim_only_in_that_its_newcomers_do_not_compete(capacity, start, their_misses):
    assert misses_where_newcomers_compete(start, capacity) == their_misses("GDSF", start, capacity)


def misses_where_newcomers_compete(trace, capacity):
    """Misses of a GDSF that ranks the newcomer before it makes room, and evicts the least of all, perhaps the newcomer."""
    counts: dict[int, int] = {}
    ranks: dict[int, tuple[float, int]] = {}
    age, n_misses = 0.0, 0
    for now, page in enumerate(trace["page"].tolist()):
        if page not in ranks:
            n_misses += 1
            counts[page] = 0
        counts[page] += 1
        ranks[page] = (age + 1e6 * counts[page], now)
        if len(ranks) > capacity:
            age, _ = ranks.pop(min(ranks, key=ranks.__getitem__))
    return n_misses
