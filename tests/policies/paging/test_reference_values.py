"""Exact reference values: misses on real traces, and the policies that become another one under certain predictions."""

import gzip

import numpy as np
import pytest

from sim.domains.paging import Setting, truth
from sim.study import catalog
from tests.worked import golden, misses, run, trace_of

SETS = {"brightkite": (10, 100), "citi": (100, 12)}  # capacity, number of traces


def read(path):
    with gzip.open(path, "rt") as file:
        return trace_of(file.read().split()[1:], name=path.name.partition(".")[0])


def traces(shared_data, folder):
    found = [read(path) for path in sorted((shared_data / "paging" / folder).glob("*.csv.gz"))]
    assert len(found) == SETS[folder][1]
    return found


def with_next_use(trace, predictor, capacity=10):
    return catalog.predictor(predictor)(trace, Setting(capacity).on(trace), np.random.default_rng(0))


def played(name, trace, capacity):
    """Misses of the compiled form."""
    return misses(catalog.policy("paging", name), trace, capacity, mode="compiled")


@pytest.mark.parametrize(
    ("folder", "name", "total"),
    [
        ("brightkite", "belady", 33_990),
        ("brightkite", "lru", 43_883),
        ("citi", "belady", 105_192),
        ("citi", "lru", 194_423),
    ],
)
def test_total_misses_over_all_traces_of_a_set(shared_data, folder, name, total):
    capacity = SETS[folder][0]
    assert sum(played(name, trace, capacity) for trace in traces(shared_data, folder)) == total


def test_four_brightkite_traces_have_one_page_and_ratio_1_for_everyone(shared_data):
    alone = [trace for trace in traces(shared_data, "brightkite") if truth.n_pages_of(trace) == 1]
    assert len(alone) == 4
    assert {played(name, trace, 10) for trace in alone for name in ("belady", "lru")} == {1}


def test_the_ratio_of_totals_and_the_mean_of_ratios_differ_on_uneven_traces(shared_data):
    counts = [(played("lru", t, 10), played("belady", t, 10)) for t in traces(shared_data, "brightkite")]
    lru, best = np.array(counts).T
    assert np.count_nonzero(best < 50) > 4
    assert lru.sum() / best.sum() == 43_883 / 33_990
    assert abs((lru / best).mean() - lru.sum() / best.sum()) > 0.005


@pytest.mark.parametrize(
    ("name", "predictor", "faults"),
    [
        ("belady", None, 834),
        ("lru", None, 1114),
        ("follow_pred", "pleco", 1493),
        ("follow_pred", "popu", 1300),
        ("follow_pred", "next", 834),
        ("follow_pred", "recency", 1114),
    ],
)
def test_misses_on_the_first_brightkite_trace(shared_data, name, predictor, faults):
    trace = read(shared_data / "paging" / "brightkite" / "bk0.csv.gz")
    assert (len(trace), truth.n_pages_of(trace)) == (2_100, 623)
    assert played(name, with_next_use(trace, predictor) if predictor else trace, 10) == faults


@pytest.mark.parametrize(
    ("predictor", "faults"), [("pleco", (659, 506, 271)), ("popu", (548, 412, 234)), ("recency", (605, 455, 260))]
)
def test_misses_of_following_a_predictor_on_the_golden_trace(predictor, faults):
    trace = with_next_use(golden(), predictor)
    assert tuple(played("follow_pred", trace, k) for k in (10, 20, 40)) == faults


@pytest.mark.parametrize(
    ("pages", "k", "opt", "lru"),
    [
        ("abcab", 2, 4, 5),
        ("abcaba", 2, 4, 5),
        ("abcabdab", 2, 6, 8),
        ("abcdabeabcde", 3, 7, 10),
        ("abcabdacbd", 3, 5, 7),
    ],
)
def test_misses_of_small_traces_are_as_by_hand(pages, k, opt, lru):
    assert misses(catalog.policy("paging", "belady"), pages, k) == opt
    assert misses(catalog.policy("paging", "lru"), pages, k) == lru


def departures(result):
    """Who left at which request; a flush has no order."""
    return sorted(zip(result.decisions.row.tolist(), result.decisions.subject.tolist(), strict=True))


IDENTICAL = [  # a policy, the channel it reads with the value it is given, and the policy that it becomes
    ("flush_all_zeros", "discard_bit", True, "lru"),
    ("flush_all_zeros", "discard_bit", False, "flush_when_full"),
    ("follow_pred", "predicted_next_use", None, "lru"),  # None: h = -t
    ("slru,n_segments=1", "discard_bit", False, "lru"),
]


@pytest.mark.parametrize(("name", "column", "value", "other"), IDENTICAL)
def test_some_policies_are_another_one_departure_by_departure(name, column, value, other):
    for trace in (golden(), *(trace_of(pages) for pages in ("abcab", "abcdabeabcde"))):
        n = len(trace)
        values = -np.arange(n, dtype=float) if value is None else np.full(n, value)
        for capacity in (1, 2, 3, 10, 40):
            mine = run(catalog.policy("paging", name), trace.with_column(column, values), capacity)
            theirs = run(catalog.policy("paging", other), trace, capacity)
            assert departures(mine) == departures(theirs)
            assert mine.metrics["misses"] == theirs.metrics["misses"]


def mean_misses(name, trace, capacity, n_seeds):
    counts = [misses(catalog.policy("paging", name), trace, capacity, seed=seed) for seed in range(n_seeds)]
    return np.mean(counts), np.var(counts, ddof=1) / n_seeds


@pytest.mark.parametrize(
    ("name", "column", "value", "other"),
    [
        ("mark0", "discard_bit", True, "random"),
        ("mark0", "discard_bit", False, "marker"),
        ("mark_and_predict", "phase_bit", True, "marker"),
        ("mark_and_predict", "phase_bit", False, "marker"),
        ("adaptive_query,b=1", "predicted_next_use", 0.0, "marker"),
    ],
)
def test_some_randomized_policies_are_another_one_in_law(name, column, value, other):
    """Means of 60 runs each, within 4 standard errors of their difference."""
    trace = golden().rows(0, 600)
    given = trace.with_column(column, np.full(600, value))
    (mine, variance), (theirs, other_variance) = mean_misses(name, given, 10, 60), mean_misses(other, trace, 10, 60)
    assert abs(mine - theirs) <= 4 * (variance + other_variance) ** 0.5
