import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from policies.paging.belady import Belady
from policies.paging.lhd import AGE, CLASS, LHD, N_CLASSES, classes, fit, rescale
from sim.core.errors import InputError
from sim.domains.paging import Setting
from tests.worked import golden, misses, run, trace_of
from workloads.paging import loop, mixture, zipf

BINS = 6
QUICK = {"period": 150, "bins": 64, "shift": 2}
"""Parameters with which it learns within the golden trace."""


class Kept(LHD):
    """Leaves itself behind after the run, to be looked at."""

    def begin(self, setting, rng):
        super().begin(setting, rng)
        Kept.last = self


class WithoutExplorers(Kept):
    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.budget = 0


def test_lhd_evicts_the_page_of_least_density():
    # At request 4 a is 2 old, and was hit at ages 1 and 1: class 2, as 2 * 2^2 >= 6. New b is 1 old, class 0: 3/3 against 1/2.
    policy = WithoutExplorers(bins=BINS, shift=0)
    assert run(policy, "a a a b c", 2).decisions.subject.tolist() == [1]
    assert Kept.last.density(0, 4) == pytest.approx(3 / 3)
    assert Kept.last.density(2, 4) == 1


def test_lhd_tells_classes_apart_by_the_last_two_ages_at_hits():
    run(Kept(bins=BINS, shift=0), "a b b b a", 2)
    assert Kept.last.pages[:2, AGE].tolist() == [4, 1]
    assert Kept.last.pages[:2, CLASS].tolist() == [1, 2]
    assert classes(20_000)[[0, 1, 2, 5_000, 10_000, 19_999, 20_000, 39_998]].tolist() == [
        15,
        15,
        14,
        2,
        1,
        1,
        0,
        0,
    ]


def test_lhd_divides_by_size_and_keeps_explorers():
    policy = Kept(bins=BINS, shift=0)
    run(policy, trace_of("ab", size_bytes=[4, 1]), 10, sized=True)
    last = Kept.last
    last.pages[:, 3] = 0
    assert [last.density(page, 1) for page in (0, 1)] == [1 / 2 / 4, 1]
    last.pages[0, 3] = 1
    assert last.density(0, 1) == 1 + 1 / 8


@given(arrays(np.float64, (2, N_CLASSES, BINS), elements=st.floats(0, 100)))
def test_lhd_fits_hits_per_time_that_is_left(drawn):
    hits, events = drawn[0], drawn[0] + drawn[1]
    densities = np.full((N_CLASSES, BINS), -1.0)
    fit(hits, events, densities)
    for k in range(N_CLASSES):
        for age in range(BINS - 1):
            held = sum(events[k, b:].sum() for b in range(age, BINS))
            expected = hits[k, age:].sum() / held if events[k, age:].sum() > 1e-5 else 0
            assert densities[k, age] == pytest.approx(expected, rel=1e-9)
    assert (densities[:, -1] == -1).all()


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (1, [5, 9, 6, 0, 0, 0, 7]),
        (2, [14, 6, 0, 0, 0, 0, 7]),
        (-1, [1, 1, 1.5, 1.5, 2, 2, 18]),
        (-3, [0.25] * 6 + [25.5]),
    ],
)
def test_lhd_moves_its_counts_into_wider_and_narrower_bins(shift, expected):
    counts = np.array([[2.0, 3, 4, 5, 6, 0, 7]])
    rescale(counts, 0, shift)
    assert counts[0].tolist() == expected


def test_lhd_makes_bins_so_wide_that_one_hundredth_of_them_spans_the_residents():
    policy = LHD()
    policy.begin(Setting(100_000, n_pages=100_000, n_requests=1, n_slots=100_000), np.random.default_rng(0))
    policy.residents.size = 100_000
    policy.hits[0, 7] = 3
    policy.choose_width()
    assert policy.width == 9 == math.ceil(math.log2(100_000 / 200))
    assert policy.hits[0, 14] == policy.hits[0, 15] == 1.5


@pytest.mark.parametrize(("parameter", "value"), [("period", 0), ("sample", 0), ("bins", 1), ("shift", -1)])
def test_lhd_refuses_parameters_out_of_range(parameter, value):
    with pytest.raises(InputError, match=f"lhd: {parameter} must be at least"):
        run(LHD(**{parameter: value}), "abc", 2)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 6), st.lists(st.integers(0, 12), min_size=1, max_size=120))
def test_lhd_never_misses_less_than_belady_and_counts_every_hit_and_eviction(capacity, ids):
    result = run(Kept(bins=16, shift=1), trace_of(ids), capacity)
    assert result.metrics["misses"] >= misses(Belady(), ids, capacity)
    assert Kept.last.hits.sum() == len(ids) - result.metrics["misses"]
    assert Kept.last.events.sum() == Kept.last.hits.sum() + result.metrics["evictions"]
    explorers = Kept.last.pages[[Kept.last.residents.item(k) for k in range(Kept.last.residents.size)], 3].sum()
    assert Kept.last.budget == 1 - explorers


@pytest.mark.parametrize("setting", [{"capacity": 20}, {"capacity": 400, "sized": True}])
def test_lhd_evicts_the_same_pages_interpreted_and_compiled(setting):
    trace = golden()
    trace = trace.with_column("size_bytes", 1 + trace["page"].astype(np.int64) % 37)
    compiled, interpreted = (run(LHD(**QUICK), trace, mode=mode, **setting) for mode in ("compiled", "interpreted"))
    assert compiled.engine == "compiled"
    assert compiled.notices == interpreted.notices == ("lhd fitted its densities 6 times",)
    assert np.array_equal(compiled.decisions.subject, interpreted.decisions.subject)
    assert compiled.metrics == interpreted.metrics


def test_lhd_takes_a_deleted_page_for_gone():
    trace = trace_of("a a b a c b", op=[1, 1, 1, 9, 1, 1])
    assert run(LHD(), trace, 2).decisions.subject.tolist() == []


def test_lhd_says_when_it_has_learned_nothing():
    (notice,) = run(LHD(), golden(), 20).notices
    assert notice == "lhd learned nothing: it fits every 1048576 requests, and the trace has 1000"


def test_lhd_learns_which_pages_come_back():
    rng = np.random.default_rng(1)
    parts = zipf(rng, alpha=0.8, n_pages=2_000, n_requests=60_000), loop(rng, n_pages=1_500, n_requests=60_000)
    trace = mixture(rng, of=parts)
    learned = misses(LHD(period=5_000, bins=500, shift=4), trace, 500, mode="compiled")
    unlearned = misses(LHD(period=10**6, bins=500, shift=4), trace, 500, mode="compiled")
    assert learned < unlearned


class SecondApplication(LHD):
    """Begins as libCacheSim does: at class 17 of 256."""

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.densities += N_CLASSES / np.arange(1.0, self.bins + 1)


@pytest.mark.parametrize("capacity", [100, 400])
def test_lhd_is_near_libcachesim_before_it_learns(capacity):
    libcachesim = pytest.importorskip("libcachesim")
    trace = zipf(np.random.default_rng(1), alpha=0.9, n_pages=2_000, n_requests=20_000)
    theirs = libcachesim.LHD(cache_size=capacity)
    expected = sum(not theirs.get(request_for(libcachesim, page)) for page in trace["page"].tolist())
    assert misses(SecondApplication(), trace, capacity) == pytest.approx(expected, rel=0.02)
    assert misses(LHD(), trace, capacity) < expected


def request_for(libcachesim, page):
    request = libcachesim.Request()
    request.obj_id, request.obj_size = page + 1, 1
    return request
