"""The bootstrap in two layers: by hand where there are few outcomes, against SciPy's, and its coverage."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from sim.study import bootstrap


def test_one_trace_keeps_its_place_and_its_seeds_are_resampled():
    draws = bootstrap.resampled_means(np.array([[[0.0], [1.0]]]), seed=1, draws=4000)[:, 0]
    share = {value: float(np.mean(draws == value)) for value in (0.0, 0.5, 1.0)}
    assert sum(share.values()) == 1
    assert share[0.5] == pytest.approx(1 / 2, abs=4 * np.sqrt(1 / 4 / 4000))
    assert share[1.0] == pytest.approx(1 / 4, abs=4 * np.sqrt(3 / 16 / 4000))


def test_traces_weigh_the_same_however_many_seeds_they_have():
    values = np.array([[6.0, 6.0, 6.0], [0.0, np.nan, np.nan]])[..., None]
    assert bootstrap.mean(values) == [3]
    draws = bootstrap.resampled_means(values, seed=1, draws=1000)
    assert set(np.round(draws[:, 0], 12)) == {0, 3, 6}


def test_what_lacks_a_part_is_left_out_whole():
    values = np.array([[[1.0, 2.0], [np.nan, 9.0]], [[np.nan, 5.0], [np.nan, 5.0]]])
    assert bootstrap.mean(values).tolist() == [1, 2]
    assert (bootstrap.resampled_means(values, seed=0, draws=50) == [1, 2]).all()


def test_quantities_of_a_draw_come_from_the_same_traces_and_arrays_of_a_shape_meet_the_same_draws():
    x = np.random.default_rng(0).normal(size=(7, 3, 1))
    both = bootstrap.resampled_means(np.concatenate([x, 2 * x + 1], axis=2), seed=5, draws=500)
    np.testing.assert_allclose(both[:, 1], 2 * both[:, 0] + 1)
    np.testing.assert_allclose(bootstrap.resampled_means(x, seed=5, draws=500)[:, 0], both[:, 0])
    assert not np.allclose(bootstrap.resampled_means(x, seed=6, draws=500)[:, 0], both[:, 0])


def test_memory_is_bounded_without_changing_what_is_drawn_in_a_block(monkeypatch):
    x = np.random.default_rng(0).normal(size=(5, 2, 1))
    monkeypatch.setattr(bootstrap, "BLOCK_CELLS", 1000)  # blocks of 100 draws
    assert bootstrap.resampled_means(x, seed=5, draws=250).shape == (250, 1)


def test_the_spread_is_that_of_scipy_s_bootstrap():
    """Both are Monte Carlo estimates of one number; its relative error at B draws is about 1 / sqrt(2 B)."""
    x = np.random.default_rng(3).exponential(size=12)
    ours = bootstrap.resampled_means(x[:, None, None], seed=1, draws=20_000).std()
    theirs = scipy_stats.bootstrap((x,), np.mean, n_resamples=20_000, rng=np.random.default_rng(1)).standard_error
    assert ours == pytest.approx(theirs, rel=4 * np.sqrt(2) / np.sqrt(2 * 20_000))


def test_the_spread_in_two_layers_is_that_of_its_formula():
    """The variance of a draw is (n - 1)/n of the sample variance of the traces' means over n, and each trace's own over n^2."""
    x = np.random.default_rng(2).normal(size=(8, 4)) + np.arange(8)[:, None]
    between = x.mean(axis=1).var() / 8
    within = (x.var(axis=1) / 4).mean() / 8
    found = bootstrap.resampled_means(x[..., None], seed=1, draws=40_000).var()
    assert found == pytest.approx(between + within, rel=4 * np.sqrt(2 / 40_000))


def test_one_value_has_no_interval_and_neither_have_equal_seeds_of_one_trace():
    assert bootstrap.interval(np.zeros(10), 0, 1) is bootstrap.expanded_interval(np.zeros(10), 1) is None
    assert bootstrap.size_of(np.full((1, 5, 2), 3.0)) == 1
    assert bootstrap.size_of(np.array([[[1.0], [2.0], [np.nan]]])) == 2
    assert bootstrap.size_of(np.zeros((4, 5, 1))) == 4


def test_an_interval_turns_with_its_draws():
    draws = np.random.default_rng(1).normal(size=1001)
    low, high = bootstrap.interval(draws, 0.1, 12)
    assert bootstrap.interval(-draws, -0.1, 12) == pytest.approx((-high, -low))
    low, high = bootstrap.expanded_interval(draws, 12)
    assert bootstrap.expanded_interval(-draws, 12) == (-high, -low)


def test_an_interval_of_many_normal_draws_is_student_s():
    """The draws' quantile is off by about sqrt(q (1 - q) / B) / density, 0.012 at B 50,000; stretched by less than 1.5."""
    draws = (
        np.random.default_rng(1).normal(size=50_000) * np.sqrt(5 / 6) / np.sqrt(6)
    )  # variance of the mean as resampled
    _, high = bootstrap.interval(draws, 0, 6)
    assert high == pytest.approx(scipy_stats.t.ppf(0.975, 5) / np.sqrt(6), abs=4 * 0.012 * 1.5 / np.sqrt(6))
    _, high = bootstrap.expanded_interval(draws, 6)
    assert high == pytest.approx(scipy_stats.t.ppf(0.975, 5) / np.sqrt(6), rel=0.05)


def test_an_expanded_interval_may_reach_infinity():
    assert bootstrap.expanded_interval(np.array([1.0, 2.0, np.inf, np.inf]), 30) == (1, np.inf)


@pytest.mark.parametrize(
    ("n", "sample", "least"),
    [
        (3, "normal", 0.94),
        (6, "normal", 0.94),
        (10, "normal", 0.95),
        (30, "normal", 0.95),
        (10, "lognormal", 0.84),  # Student's own covers as little: ten skewed values say too little of their tail
        (100, "lognormal", 0.92),
    ],
)
def test_intervals_cover_the_truth_as_often_as_is_documented(n, sample, least):
    """2,000 samples of n traces; the share is allowed to fall short of `least` by what chance explains (p 0.001)."""
    rng = np.random.default_rng(n)
    x = rng.normal(size=(n, 1, 2000)) if sample == "normal" else rng.lognormal(size=(n, 1, 2000)) - np.exp(0.5)
    assert covered(x) >= scipy_stats.binom.ppf(0.001, 2000, least)


def test_intervals_of_two_layers_cover_the_truth_too():
    """Traces differ by a standard deviation of 1, seeds within them by 2; both layers count."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(10, 1, 1000)) + 2 * rng.normal(size=(10, 4, 1000))
    assert covered(x) >= scipy_stats.binom.ppf(0.001, 1000, 0.95)


def covered(samples: np.ndarray) -> int:
    """Of samples with the true mean 0, shape (traces, seeds, samples): how many intervals hold it."""
    draws, means = bootstrap.resampled_means(samples, seed=1, draws=2000), bootstrap.mean(samples)
    intervals = [bootstrap.interval(draws[:, i], mean, len(samples)) for i, mean in enumerate(means)]
    return sum(low <= 0 <= high for low, high in intervals)
