"""Comparisons by hand, against SciPy and published examples, and their false alarms when a policy meets itself."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from policies.paging.random import Random
from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.study import stats
from sim.study.experiment import Bench
from sim.study.paired import Block, Contender
from tests.study.tables import MISSES, THROUGHPUT, on_traces, table
from tests.worked import run


def comparisons(frame, metric=MISSES, **options):
    """Of one metric in one group of settings, by the policy's name."""
    (study,) = stats.compare(frame, [metric], **options)
    return {comparison.policy.name: comparison for comparison in study.comparisons}


def only(frame, metric=MISSES, **options):
    (comparison,) = comparisons(frame, metric, **options).values()
    return comparison


# By hand


def test_a_tenth_fewer_misses_on_each_of_six_traces_is_better():
    found = only(table({"lru": on_traces(10, 20, 30, 40, 50, 60), "mark0": on_traces(9, 18, 27, 36, 45, 54)}))
    assert found.is_ratio and found.change == pytest.approx(-0.1) and found.interval == pytest.approx((-0.1, -0.1))
    assert (found.value, found.baseline_value) == (31.5, 35)
    assert (found.n, found.wins, found.ties, found.losses) == (6, 6, 0, 0)
    assert found.p == found.p_holm == found.p_least == 2 / 2**6
    assert (found.rank_biserial, found.standardised, found.p_better) == (1, None, 1)
    assert found.verdict == "better"


def test_ratios_are_averaged_as_ratios():
    """Half as many on one trace and twice as many on the other is no change."""
    found = only(table({"lru": on_traces(100, 8), "mark0": on_traces(50, 16)}))
    assert found.change == 0 and found.interval[0] < 0 < found.interval[1]
    assert (found.wins, found.ties, found.losses, found.p, found.rank_biserial) == (1, 0, 1, 1, 0)


def test_seeds_are_averaged_within_their_trace():
    found = only(table({"lru": {"a": 4, "b": 4}, "marker": {"a": [2, 8], "b": [4, 8]}}))  # ratios 1/2, 2; 1, 2
    assert found.change == pytest.approx(2 ** (1 / 4) - 1)
    assert (found.n, found.n_seeds, found.wins, found.ties, found.losses) == (2, 2, 0, 1, 1)


def test_differences_are_taken_where_a_value_is_zero_or_less():
    found = only(table({"lru": on_traces(0, 5, 7), "mark0": on_traces(1, 5, 4)}))
    assert not found.is_ratio and found.change == pytest.approx(-2 / 3)
    assert (found.wins, found.ties, found.losses) == (1, 1, 1)
    assert found.rank_biserial == pytest.approx((2 - 1) / 3)  # gains 3 and -1: ranks 2 and 1


def test_where_higher_is_better_more_is_better():
    frame = table({"fifo": on_traces(*range(10, 17)), "sjf": on_traces(*range(11, 18))}, metric="throughput")
    found = only(frame, THROUGHPUT)
    assert found.change > 0 and (found.wins, found.rank_biserial, found.verdict) == (7, 1, "better")
    assert only(frame, THROUGHPUT, baseline="sjf").verdict == "worse"


def test_the_standardised_effect_is_the_mean_of_the_gains_over_their_deviation():
    found = only(table({"lru": on_traces(0, 0, 0), "mark0": on_traces(-1, -2, -3)}))
    assert found.standardised == pytest.approx(2 / 1)


def test_equal_policies_tie_everywhere_and_nobody_wins():
    found = only(table({"lru": on_traces(*range(1, 11)), "clock": on_traces(*range(1, 11))}))
    assert (found.change, found.interval, found.ties, found.p, found.rank_biserial) == (0, (0, 0), 10, 1, 0)
    assert (found.p_better, found.standardised, found.verdict) == (0.5, None, "open")


def test_one_trace_has_an_interval_over_its_seeds_and_no_winner():
    seeds = [9.0, 9.1, 9.2, 9.3, 9.4, 9.5, 9.6, 9.7, 9.8, 9.9]
    found = only(table({"lru": {"a": 10}, "marker": {"a": seeds}}))
    assert found.interval[1] < 0 and (found.n, found.n_seeds, found.verdict) == (1, 10, "too few traces")
    alone = only(table({"lru": {"a": 10}, "fifo": {"a": 9}}))
    assert (alone.interval, alone.p_better, alone.verdict) == (None, None, "too few traces")


def test_traces_that_one_of_the_two_lacks_are_left_out_and_counted():
    frame = table(
        {"lru": on_traces(10, 10, 10, None), "mark0": on_traces(9, None, np.nan, 9), "fifo": on_traces(*[11] * 4)}
    )
    found = comparisons(frame)
    assert (found["mark0"].n, found["mark0"].n_left_out, found["mark0"].n_failed) == (1, 3, 2)
    assert (found["fifo"].n, found["fifo"].n_left_out, found["fifo"].n_failed) == (3, 1, 1)


def test_policies_without_a_trace_in_common_are_not_compared():
    found = only(table({"lru": {"a": 1}, "mark0": {"b": 1}}))
    assert found.n == 0 and np.isnan(found.change) and found.p is None and found.verdict == "too few traces"


def test_the_baseline_is_the_first_policy_without_predictions_unless_named():
    frame = table(
        {"belady": {"a": 5}, "mark0 with d:f=0": {"a": 6}, "lru": {"a": 9}, "fifo": {"a": 10}}, clairvoyant=["belady"]
    )
    assert set(comparisons(frame)) == {"belady", "mark0 with d:f=0", "fifo"}
    assert set(comparisons(frame, baseline="mark0")) == {"belady", "lru", "fifo"}
    with pytest.raises(InputError, match='no baseline in this study named "lur"; did you mean "lru"'):
        stats.compare(frame, [MISSES], baseline="lur")


def test_the_clairvoyant_reference_is_estimated_and_not_tested():
    values = {"belady": on_traces(*[5] * 8), "lru": on_traces(*[9] * 8), "fifo": on_traces(*[10] * 8)}
    frame = table(values, clairvoyant=["belady"])
    found = comparisons(frame)
    assert (found["belady"].verdict, found["belady"].p) == ("no test", None)
    assert found["belady"].change == pytest.approx(-4 / 9)
    assert found["fifo"].p_holm == found["fifo"].p == 2 / 2**8, "the reference is no part of Holm's family"
    against = comparisons(frame, baseline="belady")
    assert against["lru"].change == pytest.approx(9 / 5 - 1)
    assert {comparison.verdict for comparison in against.values()} == {"no test"}


def test_a_winner_needs_its_interval_to_agree_with_its_test():
    """Slightly better on nine traces and far worse on one: the ranks say better, the mean does not."""
    found = only(table({"lru": on_traces(*[100] * 12), "mark0": on_traces(*[99 - i / 10 for i in range(11)], 300)}))
    assert found.p <= 0.05 and found.rank_biserial > 0 and found.change > 0 and found.verdict == "split"


def test_no_winner_is_named_whose_mean_gains_what_its_test_says_it_loses():
    """Slightly worse on 92 traces and five times better on eight: worse by the ranks, better by the mean, both surely."""
    found = only(table({"lru": on_traces(*[100] * 100), "mark0": on_traces(*[100.1] * 92, *[20] * 8)}))
    assert found.p < 1e-10 and found.rank_biserial < 0
    assert found.interval[1] < 0 and found.verdict == "split"


def test_settings_and_metrics_have_studies_of_their_own_the_main_metric_first():
    parts = [table({"lru": {"a": n}, "fifo": {"a": 2 * n}}, throughput=1.0, **{"asked.capacity": n}) for n in (1, 2)]
    found = stats.compare(pd.concat(parts), [MISSES, THROUGHPUT], main="throughput")
    assert [(study.metric.name, study.asked) for study in found] == [
        ("throughput", {"capacity": 1}),
        ("throughput", {"capacity": 2}),
        ("misses", {"capacity": 1}),
        ("misses", {"capacity": 2}),
    ]


def test_a_setting_in_which_the_baseline_did_not_run_has_no_comparisons():
    parts = [
        table({"lru": {"a": 1}, "fifo": {"a": 2}}, **{"asked.sized": False}),
        table({"fifo": {"a": 2}, "gdsf": {"a": 2}}, **{"asked.sized": True}),
    ]
    found = stats.compare(pd.concat(parts), [MISSES], baseline="lru")
    assert [(study.baseline and study.baseline.name, len(study.comparisons)) for study in found] == [
        ("lru", 1),
        (None, 0),
    ]


def test_comparisons_are_flat_rows_for_whoever_reads_on():
    frame = table({"lru": on_traces(10, 20), "mark0 with d": on_traces(9, 18)}, **{"asked.capacity": "1%"})
    (row,) = stats.rows(stats.compare(frame, [MISSES]))
    expected = {"metric": "misses", "asked.capacity": "1%", "policy": "mark0", "predictions": "d", "baseline": "lru"}
    assert expected.items() <= row.items()
    assert (row["wins"], row["losses"], row["n"], row["verdict"]) == (2, 0, 2, "too few traces")
    assert row["low"] == row["high"] == pytest.approx(row["change"]) == pytest.approx(-0.1)


# What can be shown at all


def test_six_paired_traces_are_the_fewest_that_show_anything():
    assert stats.smallest_p(5) == 1 / 16 and stats.smallest_p(6) == 1 / 32 and stats.smallest_p(0) == 1
    assert stats.traces_needed(1) == 6 and stats.traces_needed(10) == 9 and stats.traces_needed(1, alpha=0.01) == 8
    five = only(table({"lru": on_traces(*[10] * 5), "mark0": on_traces(*[1] * 5)}))
    assert (five.p, five.verdict) == (1 / 16, "too few traces")


def test_holm_over_many_policies_takes_more_traces():
    rivals = {f"p{i}": on_traces(*[1 + i / 100] * 8) for i in range(10)}
    found = comparisons(table({"lru": on_traces(*[10] * 8), **rivals}))
    assert {(c.p_least, c.verdict) for c in found.values()} == {(10 / 2**7, "too few traces")}
    found = comparisons(table({"lru": on_traces(*[10] * 9), **{p: on_traces(*[1] * 9) for p in rivals}}))
    assert {(c.p_holm, c.verdict) for c in found.values()} == {(10 / 2**8, "better")}


# Against SciPy, and examples that others worked


@pytest.mark.parametrize("n", [6, 20, 49, 80])
def test_the_signed_rank_test_is_scipy_s(n):
    x = np.random.default_rng(n).normal(0.3, size=n)
    p, biserial = stats.signed_rank(x)
    assert p == scipy_stats.wilcoxon(x).pvalue
    ranks = scipy_stats.rankdata(abs(x))
    assert biserial == pytest.approx((ranks[x > 0].sum() - ranks[x < 0].sum()) / (n * (n + 1) / 2))


def test_the_signed_rank_test_is_exact_for_few_pairs_of_equal_size():
    """Sizes 1 1 1 2 2 3: every sign is a coin; the p value counts the sums as far out as the one seen."""
    benefits = np.array([1.0, 1, 1, 2, 2, -3, 0])
    ranks = np.array([2, 2, 2, 4.5, 4.5, 6])
    sums = [sum(ranks[list(chosen)]) for k in range(7) for chosen in combinations(range(6), k)]
    p = np.mean([abs(total - 10.5) >= abs(15 - 10.5) for total in sums])
    assert stats.signed_rank(benefits) == (pytest.approx(p), pytest.approx((15 - 6) / 21))


def test_the_exact_test_with_equal_sizes_is_scipy_s_over_all_permutations():
    x = np.array([1.0, 1, -2, 2, 3, -1, 4, 4])
    every = scipy_stats.PermutationMethod(n_resamples=2**8)
    assert stats.signed_rank(x)[0] == pytest.approx(scipy_stats.wilcoxon(x, method=every).pvalue)


@pytest.mark.parametrize(
    ("ps", "corrected"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.08, 0.09, 0.09, 0.09]),
        ([0.0002, 0.3, 0.012, 0.04, 0.012, 0.9], [0.0012, 0.6, 0.06, 0.12, 0.06, 0.9]),  # statsmodels 0.15
        ([], []),
    ],
)
def test_holm_s_correction_of_worked_examples(ps, corrected):
    assert stats.holm(ps) == pytest.approx(corrected)


def ranked(losses, better="lower", **options):
    """Ranks of policies from rows of traces."""
    values = np.array(losses, float).T[..., None]
    return stats.rank(values, [Contender(f"p{i}") for i in range(len(values))], better, **options)


def test_mean_ranks_and_friedman_s_statistic_by_hand():
    found = ranked([(3, 1, 2), (5, 4, 6), (9, 7, 8), (2, 1, 3)])
    assert [contender.name for contender in found.contenders] == ["p1", "p0", "p2"]
    assert found.mean_ranks == (1, 2.5, 2.5) and found.friedman == pytest.approx(6)
    assert found.p == pytest.approx(scipy_stats.f.sf(9, 2, 6))
    assert found.critical_difference == pytest.approx(1.656751, abs=8e-4)  # of q to three digits
    assert found.alike == ((0, 2),) and not found.can_differ, "four traces are too few"


@pytest.mark.parametrize(
    ("k", "q"),
    [(3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (7, 2.949), (8, 3.031), (9, 3.102), (10, 3.164)],
)
def test_critical_differences_have_the_published_constants(k, q):
    """Demšar 2006, table 5(a); its last digits are off by one for three and five."""
    found = ranked(np.random.default_rng(k).random((6, k)))
    assert found.critical_difference / np.sqrt(k * (k + 1) / 36) == pytest.approx(q, abs=0.0011)


ACCURACIES = [
    (0.763, 0.768, 0.771, 0.798),
    (0.599, 0.591, 0.590, 0.569),
    (0.954, 0.971, 0.968, 0.967),
    (0.628, 0.661, 0.654, 0.657),
    (0.882, 0.888, 0.886, 0.898),
    (0.936, 0.931, 0.916, 0.931),
    (0.661, 0.668, 0.609, 0.685),
    (0.583, 0.583, 0.563, 0.625),
    (0.775, 0.838, 0.866, 0.875),
    (1.000, 1.000, 1.000, 1.000),
    (0.940, 0.962, 0.965, 0.962),
    (0.619, 0.666, 0.614, 0.669),
    (0.972, 0.981, 0.9751, 0.975),  # printed as 0.975 twice, with ranks 2 and 3
    (0.957, 0.978, 0.946, 0.970),
]
"""Demšar 2006, table 6: C4.5, with parameter m, with cf, with both, on 14 data sets."""


def test_demsar_s_example_has_his_ranks_statistic_and_critical_differences():
    found = ranked(ACCURACIES, "higher")
    ranks = dict(zip([contender.name for contender in found.contenders], found.mean_ranks, strict=True))
    assert {name: round(value, 3) for name, value in ranks.items()} == {
        "p0": 3.143,
        "p1": 2.0,
        "p2": 2.893,
        "p3": 1.964,
    }
    uncorrected = found.friedman * (
        1 - (3 * (2**3 - 2) + (4**3 - 4)) / (14 * 4 * (4**2 - 1))
    )  # three pairs and a four tie
    assert round(uncorrected, 2) == 9.28
    assert found.p < 0.05 and round(found.critical_difference, 2) == 1.25
    assert found.alike == ((0, 3),), "the test finds a difference that its follow-up cannot place"
    loose = ranked(ACCURACIES, "higher", alpha=0.10)
    assert round(loose.critical_difference, 2) == 1.12
    assert loose.alike == ((0, 2), (2, 3)), "C4.5 differs from both with m, and not from cf"


def test_policies_that_rank_alike_on_every_trace_are_alike():
    found = ranked([(1, 1, 1)] * 8)
    assert (found.friedman, found.p, found.mean_ranks, found.alike) == (0, 1, (2, 2, 2), ((0, 2),))


def test_one_order_on_all_traces_is_as_sure_as_counting_orders_makes_it():
    found = ranked([(1, 2, 3)] * 8)
    assert found.p == pytest.approx(6.0**-7)
    assert found.alike == ((0, 1), (1, 2)) and found.can_differ, "neighbours are 1 apart, and 1.17 is needed"


def test_ranks_take_the_traces_that_all_have_and_drop_who_lacks_most():
    nan = np.nan
    found = ranked([(1, 2, 3, nan)] * 5 + [(1, 2, nan, nan), (1, 2, 3, 4)])
    assert (found.n, found.n_left_out) == (6, 1) and [c.name for c in found.dropped] == ["p3"]
    assert ranked([(1, 2)] * 8) is None, "two policies are compared by the signed-rank test"
    assert ranked([(1, 2, 3)]) is None


# Properties


def noisy(seed, n_policies=3, n_traces=9, n_seeds=3):
    rng = np.random.default_rng(seed)
    level = rng.lognormal(5, 1, size=n_traces)
    return table(
        {
            f"p{i}": on_traces(*[(x * rng.lognormal(0.03 * i, 0.05, size=n_seeds)).tolist() for x in level])
            for i in range(n_policies)
        }
    )


def test_arms_that_change_places_change_the_sign_and_nothing_else():
    frame = noisy(1)
    there = comparisons(frame, baseline="p0")["p2"]
    back = comparisons(frame, baseline="p2")["p0"]
    assert (1 + there.change) * (1 + back.change) == pytest.approx(1)
    assert [1 / (1 + end) - 1 for end in there.interval[::-1]] == pytest.approx(back.interval)
    assert (there.p, there.rank_biserial, there.standardised) == pytest.approx(
        (back.p, -back.rank_biserial, -back.standardised)
    )
    assert (there.wins, there.ties, there.losses) == (back.losses, back.ties, back.wins)
    assert there.p_better == pytest.approx(1 - back.p_better)


def test_the_order_of_rows_does_not_matter_and_a_seed_repeats_every_digit():
    frame = noisy(2)
    shuffled = frame.sample(frac=1, random_state=3).reset_index(drop=True)
    assert comparisons(frame, baseline="p1") == comparisons(shuffled, baseline="p1")
    assert comparisons(frame, baseline="p1", seed=1)["p0"].interval != comparisons(frame, baseline="p1")["p0"].interval


def test_a_policy_more_leaves_the_estimates_of_the_others_alone():
    few, many = noisy(4, 2), noisy(4, 3)
    many = pd.concat([few, many[many["label"] == "p2"]])
    here, there = comparisons(few)["p1"], comparisons(many)["p1"]
    assert (here.change, *here.interval, here.p) == pytest.approx((there.change, *there.interval, there.p))


def test_the_unit_of_a_metric_does_not_matter():
    frame = noisy(5)
    here, there = comparisons(frame)["p1"], comparisons(frame.assign(misses=frame["misses"] * 1e-6))["p1"]
    assert here.change == pytest.approx(there.change) and here.interval == pytest.approx(there.interval)


# A policy against itself


def alarms_allowed(n, level=0.05):
    """As many as chance gives at the stated level in all but one of a thousand such tests."""
    return scipy_stats.binom.ppf(0.999, n, level)


def against_itself(n_policies, n_traces, n_seeds, rng):
    """One study of policies that are all the same one: traces differ by far more than seeds do, as they do in practice."""
    level = rng.lognormal(6, 1.5, size=(1, n_traces, 1))
    spread = rng.uniform(0.01, 0.2, size=(1, n_traces, 1))
    values = np.round(level * np.exp(spread * rng.normal(size=(n_policies, n_traces, n_seeds))))
    contenders = tuple(Contender(f"p{i}") for i in range(n_policies))
    traces = tuple(f"t{i}" for i in range(n_traces))
    block = Block({}, contenders, traces, False, {"misses": values}, (0,) * n_policies)
    return stats.study(MISSES, block, contenders[0], draws=200)


@pytest.mark.parametrize(
    ("n_policies", "n_traces", "n_seeds"),
    [
        (2, 6, 1),
        pytest.param(2, 12, 3, marks=pytest.mark.slow),
        (4, 12, 1),
        pytest.param(7, 20, 2, marks=pytest.mark.slow),
    ],
)
def test_a_policy_against_itself_a_thousand_times_raises_no_more_alarms_than_stated(n_policies, n_traces, n_seeds):
    rng = np.random.default_rng(n_policies * n_traces)
    studies = [against_itself(n_policies, n_traces, n_seeds, rng) for _ in range(1000)]
    single = [study.comparisons[0].p <= 0.05 for study in studies]
    family = [any(c.p_holm <= 0.05 for c in study.comparisons) for study in studies]
    winners = [any(c.verdict in ("better", "worse") for c in study.comparisons) for study in studies]
    assert max(sum(single), sum(family), sum(winners)) <= alarms_allowed(1000)
    if n_policies > 2:
        uncorrected = sum(any(c.p <= 0.05 for c in study.comparisons) for study in studies)
        assert uncorrected > alarms_allowed(1000), "without Holm there would be too many"
        told_apart = [study.ranks.alike != ((0, n_policies - 1),) for study in studies]
        assert sum(told_apart) <= alarms_allowed(1000)


def test_a_real_policy_against_itself_under_another_seed_raises_no_more_alarms_than_stated():
    """Forty times, on real replays."""
    traces = [Bench().trace("workload:zipf,alpha=0.8,n_pages=60,n_requests=300", "paging", seed) for seed in range(8)]
    n = 40
    misses = np.array(
        [[run(Random(), t, 15, mode="compiled", seed=s).metrics["misses"] for s in range(2 * n)] for t in traces]
    )
    arms = misses.reshape(len(traces), n, 2)
    assert len(np.unique(misses)) > 30
    found = [
        only(table({"random": on_traces(*arms[:, i, 0]), "random again": on_traces(*arms[:, i, 1])}), draws=400)
        for i in range(n)
    ]
    assert sum(comparison.verdict in ("better", "worse") for comparison in found) <= alarms_allowed(n)
    assert sum(comparison.p <= 0.05 for comparison in found) <= alarms_allowed(n)


def test_a_difference_that_is_there_is_found():
    """Sixty such tests with a policy that is 5 % better: the tests are not silent by being deaf."""
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(60):
        level = rng.lognormal(6, 1.5, size=12)
        a, b = level * rng.lognormal(0, 0.03, size=12), level * rng.lognormal(-0.05, 0.03, size=12)
        found += only(table({"a": on_traces(*a), "b": on_traces(*b)}), draws=400).verdict == "better"
    assert found > 50


def test_a_count_without_a_direction_is_not_compared():
    with_count = [Metric("misses", "requests", None, "a count"), THROUGHPUT]
    assert stats.compare(table({"lru": {"a": 1}, "fifo": {"a": 2}}), with_count) == []
