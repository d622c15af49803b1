import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.paging.belady import Belady
from policies.paging.lrb import COUNTERS, GAPS, HALVED_AFTER, LRB, N_WITHIN, SIZE, decayed, features
from policies.paging.lru import LRU
from sim.core.engine import replay
from sim.core.errors import CannotCompile, InputError, MissingDependency
from sim.domains.paging import Setting, System
from tests.worked import evictions, misses, run, trace_of
from workloads.paging import loop, mixture, scan, zipf


class Kept(LRB):
    """Leaves itself and the labels it gave behind after the run."""

    def begin(self, setting, rng):
        super().begin(setting, rng)
        Kept.last = self
        self.given = []

    def label(self, page, sampled, label):
        self.given.append((page, sampled, float(label)))
        super().label(page, sampled, label)


class Youngest:
    """A model that takes the page requested last for the one needed last."""

    def predict(self, table, num_threads):
        return 1 / (1 + table[:, 0].astype(np.float64))


class WithModel(LRB):
    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.model = Youngest()


@pytest.fixture(scope="module")
def mixed():
    """Popular pages, a loop longer than the cache, and pages that never come back."""
    rng = np.random.default_rng(1)
    n = 12_000
    parts = (
        zipf(rng, alpha=0.8, n_pages=1_000, n_requests=n),
        loop(rng, n_pages=500, n_requests=n),
        scan(rng, n_requests=n),
    )
    return mixture(rng, of=parts, weights=(0.5, 0.3, 0.2))


def test_lrb_evicts_the_page_that_its_model_expects_last():
    assert evictions(WithModel(), "a b c", capacity=2) == ["b"]


def test_lrb_evicts_a_page_out_of_the_window_before_it_asks_its_model():
    assert evictions(WithModel(window=2), "a b c", capacity=2) == ["a"]


def test_lrb_multiplies_predictions_by_sizes_for_the_object_miss_ratio():
    trace = trace_of("abc", size_bytes=[4, 1, 5])
    assert run(WithModel(), trace, 6, sized=True).decisions.subject.tolist()[0] == 0  # 4/3 against 1/2
    assert run(WithModel(objective="byte"), trace, 6, sized=True).decisions.subject.tolist()[0] == 1


def test_lrb_remembers_gaps_the_last_one_first():
    run(Kept(window=6), trace_of("a b a a b b b a", size_bytes=[3, 2, 3, 3, 2, 2, 2, 3]), 9, sized=True)
    a = Kept.last.known[0]
    assert a[SIZE] == 3
    assert a[GAPS][:3].tolist() == [4, 1, 2]
    assert np.isnan(a[GAPS][3:]).all()
    assert a[N_WITHIN] == 2  # 4 and 4 + 1
    assert a[COUNTERS].tolist() == [4] * 10


def test_lrb_begins_anew_with_a_page_that_left_the_window():
    run(Kept(window=3), "a a b c d a", 5)
    assert np.isnan(Kept.last.known[0][GAPS]).all()
    assert Kept.last.known[0][COUNTERS].tolist() == [1] * 10


def test_lrb_halves_counter_i_every_2_to_the_10_plus_i_requests():
    assert decayed(np.ones(10, np.float32), 1023).tolist() == [1] * 10
    assert decayed(np.ones(10, np.float32), 4096).tolist() == [1 / 16, 1 / 4, 1 / 2, *[1] * 7]
    known = np.ones((2, COUNTERS.stop), np.float32)
    table = features(known, np.array([5, 2048]))
    assert table[:, 0].tolist() == [5, 2048]
    assert table[:, -len(HALVED_AFTER) :].tolist() == [[1] * 10, [1 / 4, 1 / 2, *[1] * 8]]


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(2, 20), st.lists(st.integers(0, 12), min_size=1, max_size=100))
def test_lrb_labels_samples_with_the_time_to_the_next_request(capacity, window, ids):
    result = run(Kept(window=window), trace_of(ids), capacity)
    assert result.decisions.subject.tolist() == run(LRU(), trace_of(ids), capacity).decisions.subject.tolist()
    page = trace_of(ids)["page"].tolist()
    for sampled_page, sampled, label in Kept.last.given:
        last = max(t for t in range(sampled + 1) if page[t] == sampled_page)
        following = next((t for t in range(sampled + 1, len(page)) if page[t] == sampled_page), math.inf)
        expected = following - sampled if following - last < window else 2 * window
        assert label == pytest.approx(math.log(1 + expected))
    n_waiting = sum(map(len, Kept.last.samples.values()))
    n_sampled = len(ids) - result.decisions.row[0] if len(result.decisions.row) else 0
    assert len(Kept.last.given) + n_waiting == n_sampled


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 5), st.lists(st.integers(0, 12), min_size=40, max_size=120))
def test_lrb_trained_on_anything_never_misses_less_than_belady(capacity, ids):
    assert misses(LRB(window=30, batch=10, trees=2), ids, capacity) >= misses(Belady(), ids, capacity)


def test_lrb_trained_while_replaying_misses_less_than_lru(mixed):
    trained = replay(mixed, System(Setting(250)), LRB(window=10_000, batch=4_096))
    reason, trainings = trained.notices
    assert trained.engine == "interpreted"
    assert reason.startswith("LRB runs interpreted: policy.model begins as None and changes")
    assert "lrb.py, line" in reason
    assert trainings.startswith("lrb was trained 4 times") or trainings.startswith("lrb was trained 5 times")
    lru = misses(LRU(), mixed, 250)
    assert trained.metrics["misses"] < 0.93 * lru
    assert trained.metrics["misses"] >= misses(Belady(), mixed, 250)


def test_lrb_gives_the_same_result_twice(mixed):
    short = type(mixed)("short", mixed.domain, {"page": mixed["page"][:6_000]}, mixed.tables)
    first, second = (run(LRB(window=3_000, batch=1_000), short, 250, seed=3) for _ in range(2))
    assert first.notices[-1].startswith("lrb was trained")
    assert np.array_equal(first.decisions.subject, second.decisions.subject)


def test_lrb_is_lru_in_a_short_trace_and_says_so(mixed):
    short = type(mixed)("short", mixed.domain, {"page": mixed["page"][:3_000]}, mixed.tables)
    result = run(LRB(), short, 250)
    assert np.array_equal(result.decisions.subject, run(LRU(), short, 250).decisions.subject)
    assert result.notices[0].startswith("lrb was never trained and evicted as LRU: it has ")


def test_lrb_takes_a_deleted_page_for_gone():
    trace = trace_of("a a b a c b", op=[1, 1, 1, 9, 1, 1])
    assert run(LRB(), trace, 2).decisions.subject.tolist() == []


def test_lrb_cannot_be_compiled():
    with pytest.raises(CannotCompile, match=r"policy\.model .* \(lrb\.py, line \d+\)"):
        run(LRB(), "abc", 2, mode="compiled")


def test_lrb_without_its_library_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(MissingDependency, match=r'pip install "augsim\[lrb\]"'):
        run(LRB(), "abc", 2)


@pytest.mark.parametrize(
    ("parameter", "value"), [("window", 1), ("batch", 1), ("sample", 0), ("trees", 0), ("objective", "pages")]
)
def test_lrb_refuses_parameters_out_of_range(parameter, value):
    with pytest.raises(InputError, match=f"lrb: {parameter} must be"):
        run(LRB(**{parameter: value}), "abc", 2)
