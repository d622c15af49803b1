"""A race drops finalists that are surely worse, and of equals none more often than its level says."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats as scipy_stats

from sim.adrs import race as races
from sim.adrs.candidate import Status
from sim.adrs.instances import Instance
from sim.adrs.race import LEAST, LEVEL, Race, race, surely_worse, unit
from sim.core.seeds import stream
from sim.study import stats
from tests.adrs.synthetic import Judge, court, formula, instances, tried

TEXTS = ("age", "-count", "gap", "heat")


def raced(table, *, of=None, level=LEVEL) -> tuple[Race, Judge]:
    """A race of as many candidates as the table has columns; its rows are their losses, trace by trace."""
    met = of or instances(len(table))
    sources = [formula(text) for text in TEXTS]

    def metric(candidate, instance):
        if candidate.source not in sources:
            return 1.0
        value = table[met.index(instance)][sources.index(candidate.source)]
        return value if isinstance(value, Status) else math.exp(value)

    judge = Judge(metric)
    finalists = [tried(source) for source in sources[: len(table[0])]]
    return race(court(judge), finalists, met, "race", level=level), judge


def names(found: Race) -> list[str]:
    known = {formula(text): text for text in TEXTS}
    return [known[each.candidate.source] for each in found.ranked]


def test_traces_are_what_is_independent():
    recorded = Instance("a.csv", 0, 100, (("capacity", 5),), 0)
    assert unit(recorded) == unit(replace(recorded, start=100, stop=200)) == unit(replace(recorded, setting=(), seed=1))
    drawn_once = replace(recorded, trace="workload:zipf", is_drawn=True)
    assert unit(drawn_once) == unit(replace(drawn_once, setting=())) != unit(replace(drawn_once, seed=1))
    without_chance = replace(recorded, trace="workload:loop")
    assert unit(without_chance) == unit(replace(without_chance, seed=1))


def test_friedman_s_test_of_four_traces_by_hand():
    """Mean ranks 2.5, 1, 2.5; X 6, F 9 with 2 and 6 degrees of freedom."""
    four = np.array([(3, 1, 2), (5, 4, 6), (9, 7, 8), (2, 1, 3)])
    statistic, p = stats.friedman(four)
    assert statistic == pytest.approx(6) and p == pytest.approx(scipy_stats.f.sf(9, 2, 6))
    assert surely_worse(four, level=0.9 * p) == []


def test_of_three_those_behind_the_leader_are_dropped_by_student_s_test_after_holm_s():
    """Behind the first by 1, 2, 1, 2, 1, 2 (t 6.71) and by 1, -1, 1, -1, 1, 0 (t 0.42)."""
    six = np.array([(0, 1, 1), (0, 2, -1), (0, 1, 1), (0, 2, -1), (0, 1, 1), (0, 2, 0)], float)
    assert surely_worse(six) == [1]
    p = [scipy_stats.ttest_rel(six[:, k], six[:, 0]).pvalue for k in (1, 2)]
    assert stats.holm(p) == pytest.approx([2 * p[0], p[1]]) and p[0] < 0.002 < 0.6 < p[1]


def test_without_a_difference_among_all_no_pair_is_looked_at():
    """Two traces cannot show it, however alike they are; six can."""
    two = np.array([(0.0, 0.5, 0.5), (0.0, 0.5, 0.5)])
    assert surely_worse(two, level=0.05) == []
    assert surely_worse(np.tile(two, (3, 1)), level=0.05) == [1, 2]


@pytest.mark.parametrize(
    ("behind", "dropped"),
    [
        ([1, 2, 3, 4, 5, 6], [1]),  # p 2 / 2^6 = 0.031
        ([1, 2, 3, 4, 5], []),  # p 2 / 2^5 = 0.0625
        ([-1, 2, 3, 4, 5, 6], []),  # p 4 / 2^6 = 0.0625
        ([-1, -1, -1, -1, -1, -1, -1, 100], []),  # worse by the mean, better by ranks: p 2 x 10 / 2^8 = 0.078
        ([-1, -1, -1, -1, -1, -1, -1, -1, -1, 100], []),  # p 2 x 12 / 2^10 = 0.023, and the ranks point the other way
        ([0, 0, 0, 0, 0, 0], []),
    ],
)
def test_of_two_the_one_behind_is_dropped_by_wilcoxon_s_test(behind, dropped):
    assert surely_worse(np.array([(0.0, value) for value in behind])) == dropped


def test_a_race_drops_as_the_traces_come_in_and_ranks_all():
    """The third is behind by about 9 and the second by about 1; the level of 10 traces is shared by 6 tests."""
    jitter = [0.1, -0.2, 0.15, -0.1, 0.05, 0.2, -0.15, 0.1, -0.05, 0.0]
    found, judge = raced([(0.0, 1 + j, 9 - j) for j in jitter], level=0.05)
    assert names(found) == ["age", "-count", "gap"] and found.n_surviving < 3 and found.n_traces == 10
    met = {
        text: sum(len(of) for name, of, _ in judge.asked if name == tried(formula(text)).candidate.id) for text in TEXTS
    }
    assert met["age"] == 10 and LEAST <= met["gap"] < 10


def test_those_that_are_alike_all_meet_all_traces():
    found, _ = raced([(0.0, 0.0, 0.0)] * 8)
    assert names(found) == ["age", "-count", "gap"] and (found.n_surviving, found.luck) == (3, 0.0)


def test_fewer_traces_than_a_test_takes_rank_by_their_mean():
    found, _ = raced([(3.0, 1.0, 2.0)] * 4)
    assert names(found) == ["-count", "gap", "age"] and (found.n_surviving, found.n_traces) == (3, 4)


def test_settings_of_one_trace_are_met_together_and_count_once():
    two = tuple(
        Instance("workload:a", 0, 0, (("capacity", k),), seed, is_drawn=True) for k in (1, 2) for seed in range(3)
    )
    found, judge = raced([(1.0, 0.0)] * 6, of=two)
    assert (found.n_traces, names(found)) == (3, ["-count", "age"])
    (of,) = {of for _, of, _ in judge.asked}
    assert [name.rpartition("=")[2] for name in of] == ["0", "0", "1", "1", "2", "2"]


def test_who_fails_is_out_of_the_race():
    found, _ = raced([(0.0, 1.0), *[(Status.CRASHED, 1.0)] * 5])
    assert names(found) == ["-count"] and found.luck == 0.0
    assert raced([(Status.CRASHED,)] * 6)[0].ranked == ()


def test_luck_is_the_standard_error_times_what_the_best_of_so_many_adds():
    """Distances 1 and 3 four times: their variance 8/7, over 8 the square of the error; and sqrt(2 ln 2)."""
    found, _ = raced([(0.0, 1.0), (0.0, 3.0)] * 4, level=0.0)
    assert found.luck == pytest.approx(math.sqrt(8 / 7 / 8) * math.sqrt(2 * math.log(2)))


@pytest.mark.parametrize(("k", "shape"), [(2, "normal"), (3, "coarse"), (5, "lopsided")])
def test_of_candidates_that_are_alike_some_are_dropped_in_at_most_one_race_of_twenty(k, shape):
    """All that differs is noise: 300 races over 12 traces, 8 tests each."""
    rng, n, n_races = stream(7, "race", shape), 12, 300
    n_narrowed = 0
    for _ in range(n_races):
        table = rng.standard_normal((n, k))
        table = {"normal": table, "coarse": np.round(table), "lopsided": np.expm1(table)}[shape]
        n_tests = n - races.LEAST + 1
        n_narrowed += any(surely_worse(table[:m], LEVEL / n_tests) for m in range(LEAST, n + 1))
    assert n_narrowed <= LEVEL * n_races
