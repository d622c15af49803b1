"""What a prediction was worth: curves that are known, worked by hand, and bounds that hold or do not."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from policies.paging.mark0 import Mark0
from sim.core.errors import InputError
from sim.study import catalog
from sim.study.sweep import Sweep
from sim.study.worth import break_even, check_bounds, rows, theil_sen, varied, worth
from tests.study.tables import MISSES, THROUGHPUT, on_traces, table


def curve(values, errors, *, metric="misses", **others):
    """Rows of mark0, one level per error: values[level][trace], as `table` takes them; and of others, by name."""
    levels = [
        table({f"mark0 with d:flip={e}": on_traces(*v)}, metric=metric, eta=e)
        for e, v in zip(errors, values, strict=True)
    ]
    rest = table({name: on_traces(*v) for name, v in others.items()}, metric=metric, clairvoyant=["belady"], eta=None)
    return pd.concat([rest, *levels], ignore_index=True)


def only(frame, metric=MISSES, **options):
    (found,) = worth(frame, metric, **options)
    return found


# By hand


def test_a_curve_that_rises_with_the_error_is_read_off():
    """Relative to the optimum 1, 1.5, 2 at errors 0, 10, 20; the counterpart stands at 1.75, which the curve meets at 15."""
    frame = curve([(10, 20), (15, 30), (20, 40)], (0, 10, 20), belady=(10, 20), marker=(17.5, 35), fifo=(90, 90))
    found = only(frame)
    assert [(level.predictions, level.error.value, level.value.value) for level in found.levels] == [
        ("d:flip=0", 0, 1),
        ("d:flip=10", 10, 1.5),
        ("d:flip=20", 20, 2),
    ]
    assert found.relative_to.name == "belady" and found.counterpart.name == "marker"
    assert found.counterpart_value.value == 1.75
    assert (found.consistency.value, found.robustness.value, found.worst_level) == (1, 2, 2)
    assert found.slope.value == pytest.approx(0.05) and found.break_even.value == pytest.approx(15)
    assert found.break_even.interval == pytest.approx((15, 15))
    assert (found.n, found.n_left_out, found.n_seeds) == (2, 0, 1)


def test_the_counterpart_is_the_best_policy_without_predictions_unless_named():
    frame = curve([(10, 20), (20, 40)], (0, 10), belady=(10, 20), fifo=(19, 38), lru=(15, 30))
    assert only(frame).counterpart.name == "lru" and only(frame).break_even.value == pytest.approx(5)
    assert only(frame, counterpart="fifo").break_even.value == pytest.approx(9)
    assert only(frame, counterpart={"mark0": "fifo"}).counterpart.name == "fifo"
    assert only(frame, counterpart={"other": "fifo"}).counterpart.name == "lru"
    with pytest.raises(InputError, match='no counterpart in this study named "belady"'):
        worth(frame, MISSES, counterpart="belady")


def test_of_several_that_see_the_future_the_best_is_what_others_are_relative_to():
    frame = curve([(10, 20), (20, 40)], (0, 10), belady=(10, 20), lru=(15, 30))
    worse = table({"marking": on_traces(11, 22)}, clairvoyant=["marking"], eta=None)
    found = only(pd.concat([worse, frame], ignore_index=True))
    assert found.relative_to.name == "belady" and found.consistency.value == 1
    frame = frame.assign(throughput=1 / frame["misses"]), worse.assign(throughput=1 / worse["misses"])
    assert only(pd.concat(frame[::-1], ignore_index=True), THROUGHPUT).relative_to.name == "belady"


def test_the_error_says_what_it_was_divided_by():
    frame = curve([(10, 20), (20, 40)], (0, 10), lru=(15, 30)).assign(requests=5)
    found = only(frame, per="requests")
    assert found.error_name == "measured error per request" and found.levels[1].error.value == 2


def test_predictions_that_tell_nothing_have_no_error_and_stand_beside_the_curve():
    silent = table({"mark0 with d:told=none": on_traces(99, 99)}, eta=None)
    found = only(pd.concat([curve([(10, 20), (30, 60)], (0, 10), lru=(20, 40)), silent], ignore_index=True))
    assert [level.predictions for level in found.levels] == ["d:flip=0", "d:flip=10"]


def test_without_a_reference_values_are_relative_to_the_counterpart():
    found = only(curve([(10, 20), (30, 60)], (0, 10), lru=(20, 40)))
    assert found.relative_to.name == "lru" and found.counterpart_value.value == 1
    assert (found.consistency.value, found.robustness.value, found.break_even.value) == (0.5, 1.5, 5)


def test_without_any_other_policy_values_are_in_the_metric_s_unit():
    found = only(curve([(10, 20), (30, 60)], (0, 10)))
    assert found.relative_to is found.counterpart is found.break_even is None
    assert (found.consistency.value, found.robustness.value) == (15, 45)


def test_a_reference_of_zero_divides_nothing():
    found = only(curve([(0, 2), (2, 2)], (0, 10), belady=(0, 1), lru=(1, 3)))
    assert found.relative_to.name == "lru" and found.consistency.value == pytest.approx((0 + 2 / 3) / 2)
    assert only(curve([(0, 2), (2, 2)], (0, 10), belady=(0, 1), lru=(0, 3))).relative_to is None


def test_a_policy_that_is_always_or_never_better_has_no_break_even_error():
    always = only(curve([(1, 1), (2, 2)], (0, 10), lru=(3, 3))).break_even
    never = only(curve([(4, 4), (5, 5)], (0, 10), lru=(3, 3))).break_even
    assert (always.value, always.interval) == (math.inf, (math.inf, math.inf))
    assert (never.value, never.interval) == (-math.inf, (-math.inf, -math.inf))


def test_where_higher_is_better_the_curve_is_read_upside_down():
    found = only(curve([(10, 10), (6, 6)], (0, 4), metric="throughput", fifo=(8, 8)), THROUGHPUT)
    assert (found.consistency.value, found.robustness.value) == (1.25, 0.75)
    assert found.break_even.value == pytest.approx(2) and found.slope.value == pytest.approx(-0.125)


def test_the_worst_error_need_not_be_the_largest():
    found = only(curve([(1, 1), (9, 9), (5, 5)], (0, 10, 20), lru=(4, 4)))
    assert found.worst_level == 1 and found.robustness.value == 9 / 4


def test_errors_are_divided_by_what_makes_traces_comparable():
    frame = curve([(10, 20), (20, 40)], (0, 10), lru=(15, 30)).assign(requests=100)
    assert only(frame, per="requests").break_even.value == pytest.approx(0.05)


def test_errors_of_both_kinds_add_up():
    frame = curve([(10, 20), (20, 40)], (0, 10), lru=(15, 30)).rename(columns={"eta": "eta0"})
    assert [level.error.value for level in only(frame.assign(eta1=frame["eta0"] * 2)).levels] == [0, 30]


def test_where_no_error_was_measured_the_one_noise_that_varies_is_it():
    frame = curve([(10, 20), (20, 40)], (0, 0.5), lru=(15, 30)).drop(columns="eta")
    found = only(frame)
    assert found.error_name == "flip of d" and found.break_even.value == pytest.approx(0.25)
    assert worth(frame.replace("d:flip=0", "e"), MISSES) == []
    assert varied(["d:flip=0,a=1", "d:flip=.5,a=1"]) == ("d", "flip")
    assert varied(["d:flip=0,a=1", "d:flip=.5,a=2"]) is varied(["d:of=x", "d:of=y"]) is varied(["d e", "d f"]) is None


def test_a_policy_with_one_error_alone_has_no_curve():
    assert worth(curve([(10, 20)], (0,), lru=(15, 30)), MISSES) == []
    assert worth(curve([(10, 20), (11, 21)], (3, 3.0), lru=(15, 30))[:-2], MISSES) == []


def test_traces_that_lack_a_level_are_left_out():
    found = only(curve([(10, 20), (20, None)], (0, 10), lru=(15, 30)))
    assert (found.n, found.n_left_out) == (1, 1)
    assert found.break_even.interval is None, "one trace and one seed"


def test_what_predictions_were_worth_is_a_flat_row_too():
    (row,) = rows([only(curve([(10, 20), (20, 40)], (0, 10), lru=(15, 30)))])
    assert (row["policy"], row["counterpart"], row["largest_error"]) == ("mark0", "lru", 10)
    assert row["break_even"] == pytest.approx(5) and row["slope_low"] == pytest.approx(row["slope"])
    (row,) = rows([only(curve([(10,), (20,)], (0, 10)))])
    assert row["counterpart"] is row["break_even"] is row["break_even_low"] is row["slope_high"] is None


# Its parts


def test_the_slope_is_scipy_s():
    rng = np.random.default_rng(1)
    x, y = np.sort(rng.random((20, 6)), axis=1), rng.random((20, 6))
    assert theil_sen(x, y) == pytest.approx([scipy_stats.theilslopes(b, a).slope for a, b in zip(x, y, strict=True)])
    assert np.isnan(theil_sen(np.ones((1, 3)), np.ones((1, 3)))).all()


def test_the_break_even_error_is_the_first_one():
    errors = np.array([[0.0, 1, 2, 3]])
    for gains, at in (
        ([4, 2, -2, -3], 1.5),
        ([4, -4, 4, -4], 0.5),
        ([4, 0, 1, 1], 1),
        ([0, 1, 1, 1], -math.inf),
        ([1, 1, 1, 1], math.inf),
    ):
        assert break_even(errors, np.array([gains], float)) == [at]


def test_intervals_of_the_break_even_error_cover_the_truth():
    """60 studies of ten traces: a curve 1 + error against 1.5, all with noise of 0.1; the truth is 0.5."""
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(60):
        noise = 1 + 0.1 * rng.normal(size=(4, 10))
        levels = [(1 + e) * noise[i] for i, e in enumerate((0, 0.4, 0.8))]
        found = only(curve(levels, (0, 0.4, 0.8), belady=[1] * 10, lru=1.5 * noise[3]), seed=seed, draws=500)
        low, high = found.break_even.interval
        covered += low <= 0.5 <= high
    assert covered >= scipy_stats.binom.ppf(0.001, 60, 0.94)


def test_a_seed_repeats_every_digit_and_rows_may_come_in_any_order():
    rng = np.random.default_rng(0)
    frame = curve(rng.random((3, 8)) + np.array([[1], [2], [3]]), (0, 1, 2), belady=[1] * 8, lru=rng.random(8) + 2)
    assert only(frame) == only(frame) == only(frame.sample(frac=1, random_state=1))
    assert only(frame, seed=1).slope.interval != only(frame).slope.interval


# Bounds


def bounded(values, bounds, holds=None):
    """Rows of one randomized policy on one trace, one per seed."""
    frame = table({"mark0 with d": {"a": list(values)}})
    return frame.assign(bound=bounds, bound_holds=holds)


def test_a_bound_on_every_run_is_violated_by_one():
    (held,) = check_bounds(bounded([10, 11], [12, 12], [True, True]), "misses")
    (broken,) = check_bounds(bounded([10, 13], [12, 12], [True, False]), "misses")
    assert (held.verdict, broken.verdict, broken.is_expected) == ("holds", "violated", False)


def test_a_bound_on_the_mean_is_held_against_the_mean_over_seeds():
    (held,) = check_bounds(bounded([9, 13, 11], [12, 12, 12]), "misses")
    assert held.is_expected and (held.value, held.bound, held.n_seeds, held.verdict) == (11, 12, 3, "holds")
    (near,) = check_bounds(bounded([9, 13, 17], [12, 12, 12]), "misses")
    assert near.verdict == "above by chance"
    (broken,) = check_bounds(bounded([19, 20, 21, 20], [12, 12, 12, 12]), "misses")
    assert broken.verdict == "violated" and broken.p_holm < 0.01
    (same,) = check_bounds(bounded([13, 13], [12, 12]), "misses")
    assert same.verdict == "violated"
    (one,) = check_bounds(bounded([13], [12]), "misses")
    assert (one.verdict, one.p_holm) == ("above by chance", None)


def test_a_bound_that_moves_with_the_predictions_is_compared_seed_by_seed():
    (found,) = check_bounds(bounded([10, 20, 30], [11, 21, 31]), "misses")
    assert (found.bound, found.verdict) == (21, "holds")


def test_violations_come_first_and_rows_without_a_theorem_not_at_all():
    lru = table({"lru": {"a": 1}}).assign(bound=None, bound_holds=None)
    fine = bounded([1, 2], [5, 5], [True, True])
    broken = bounded([7, 7], [5, 5], [False, False]).assign(trace="b")
    found = check_bounds(pd.concat([lru, fine, broken]), "misses")
    assert [(check.trace, check.verdict) for check in found] == [("b", "violated"), ("a", "holds")]
    assert check_bounds(lru, "misses") == check_bounds(table({"lru": {"a": 1}}), "misses") == []


def test_means_that_lie_at_their_bound_raise_no_more_alarms_than_stated():
    """40 studies of ten traces whose bound is exactly the mean: Holm over them keeps false alarms in 5 % of studies."""
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(40):
        values = rng.normal(100, 5, size=(10, 6))
        frame = pd.concat([bounded(row, [100] * 6).assign(trace=f"t{i}") for i, row in enumerate(values)])
        alarms += any(check.verdict == "violated" for check in check_bounds(frame, "misses"))
    assert alarms <= scipy_stats.binom.ppf(0.999, 40, 0.05)


# On real replays


def test_a_real_study_has_mark0_optimal_without_error_and_its_bound_kept():
    sweep = Sweep(
        "paging",
        ("workload:zipf,alpha=0.8,n_pages=80,n_requests=400",),
        ("mark0", "marker"),
        ("none", "discard:flip=0", "discard:flip=0.1", "discard:flip=0.4"),
        ({"capacity": ("20",)},),
        seeds=tuple(range(8)),
    )
    frame = sweep.run()
    metrics = {metric.name: metric for metric in catalog.system("paging").METRICS}
    found = only(frame, metrics["misses"], per="requests")
    assert Mark0.randomized and found.are_draws and found.n == 8
    assert found.levels[0].error.value == 0 and found.consistency.value == 1
    assert found.worst_level == 2 and found.slope.interval[0] > 0
    assert found.counterpart.name == "marker" and 0 < found.break_even.value < 0.4
    checks = check_bounds(frame, "misses")
    assert len(checks) == 5 and {check.verdict for check in checks} == {"holds"}
