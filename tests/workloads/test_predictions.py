"""Predictors against the values computed by hand, closed forms, and slow, obvious versions."""

import gzip
import inspect
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.core.errors import InputError
from sim.core.trace import NEVER, Trace
from sim.domains import paging
from sim.domains.paging import Setting, truth
from sim.domains.paging.follower import Follower
from sim.domains.paging.system import CHANNELS
from sim.study import catalog
from sim.study.experiment import Bench, first_rows
from tests.worked import golden, run, trace_of
from workloads import predictions

TABLE = [  # requests, k, discard bits, phase bits
    ("abcab", 2, "01100", "01111"),
    ("abcaba", 2, "011000", "011011"),
    ("abcabdab", 2, "01101100", "01110111"),
    ("abcdabeabcde", 3, "001100011000", "001100011111"),
    ("abcabdacbd", 3, "0000101000", "0100101111"),
]


class UsesBits(paging.Policy):
    """Evicts a fixed page; what counts is that it reads the channel."""

    channels = ("discard_bit",)

    def evict(self, request):
        return 0


def predict(predictor, trace: Trace, capacity: int = 10, seed: int = 0, **parameters) -> Trace:
    return predictor(trace, Setting(capacity).on(trace), np.random.default_rng(seed), **parameters)


def following(predictor, trace: Trace, capacity: int, **parameters) -> int:
    """Faults of the cache that evicts the largest prediction, ties by the lowest slot."""
    prediction = predict(predictor, trace, capacity, **parameters)["predicted_next_use"]
    evictions = np.count_nonzero(truth.cache_states(trace, prediction, capacity) >= 0)
    return evictions + min(capacity, truth.n_pages_of(trace))


def uniform_trace(n: int, n_pages: int = 40) -> Trace:
    return trace_of(np.random.default_rng(1).integers(0, n_pages, n).tolist())


def digits(values) -> str:
    return "".join(str(int(value)) for value in values)


@pytest.mark.parametrize(("pages", "k", "discard", "phase"), TABLE)
def test_perfect_bits_of_small_traces_are_as_by_hand(pages, k, discard, phase):
    assert digits(predict(predictions.discard, trace_of(pages), k)["discard_bit"]) == discard
    assert digits(predict(predictions.phase, trace_of(pages), k)["phase_bit"]) == phase


@pytest.mark.parametrize("k", [1, 10, 20, 40, 200])
def test_ones_of_perfect_bits_are_the_faults_of_the_optimum_less_the_pages_left_at_the_end(k):
    ones = predict(predictions.discard, golden(), k)["discard_bit"].sum()
    assert ones == truth.optimum(golden(), k) - min(k, 113)


def test_bits_made_for_one_capacity_are_refused_at_another():
    trace = predict(predictions.discard, golden(), 10)
    with pytest.raises(InputError, match="made for capacity 10, and this run has 20"):
        run(UsesBits(), trace, 20)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_bits_flip_with_the_probability_given(share):
    trace = uniform_trace(20_000)
    bits = truth.discard_bits(trace, 10)
    noisy = predict(predictions.discard, trace, flip=share)["discard_bit"]
    deviation = math.sqrt(share * (1 - share) / 20_000)
    assert np.mean(noisy != bits) == pytest.approx(share, abs=4 * deviation)


def test_one_sided_flips_leave_the_other_side_alone():
    trace = uniform_trace(20_000)
    bits = truth.phase_bits(trace, 10)
    raised = predict(predictions.phase, trace, flip01=0.2)["phase_bit"]
    lowered = predict(predictions.phase, trace, flip10=0.2)["phase_bit"]
    assert raised[bits].all() and not lowered[~bits].any()
    for noisy, side in ((raised, ~bits), (lowered, bits)):
        flipped = np.mean(noisy[side] != bits[side])
        assert flipped == pytest.approx(0.2, abs=4 * math.sqrt(0.16 / side.sum()))


def test_a_flipped_bit_stays_flipped_when_the_probability_rises():
    trace = uniform_trace(1_000)
    bits = truth.discard_bits(trace, 10)
    few, many = (predict(predictions.discard, trace, flip=p)["discard_bit"] != bits for p in (0.1, 0.4))
    assert few.sum() < many.sum() and many[few].all()


def test_an_adversary_spends_its_flips_on_the_dear_errors_first():
    bits = truth.discard_bits(golden(), 10)  # 399 of 1,000 are 1
    noisy = predict(predictions.discard, golden(), adversarial=0.3)["discard_bit"]
    assert (bits.sum() - noisy.sum(), np.sum(noisy & ~bits)) == (300, 0)
    noisy = predict(predictions.discard, golden(), adversarial=0.5)["discard_bit"]
    assert (np.sum(bits & ~noisy), np.sum(noisy & ~bits)) == (399, 101)


@pytest.mark.parametrize("predictor", [predictions.discard, predictions.phase, predictions.states])
def test_what_the_optimum_of_equal_pages_says_is_refused_for_sizes(predictor):
    trace = trace_of("ab", size_bytes=np.array([3, 4]))
    with pytest.raises(InputError, match="pages of equal size"):
        predictor(trace, Setting(10, sized=True).on(trace), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("predictor", "parameters", "message"),
    [
        ("discard", {"flip": 1.5}, "discard: flip must be between 0 and 1, got 1.5"),
        ("phase", {"flip10": -0.1}, "phase: flip10 must be between 0 and 1, got -0.1"),
        ("discard", {"adversarial": math.nan}, "discard: adversarial must be between 0 and 1, got nan"),
        ("next", {"lognormal": -1.0}, "next: lognormal must be .* at least 0 and finite, got -1"),
        ("next", {"normal": math.inf}, "next: normal must be .* at least 0 and finite, got inf"),
        ("next", {"normal": 1e308}, r"next: normal must be at most 1e300, got 1e\+308"),
        ("frequency", {"horizon": 0}, "frequency: horizon must be at least 1 request, got 0"),
        ("frequency", {"rate": 0.0}, "frequency: rate must be above 0 and finite, got 0"),
        ("states", {"of": predictions.discard}, "states: `of` must predict next requests"),
    ],
)
def test_parameters_outside_their_range_are_refused_in_a_line(predictor, parameters, message):
    with pytest.raises(InputError, match=message):
        predict(catalog.predictor(predictor), golden(), **parameters)


def test_the_true_next_requests_are_predicted_with_one_value_for_never():
    assert predict(predictions.next, trace_of("abab"))["predicted_next_use"].tolist() == [2, 3, NEVER, NEVER]


@pytest.mark.parametrize("parameters", [{}, {"lognormal": 0.0}, {"normal": 0.0}])
def test_following_the_truth_is_optimal(parameters):
    for k in (10, 20, 40):
        assert following(predictions.next, golden(), k, **parameters) == truth.optimum(golden(), k)


def test_log_normal_noise_delays_by_its_own_law_and_makes_never_ten_thousand_traces():
    trace = uniform_trace(20_000)
    y = truth.next_use(trace)
    noisy = predict(predictions.next, trace, lognormal=2.0)["predicted_next_use"]
    returns = y != NEVER
    exponent = np.log((noisy - y)[returns])
    n = returns.sum()
    assert exponent.mean() == pytest.approx(0, abs=4 * 2 / math.sqrt(n))
    assert exponent.std() == pytest.approx(2, abs=4 * 2 / math.sqrt(2 * n))
    assert (noisy[~returns] > 10_000 * 20_000 - 1).all() and (noisy[~returns] < 2 * 10_000 * 20_000).all()


@pytest.mark.parametrize("sigma", [200.0, 1e5])
def test_huge_noise_stays_finite_and_without_ties(sigma):
    noisy = predict(predictions.next, uniform_trace(100_000), lognormal=sigma)["predicted_next_use"]
    huge = noisy[noisy > math.exp(690)]
    assert np.isfinite(noisy).all()
    assert len(huge) > 10 and len(np.unique(huge)) == len(huge)


def test_normal_noise_leaves_never_alone():
    trace = uniform_trace(20_000)
    y = truth.next_use(trace)
    noisy = predict(predictions.next, trace, normal=50.0)["predicted_next_use"]
    error = (noisy - y)[y != NEVER]
    assert (noisy[y == NEVER] == NEVER).all()
    assert error.mean() == pytest.approx(0, abs=4 * 50 / math.sqrt(len(error)))
    assert error.std() == pytest.approx(50, abs=4 * 50 / math.sqrt(2 * len(error)))


def test_the_adversary_predicts_last_what_returns_soonest():
    # a returns at row 3, the last; b at row 2; then neither does
    reversed_rows = predict(predictions.next, trace_of("abba"), adversarial=True)["predicted_next_use"]
    assert reversed_rows.tolist() == [0, 1, -NEVER, -NEVER]


def test_popu_of_a_small_trace_is_as_by_hand():
    prediction = predict(predictions.popu, trace_of("abcaba"))["predicted_next_use"]
    assert (prediction + 1).tolist() == [2, 4, 6, 6, 7.5, 8]


@pytest.mark.parametrize(("tie", "faults"), [("low_slot", 5), ("lru", 4)])
def test_popu_ties_exactly_and_the_tie_rule_decides(tie, faults):
    trace = trace_of("abcaba")
    prediction = predict(predictions.popu, trace)["predicted_next_use"]
    follower, n_loads = Follower(2, 3, tie), 0
    for i, page in enumerate(trace["page"].tolist()):
        if follower.holds(page):
            follower.update(page, prediction[i], i)
            continue
        if follower.size == 2:
            follower.evict()
        follower.load(page, prediction[i], i)
        n_loads += 1
    assert n_loads == faults


@pytest.mark.parametrize(
    ("predictor", "faults"),
    [
        (predictions.pleco, [659, 506, 271]),
        (predictions.popu, [548, 412, 234]),
        (predictions.recency, [605, 455, 260]),  # that of LRU
    ],
)
def test_faults_of_following_a_predictor_on_the_golden_trace(predictor, faults):
    assert [following(predictor, golden(), k) for k in (10, 20, 40)] == faults


def test_what_is_learned_online_beats_recency_on_the_golden_trace():
    assert all(following(predictions.frequency, golden(), k) < lru for k, lru in ((10, 605), (20, 455), (40, 260)))


def pleco_plainly(pages) -> list[float]:
    """By the formula, requests counted from 1."""
    w = [(j + 10) ** -1.8 * math.exp(-j / 670) for j in range(len(pages) + 1)]
    h = []
    for t, page in enumerate(pages, 1):
        mass = sum(w[t - tau + 1] for tau in range(1, t + 1) if pages[tau - 1] == page)
        h.append(t - 1 + sum(w[1 : t + 1]) / mass)
    return h


def test_pleco_is_its_formula():
    trace = golden()
    fast = predict(predictions.pleco, trace)["predicted_next_use"]
    np.testing.assert_allclose(fast + 1, pleco_plainly(trace["page"].tolist()), rtol=1e-13)


def test_pleco_forgets_only_what_rounding_would_lose(monkeypatch):
    trace = trace_of([0, 1] * 12_000)
    near = predict(predictions.pleco, trace)["predicted_next_use"]
    monkeypatch.setattr(predictions, "PLECO_REACH", 10**6)
    np.testing.assert_allclose(near, predict(predictions.pleco, trace)["predicted_next_use"], rtol=1e-14)


def test_predicted_states_are_the_cache_that_follows_the_predictor():
    trace = golden()
    popu = predict(predictions.popu, trace)["predicted_next_use"]
    leaves = predict(predictions.states, trace, 10, of=predictions.popu)["leaves"]
    assert leaves.tolist() == truth.cache_states(trace, popu, 10).tolist()


def test_perfect_states_are_those_of_the_optimum():
    leaves = predict(predictions.states, golden(), 20)["leaves"]
    assert np.count_nonzero(leaves >= 0) == 271 - 20
    assert leaves.tolist() == truth.furthest(golden(), 20).leaves.tolist()


def test_states_take_another_predictor_with_its_noise_from_a_line_of_text():
    trace, setting, bench = golden(), Setting(10).on(golden()), Bench()
    perfect, noisy = (
        bench.predicted(trace, setting, (f"states:of={of}",), seed=3)["leaves"] for of in ("next", "[next:lognormal=5]")
    )
    assert np.count_nonzero(perfect >= 0) == 409 - 10
    assert np.count_nonzero(noisy >= 0) > 409 - 10
    with pytest.raises(InputError, match='no predictor named "popo"; did you mean "popu"'):
        bench.predicted(trace, setting, ("states:of=popo",), seed=3)


def test_every_predictor_says_what_it_serves_and_whether_it_looks_ahead():
    found = catalog.predictors()
    assert set(found) == {"discard", "phase", "next", "pleco", "popu", "frequency", "recency", "states"}
    for predictor in found.values():
        assert set(predictor.channels) <= set(CHANNELS) and predictor.channels
        assert isinstance(predictor.clairvoyant, bool)
        assert (inspect.getdoc(predictor) or "").partition("\n")[0].endswith(".")


CAUSAL = [name for name, predictor in catalog.predictors().items() if not predictor.clairvoyant]


@pytest.mark.parametrize("name", CAUSAL)
@given(st.lists(st.integers(0, 6), min_size=2, max_size=60), st.data())
def test_predictions_for_a_prefix_do_not_change_when_the_rest_is_cut_off(name, pages, data):
    trace = trace_of(pages)
    n = data.draw(st.integers(1, len(pages) - 1))
    whole = predict(catalog.predictor(name), trace, 3)["predicted_next_use"]
    assert (
        predict(catalog.predictor(name), first_rows(trace, n), 3)["predicted_next_use"].tolist() == whole[:n].tolist()
    )


def test_learning_is_causal_beyond_its_horizon():
    trace = golden()
    whole = predict(predictions.frequency, trace, horizon=50)["predicted_next_use"]
    half = predict(predictions.frequency, first_rows(trace, 500), horizon=50)["predicted_next_use"]
    assert half.tolist() == whole[:500].tolist()


def test_states_of_a_causal_predictor_are_causal():
    trace = golden()
    whole = predict(predictions.states, trace, of=predictions.pleco)["leaves"]
    half = predict(predictions.states, first_rows(trace, 500), of=predictions.pleco)["leaves"]
    assert half.tolist() == whole[:500].tolist()


@pytest.mark.parametrize("name", sorted(catalog.predictors()))
def test_a_predictor_adds_a_column_to_a_new_trace(name):
    trace = golden()
    before = set(trace.columns)
    predicted = predict(catalog.predictor(name), trace)
    added = set(predicted.columns) - before
    assert set(trace.columns) == before
    assert added <= {column for column, _ in CHANNELS.values()} and len(added) == 1
    assert predicted.about[added.pop()]["predictor"] == name


def read(path) -> Trace:
    with gzip.open(path, "rt") as file:
        return trace_of(file.read().split()[1:], name=path.name.partition(".")[0])


def test_totals_of_the_optimum_on_real_traces(shared_data):
    for folder, k, n_traces, total in (("brightkite", 10, 100, 33_990), ("citi", 100, 12, 105_192)):
        traces = [read(path) for path in sorted((shared_data / "paging" / folder).glob("*.csv.gz"))]
        assert len(traces) == n_traces
        assert sum(truth.optimum(trace, k) for trace in traces) == total


def test_faults_of_following_predictors_on_a_real_trace(shared_data):
    trace = read(shared_data / "paging" / "brightkite" / "bk0.csv.gz")
    assert (len(trace), truth.n_pages_of(trace), truth.optimum(trace, 10)) == (2_100, 623, 834)
    faults = {name: following(catalog.predictor(name), trace, 10) for name in ("pleco", "popu", "recency", "next")}
    assert faults == {"pleco": 1493, "popu": 1300, "recency": 1114, "next": 834}
