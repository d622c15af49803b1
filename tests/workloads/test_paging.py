"""Invented traces against closed forms and the sequences that theorems are about."""

import itertools
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.paging.lru import LRU
from policies.paging.marker import Marker
from sim.core.errors import InputError
from sim.core.trace import NEVER, Trace
from sim.domains.paging import stack, truth
from sim.study import catalog
from sim.study.experiment import Bench
from tests.worked import golden, misses, trace_of
from workloads import paging


def ids_of(trace: Trace) -> np.ndarray:
    return trace.tables["pages"][trace["page"]]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def example(name: str, seed: int = 0, **parameters) -> Trace:
    """A trace of each workload, small."""
    needed = {
        "loop": {"n_pages": 7},
        "lru_bad": {"capacity": 5},
        "marker_bad": {"capacity": 5},
        "stack_distance": {"fitted_to": golden()},
        "mixture": {"of": (trace_of([0, 1] * 250), trace_of([2, 3] * 250))},
    }.get(name, {})
    length = {} if name == "mixture" else {"n_requests": 500}
    return catalog.workloads("paging")[name](rng(seed), **needed, **length, **parameters)


@pytest.mark.parametrize("name", sorted(catalog.workloads("paging")))
def test_pages_are_numbered_in_order_of_appearance(name):
    trace = example(name, sizes="lognormal:mean=100,sigma=1", rate=10.0)
    page, n_pages = trace["page"], truth.n_pages_of(trace)
    assert trace.domain == "paging" and page.dtype == np.int32
    assert page[np.sort(np.unique(page, return_index=True)[1])].tolist() == list(range(n_pages))
    assert len(np.unique(trace.tables["pages"])) == n_pages
    assert (np.diff(trace["time_s"]) >= 0).all() and (trace["size_bytes"] >= 1).all()
    if name != "mixture":
        assert len(trace) == 500


@pytest.mark.parametrize("name", sorted(catalog.workloads("paging")))
def test_the_same_stream_gives_the_same_requests_with_sizes_and_times_and_without(name):
    plain, dressed = example(name, 3), example(name, 3, sizes="lognormal:mean=100,sigma=1", rate=10.0)
    assert plain["page"].tolist() == dressed["page"].tolist()
    assert plain.name != dressed.name and dressed.name.endswith("sizes=lognormal:mean=100,sigma=1,rate=10")


@pytest.mark.parametrize("alpha", [0.0, 0.8, 1.2])
def test_zipf_requests_the_page_of_rank_r_with_probability_proportional_to_r_to_the_minus_alpha(alpha):
    n = 200_000
    trace = paging.zipf(rng(), alpha=alpha, n_pages=50, n_requests=n)
    weights = np.arange(1, 51) ** -alpha
    expected = n * weights / weights.sum()
    counts = np.sort(np.bincount(trace["page"], minlength=50))[::-1]
    if alpha:  # the most popular ranks are too far apart to be exchanged by chance
        assert (abs(counts - expected) < 4.5 * np.sqrt(expected))[:5].all()
    # chi-square with 49 degrees of freedom, its mean 49 and deviation sqrt(98); sorting can only lower it
    assert ((counts - expected) ** 2 / expected).sum() < 49 + 5 * math.sqrt(98)


@given(st.lists(st.floats(0.0, 1.0, exclude_min=True), min_size=1, max_size=30), st.integers(0, 99))
def test_guided_inversion_finds_what_a_search_finds(weights, seed):
    cumulative = np.cumsum(weights) / np.sum(weights)
    cumulative[-1] = 1.0
    guide = np.searchsorted(cumulative, np.arange(len(weights)) / len(weights), side="right")
    uniform = rng(seed).random(200)
    found = paging._inverse(uniform, cumulative, guide)
    assert found.tolist() == np.searchsorted(cumulative, uniform, side="right").tolist()


def test_drift_exchanges_the_popularity_of_a_share_of_the_pages():
    still = paging.zipf(rng(), n_pages=100, n_requests=3_000)
    moved = paging.zipf(rng(), n_pages=100, n_requests=3_000, drift=0.5, drift_every=1_000)
    assert ids_of(still)[:1_000].tolist() == ids_of(moved)[:1_000].tolist()
    changed = {(a, b) for a, b in zip(ids_of(still)[1_000:2_000], ids_of(moved)[1_000:2_000], strict=True) if a != b}
    assert 30 < len(changed) <= 50 and len({a for a, _ in changed}) == len({b for _, b in changed}) == len(changed)


def test_scan_and_loop_are_what_they_say():
    assert ids_of(paging.scan(rng(), n_requests=4)).tolist() == [0, 1, 2, 3]
    assert ids_of(paging.loop(rng(), n_pages=3, n_requests=7)).tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_uniform_requests_miss_in_proportion_to_what_is_not_resident():
    n, n_pages, k = 50_000, 100, 30
    trace = paging.uniform(rng(), n_pages=n_pages, n_requests=n)
    expected = 1 - k / n_pages
    deviation = math.sqrt(expected * (1 - expected) / n)
    assert misses(LRU(), trace, k, mode="compiled") / n == pytest.approx(expected, abs=4 * deviation + n_pages / n)


def test_phases_stay_within_a_working_set_and_shift_part_of_it():
    trace = paging.phases(rng(), working_set=10, length=500, shift=0.3, n_pages=40, n_requests=2_000)
    sets = [set(ids_of(trace)[start : start + 500].tolist()) for start in range(0, 2_000, 500)]
    assert [len(pages) for pages in sets] == [10] * 4  # a page is missed in 500 requests with probability 0.9^500
    assert [len(a & b) for a, b in itertools.pairwise(sets)] == [7] * 3


@pytest.mark.parametrize("model", [golden(), paging.phases(rng(1), n_requests=5_000), trace_of("abcabdab")])
def test_lru_misses_a_fitted_trace_exactly_as_often_as_the_trace_it_is_fitted_to(model):
    trace = paging.stack_distance(rng(2), fitted_to=model)
    assert sorted(stack.distances(trace)) == sorted(stack.distances(model))
    assert len(trace) == 8 or trace["page"].tolist() != model["page"].tolist()


def test_a_longer_fitted_trace_has_new_pages_and_distances_in_the_same_proportions():
    trace = paging.stack_distance(rng(2), fitted_to=golden(), n_requests=10_000)
    assert np.sum(stack.distances(trace) == NEVER) == 10 * 113
    for k in (10, 20, 40):
        likely = np.mean(stack.distances(golden()) > k)
        # ten draws of each of 1,000 distances, less those that come too early to fit
        deviation = math.sqrt(likely * (1 - likely) / 10_000)
        assert np.mean(stack.distances(trace) > k) == pytest.approx(likely, abs=4 * deviation)


def test_a_trace_without_repetitions_is_fitted_by_a_scan():
    assert ids_of(paging.stack_distance(rng(), fitted_to=trace_of("abcd"))).tolist() == [0, 1, 2, 3]


def test_a_trace_of_one_page_is_fitted_by_depths_of_one():
    trace = paging.stack_distance(rng(), fitted_to=trace_of("a" * 100), n_requests=300)
    distances = stack.distances(trace)
    assert set(distances.tolist()) == {1, NEVER}


@pytest.mark.parametrize("k", [1, 2, 10, 37])
def test_lru_misses_every_request_of_its_bad_loop_and_the_optimum_one_in_k(k):
    n = k * 20 + 1
    trace = paging.lru_bad(rng(), capacity=k, n_requests=n)
    assert misses(LRU(), trace, k, mode="compiled") == n
    # k loads fill the cache, then one in k of the rest
    assert truth.optimum(trace, k) == k + math.ceil((n - k) / k)


@pytest.mark.parametrize("k", [2, 3, 10, 30])
def test_marker_misses_two_harmonic_numbers_less_one_times_as_often_as_the_optimum_on_its_bad_sequence(k):
    n_phases, n_seeds = 400, 20
    trace = paging.marker_bad(rng(), capacity=k, n_requests=n_phases * k)
    assert truth.n_pages_of(trace) == k + 2
    assert (truth.phases(trace, k) == np.arange(n_phases * k) // k).all()
    assert 0 <= truth.optimum(trace, k) - n_phases <= k
    ratio = 2 * sum(1 / i for i in range(1, k + 1)) - 1
    counts = [misses(Marker(), trace, k, mode="compiled", seed=seed) for seed in range(n_seeds)]
    # a phase costs at most k and 2 H_k - 1 on average, so its variance is at most k (2 H_k - 1); the first costs k
    tolerance = 4 * math.sqrt(k * ratio * n_phases / n_seeds) + k
    assert np.mean(counts) == pytest.approx(ratio * n_phases, abs=tolerance)


def test_an_interleaved_mixture_keeps_each_traces_order_and_its_pages_apart():
    trace = paging.mixture(rng(), of=(trace_of("abab"), trace_of("aacd")))
    ids, tenant = ids_of(trace), trace["tenant"]
    assert trace["tenant"].dtype == np.int32
    for j, whole in enumerate([[0, 1, 0, 1], [2, 2, 3, 4]]):
        part = ids[tenant == j].tolist()
        assert part == whole[: len(part)]
    assert 4 in (np.sum(tenant == 0), np.sum(tenant == 1))


def test_a_mixture_draws_by_weight_until_a_trace_has_no_more():
    parts = (paging.scan(rng(), n_requests=100_000), paging.scan(rng(), n_requests=10_000))
    trace = paging.mixture(rng(), of=parts, weights=(3.0, 1.0))
    assert np.sum(trace["tenant"] == 1) == 10_000
    n = len(trace)
    assert np.mean(trace["tenant"]) == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / n))


def test_a_mixture_one_after_the_other_is_whole_and_keeps_columns_that_all_have():
    first = trace_of("aba", size_bytes=np.array([5, 6, 5]), time_s=np.array([0.0, 1.0, 2.0]))
    second = trace_of("ca", size_bytes=np.array([7, 8], np.uint32))
    trace = paging.mixture(rng(), of=(first, second), interleaved=False)
    assert ids_of(trace).tolist() == [0, 1, 0, 2, 3]
    assert trace["size_bytes"].tolist() == [5, 6, 5, 7, 8]
    assert set(trace.columns) == {"page", "size_bytes", "tenant"}


def test_a_column_that_only_some_parts_have_is_refused():
    sized = trace_of("ab", "sized", size_bytes=np.array([5, 6]))
    with pytest.raises(InputError, match='only one of the traces sized and worked has a column "size_bytes"'):
        paging.mixture(rng(), of=(sized, trace_of("ab")))


def test_log_normal_sizes_have_the_mean_asked_for_and_belong_to_the_page():
    n = 20_000
    trace = paging.scan(rng(), n_requests=n, sizes="lognormal:mean=4096,sigma=0.5")
    deviation = 4096 * math.sqrt(math.exp(0.25) - 1)
    assert trace["size_bytes"].mean() == pytest.approx(4096, abs=4 * deviation / math.sqrt(n))
    again = paging.loop(rng(), n_pages=3, n_requests=6, sizes="[lognormal:mean=4096,sigma=0.5]")["size_bytes"]
    assert again[:3].tolist() == again[3:].tolist() and len(set(again.tolist())) == 3


def test_sizes_are_drawn_from_a_table(tmp_path):
    table = tmp_path / "sizes.txt"
    table.write_text("10\n20\n20\n40\n")
    sizes = paging.scan(rng(), n_requests=10_000, sizes=str(table))["size_bytes"]
    shares = [np.mean(sizes == size) for size in (10, 20, 40)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=4 * 0.5 / 100)


def test_times_are_a_poisson_process():
    gaps = np.diff(paging.scan(rng(), n_requests=10_001, rate=50.0)["time_s"], prepend=0.0)
    assert gaps.mean() == pytest.approx(1 / 50, abs=4 / 50 / 100)
    assert np.mean(gaps > 1 / 50) == pytest.approx(math.exp(-1), abs=4 * 0.5 / 100)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("zipf", {"n_pages": 0}, "zipf: n_pages must be between 1 and 2\\^31 - 1, got 0"),
        ("uniform", {"n_pages": 2**31}, "uniform: n_pages must be between 1 and 2\\^31 - 1, got 2147483648"),
        ("zipf", {"alpha": -1.0}, "zipf: alpha must be at least 0 and finite, got -1"),
        ("zipf", {"drift": 1.5}, "zipf: drift must be between 0 and 1, got 1.5"),
        ("zipf", {"drift_every": 0}, "zipf: drift_every must be between 1"),
        ("phases", {"n_pages": 150}, "phases: n_pages must be at least 200, for 100 pages in use and 100 that a shift"),
        ("phases", {"shift": -0.1}, "phases: shift must be between 0 and 1, got -0.1"),
        ("lru_bad", {"capacity": 0}, "lru_bad: capacity must be between 1"),
        ("marker_bad", {"capacity": 1}, "marker_bad: capacity must be at least 2 pages, got 1"),
        (
            "stack_distance",
            {"fitted_to": trace_of("ab").rows(0, 0), "n_requests": 5},
            "has no requests to be fitted to",
        ),
        ("mixture", {"of": ()}, "mixture: expected traces with requests, got 0 traces"),
        ("mixture", {"of": (trace_of("a"),), "weights": (1.0, 2.0)}, "mixture: expected 1 weights of at least 0"),
        ("mixture", {"of": (trace_of("a"),), "weights": (-1.0,)}, "one per trace and not all 0, got \\[-1.0\\]"),
        ("mixture", {"of": (trace_of("a"),), "weights": (1.0,), "interleaved": False}, "weights have no meaning"),
        ("scan", {"rate": 0.0}, "scan: rate must be above 0 requests per second and finite, got 0"),
        ("scan", {"sizes": "lognormal:mean=3"}, "not understood; expected lognormal:mean=4096,sigma=1.5"),
        ("scan", {"sizes": "lognormal:mean=x,sigma=1"}, "not understood; expected lognormal:mean=4096,sigma=1.5"),
        ("scan", {"sizes": "lognormal:mean=1e300,sigma=1"}, "gives a page of more than 2\\^53 bytes"),
        ("scan", {"sizes": "/nowhere.txt"}, 'sizes "/nowhere.txt" is neither lognormal.* nor a file: No such file'),
    ],
)
def test_parameters_outside_their_range_are_refused_in_a_line(name, parameters, message):
    with pytest.raises(InputError, match=message) as caught:
        catalog.workloads("paging")[name](rng(), **parameters)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "message"), [("10\nx\n", 'line 2: .* got "x"'), ("0\n", "line 1"), ("", "no sizes")])
def test_a_table_with_something_else_than_sizes_is_refused_with_its_line(tmp_path, text, message):
    table = tmp_path / "sizes.txt"
    table.write_text(text)
    with pytest.raises(InputError, match=message):
        paging.scan(rng(), sizes=str(table))


def test_workloads_are_read_from_a_line_of_text_and_nest():
    trace = Bench().trace(
        "workload:mixture,of=[zipf,alpha=0.8,n_pages=50,sizes=[lognormal:mean=9,sigma=1];"
        "workload:scan,n_requests=1000,sizes=[lognormal:mean=9,sigma=1]],weights=[3;1]",
        "paging",
        seed=1,
    )
    assert np.sum(trace["tenant"] == 1) == 1000 and "size_bytes" in trace
    fitted = Bench().trace("workload:stack_distance,fitted_to=[zipf,n_pages=50,n_requests=90]", "paging")
    assert len(fitted) == 90
    with pytest.raises(InputError, match="workload lru_bad needs the parameter capacity"):
        Bench().trace("workload:lru_bad", "paging")


def test_parts_of_a_mixture_draw_from_streams_of_their_own():
    trace = Bench().trace("workload:mixture,of=[uniform;uniform],interleaved=false", "paging")
    first, second = (ids_of(trace)[trace["tenant"] == j] for j in (0, 1))
    assert np.mean(first == second - first.max() - 1) < 0.01


def test_traces_do_not_depend_on_the_hash_seed():
    code = (
        "from sim.study.experiment import Bench; import hashlib;"
        "t = Bench().trace('workload:mixture,of=[zipf,drift=0.1,sizes=[lognormal:mean=9,sigma=1];"
        "phases,sizes=[lognormal:mean=9,sigma=1]],rate=5', 'paging', 7);"
        "print(hashlib.sha256(b''.join(t[c].tobytes() for c in sorted(t.columns))).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
