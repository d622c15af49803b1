"""Curves from stack distances against replays, samples against the whole, each rule against a slow obvious form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.paging.lru import LRU
from sim.core.errors import InputError
from sim.core.operations import Operation
from sim.core.trace import Interned, Ragged
from sim.domains.paging import Setting, curves
from tests.worked import golden, misses, run, trace_of


def settings(capacities, trace, **about):
    return [Setting(int(k), **about).on(trace) for k in capacities]


def zipf(n, n_pages, seed=0):
    pages = np.random.default_rng(seed).zipf(1.3, n) % n_pages
    return trace_of(pages.tolist())


def test_one_pass_gives_lrus_misses_at_every_capacity_of_the_golden_trace():
    capacities = [*range(1, 20), *range(20, 115, 8), 113]
    found = curves.lru(golden(), settings(capacities, golden()))
    assert found.misses.tolist() == [misses(LRU(), golden(), k) for k in capacities]
    assert found.misses[-1] == 113  # the cold misses


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.permutations([1, 2, 3, 5, 8, 11]))
def test_one_pass_gives_lrus_misses_at_capacities_in_any_order(pages, capacities):
    trace = trace_of(pages)
    assert curves.lru(trace, settings(capacities, trace)).misses.tolist() == [
        misses(LRU(), trace, k) for k in capacities
    ]


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=40),
    st.lists(st.integers(1, 20), min_size=7, max_size=7),
    st.integers(1, 80),
)
def test_distances_in_bytes_are_sums_over_a_list(pages, sizes, capacity):
    trace = trace_of(pages, size_bytes=np.array([sizes[page] for page in pages], np.uint32))
    order: list[int] = []
    missed = []
    for page in pages:
        depth = order.index(page) + 1 if page in order else None
        distance = sum(sizes[other] for other in order[:depth]) if depth else np.inf
        missed += [sizes[page]] if distance > capacity else []
        order = [page] + [other for other in order if other != page]
    found = curves.lru(trace, settings([capacity], trace, sized=True))
    assert (found.misses[0], found.missed_bytes[0]) == (len(missed), sum(missed))


def test_distances_in_bytes_are_exact_where_all_pages_weigh_the_same():
    trace = trace_of(np.asarray(golden()["page"]).tolist(), size_bytes=np.full(1000, 7))
    for k in (1, 10, 40):
        assert curves.lru(trace, settings([7 * k], trace, sized=True)).misses[0] == misses(LRU(), golden(), k)


def test_a_pass_refuses_pages_that_are_removed():
    trace = trace_of("aba", op=[Operation.GET, Operation.GET, Operation.DELETE])
    with pytest.raises(InputError, match=r"removes pages .* replay instead, or ignore removals by --no-ttl"):
        curves.lru(trace, settings([1], trace))
    assert curves.lru(trace, settings([1], trace, ttl=False)).misses.tolist() == [3]


def test_splitmix64_has_its_known_values():
    assert curves.mix(np.arange(2, dtype=np.uint64)).tolist() == [0xE220A8397B1DCDAF, 0x910A2DEC89025CC1]
    assert curves.hashes(2, 0).tolist() == [0x1DCDAF, 0x025CC1]


def test_every_page_is_sampled_as_often_as_the_rate_says():
    """Each page's count over 400 seeds is binomial; five standard deviations are exceeded by one in a million."""
    rate, n_seeds = 0.1, 400
    kept = np.array([curves.hashes(200, seed) < rate * curves.HASHES for seed in range(n_seeds)])
    spread = np.sqrt(n_seeds * rate * (1 - rate))
    assert np.all(np.abs(kept.sum(axis=0) - n_seeds * rate) < 5 * spread)
    assert np.abs(kept.sum() - kept.size * rate) < 5 * np.sqrt(kept.size * rate * (1 - rate))


def test_seeds_choose_samples_that_have_nothing_to_do_with_each_other():
    """Dense ids that meet the seed unmixed would only trade places: of 64 pages each seed below 64 then samples as many."""
    sizes = {int(np.count_nonzero(curves.hashes(64, seed) < curves.HASHES // 4)) for seed in range(64)}
    assert len(sizes) > 5


def test_a_sample_holds_all_requests_to_its_pages_and_numbers_them_anew():
    users = Interned(np.arange(10, dtype=np.int32), np.arange(10))
    trace = trace_of("abcabdabca", size_bytes=np.arange(10)).with_column("user", users)
    for seed in range(20):
        try:
            sampled, rate = curves.sample(trace, 0.5, seed)
        except InputError:
            continue
        assert rate == 0.5
        labels = sampled.tables["pages"]
        assert labels[sampled["page"]].tolist() == [p for p in "abcabdabca" if p in labels]
        assert list(dict.fromkeys(np.asarray(sampled["page"]).tolist())) == list(range(len(labels)))
        assert sampled["size_bytes"].tolist() == sampled["user"].codes.tolist()
        assert ["abcabdabca"[row] for row in sampled["size_bytes"]] == labels[sampled["page"]].tolist()


def test_a_sample_of_everything_is_the_trace():
    sampled, rate = curves.sample(golden(), 1.0)
    assert rate == 1 and np.array_equal(sampled["page"], golden()["page"])


def test_a_sample_of_nothing_is_refused_with_a_rate_that_would_do():
    with pytest.raises(InputError, match=r"has none of the 113 pages of trace golden; take at least 0.088"):
        curves.sample(golden(), 1e-7)
    rows = Ragged(np.arange(3), np.array([0, 1, 2, 3]))
    with pytest.raises(InputError, match="column cells, whose rows differ in length, cannot be sampled"):
        curves.sample(trace_of("abc").with_column("cells", rows), 1.0)


def test_requests_too_many_in_a_sample_count_as_hits():
    """By hand: of 100 requests a sample at rate 0.1 should have 10, but has one page of 60, which misses once and hits 59 times.
    The miss ratio is 1 / 10, not 1 / 60."""
    whole = curves.Totals(requests=100, requested_bytes=400, cold_misses=10)
    found = curves.ratios(1, 8, 0.1, whole)
    assert (found["miss_ratio"], found["byte_miss_ratio"], found["misses"]) == (0.1, 0.2, 10)
    assert curves.ratios(60, None, 0.1, whole)["miss_ratio"] == 1  # never above


def test_a_sampled_curve_is_right_on_average():
    """The sample's misses over R T have the exact miss ratio as mean where the capacity holds all: each page is sampled with
    probability R. Over 300 seeds the mean is off by at most five standard errors."""
    trace = zipf(20_000, 1000)
    rate, n_pages = 0.2, len(trace.tables["pages"])
    found = []
    for seed in range(300):
        sampled, rate = curves.sample(trace, 0.2, seed)
        sampled_pass = curves.lru(sampled, settings([10**6], sampled), rate)
        found.append(sampled_pass.misses[0] / rate / len(trace))
    error = np.sqrt(n_pages * (1 - rate) / rate / 300) / len(trace)
    assert abs(np.mean(found) - n_pages / len(trace)) < 5 * error


def test_sampled_distances_are_held_against_the_scaled_capacity():
    sampled, rate = curves.sample(zipf(5000, 300), 0.5, 3)
    found = curves.lru(sampled, settings([1, 10, 101], sampled), rate)
    assert found.misses.tolist() == [len(sampled), misses(LRU(), sampled, 5), misses(LRU(), sampled, 50)]
    assert curves.scaled(Setting(101), rate).capacity == 50 and curves.scaled(Setting(1), rate).capacity == 1


def fixed_size_plainly(trace, capacities, n_kept, seed):
    """Section 4 of the paper to the letter: a list as stack, old counts scaled down whenever the threshold falls."""
    by_hash = curves.hashes(len(trace.tables["pages"]), seed).tolist()
    threshold, stack = curves.HASHES, []
    counts: list[tuple[float, float]] = []  # (scaled distance, count)
    for page in np.asarray(trace["page"]).tolist():
        if by_hash[page] >= threshold:
            continue
        distance = (stack.index(page) + 1) * curves.HASHES / threshold if page in stack else np.inf
        counts.append((distance, 1.0))
        stack = [page] + [other for other in stack if other != page]
        if len(stack) > n_kept:
            lower = max(by_hash[other] for other in stack)
            stack = [other for other in stack if by_hash[other] < lower]
            counts = [(d, count * lower / threshold) for d, count in counts]
            threshold = lower
    rate = threshold / curves.HASHES
    missed = [sum(count for distance, count in counts if distance > k) / rate for k in capacities]
    return np.clip(missed, 0, len(trace)), rate, len(counts)


@pytest.mark.parametrize(("n_kept", "seed"), [(1, 0), (7, 1), (40, 2), (100, 3)])
def test_a_sample_of_fixed_size_is_the_papers_histogram(n_kept, seed):
    trace = zipf(6000, 300, seed)
    capacities = [400, 1, 3, 10, 30, 100, 200]
    found = curves.lru_of_fixed_size(trace, settings(capacities, trace), n_kept, seed)
    missed, rate, requests = fixed_size_plainly(trace, capacities, n_kept, seed)
    assert np.allclose(found.misses, missed) and (found.rate, found.requests) == (rate, requests)


def test_a_fixed_size_that_holds_all_pages_is_exact():
    capacities = [1, 10, 20, 40, 113]
    found = curves.lru_of_fixed_size(golden(), settings(capacities, golden()), 113)
    assert found.rate == 1 and found.misses.tolist() == [misses(LRU(), golden(), k) for k in capacities]


def test_a_sample_of_fixed_size_is_refused_with_sizes():
    trace = trace_of("aba", size_bytes=[1, 2, 1])
    with pytest.raises(InputError, match="pages of equal size that nothing removes; give --sample RATE"):
        curves.lru_of_fixed_size(trace, settings([1], trace, sized=True), 1)


def test_totals_leave_deletes_out_as_a_replay_does():
    ops = [Operation.GET, Operation.DELETE, Operation.GET, Operation.GET]
    trace = trace_of("aaba", op=np.array(ops), size_bytes=[5, 5, 3, 5])
    for sized in (False, True):
        setting = Setting(8, sized=sized).on(trace)
        totals = curves.totals(trace, setting)
        assert (totals.requests, totals.requested_bytes) == (3, 13 if sized else None)
    assert run(Forgetful(), trace, 2).metrics["requests"] == 3


class Forgetful(LRU):
    def forget(self, page):
        self.order.remove(page)
