"""What is said of a comparison, word by word."""

import math
from dataclasses import replace

import pytest

from sim.core.metric import Metric
from sim.study import stats, wording
from sim.study.paired import Contender
from sim.study.stats import Comparison
from sim.study.worth import check_bounds, worth
from tests.study.tables import MISSES, on_traces, table
from tests.study.test_worth import bounded, curve

RATIO = Metric("miss_ratio", "", "lower", "misses per request")
LATENCY = Metric("latency_mean_s", "s", "lower", "time until a page is at hand")

FEWER = Comparison(
    policy=Contender("mark0"),
    baseline=Contender("lru"),
    is_ratio=True,
    value=969,
    baseline_value=1000,
    change=-0.031,
    interval=(-0.040, -0.022),
    p_better=1.0,
    n=10,
    n_seeds=5,
    wins=9,
    ties=0,
    p=0.004,
    p_holm=0.008,
    p_least=0.004,
    n_tested=2,
    rank_biserial=0.9,
    standardised=1.2,
    n_left_out=0,
    n_failed=0,
    verdict="better",
)


def test_a_comparison_in_a_sentence():
    assert wording.sentence(FEWER, MISSES) == (
        "mark0 has 3.1 % fewer misses than lru, 95 % interval 2.2 to 4.0, on 9 of 10 traces: better, p = 0.008 after Holm"
    )


def test_a_metric_that_is_no_count_is_lower_or_higher():
    assert wording.sentence(FEWER, RATIO).startswith("mark0 has a miss ratio 3.1 % lower than lru")
    worse = replace(FEWER, change=0.031, interval=(0.022, 0.04), wins=1, verdict="worse", p_holm=0.004, n_tested=1)
    assert wording.sentence(worse, RATIO) == (
        "mark0 has a miss ratio 3.1 % higher than lru, 95 % interval 2.2 to 4.0, on 9 of 10 traces: worse, p = 0.004"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.17031, "0.1703"), (4.68322, "4.6832"), (10.3456, "10.346"), (969.4, "969.40"), (-65432.1, "−65,432")],
)
def test_a_table_shows_five_digits_of_a_value_of_any_size(value, shown):
    study = stats.Study(MISSES, {}, FEWER.baseline, (replace(FEWER, value=value),), None, False, 0.05)
    assert wording.table(study).rows[0][1] == shown


def test_an_interval_around_nothing_names_both_sides():
    text = wording.sentence(replace(FEWER, interval=(-0.07, 0.012), verdict="open", p_holm=0.2, ties=1, wins=6), MISSES)
    assert "3.1 % fewer misses than lru, 95 % interval 1.2 more to 7.0 fewer, on 6 of 10 traces (1 equal)" in text
    assert text.endswith(": no difference shown, p = 0.2 after Holm")


def test_where_the_test_and_the_mean_differ_both_are_told_and_no_winner_is():
    split = replace(FEWER, interval=(-0.07, 0.012), verdict="split", rank_biserial=-0.8, wins=2)
    assert wording.sentence(split, MISSES).endswith(
        "on 2 of 10 traces: no winner, the test says worse (p = 0.008 after Holm), the interval of the mean leaves it open"
    )
    other = replace(split, interval=(-0.07, -0.012))
    assert wording.sentence(other, MISSES).endswith("the test says worse (p = 0.008 after Holm), the mean says better")


def test_differences_carry_their_unit_and_as_many_digits_as_their_interval_is_wide():
    found = replace(FEWER, is_ratio=False, change=-0.01234, interval=(-0.0151, -0.0099))
    assert "a latency mean 0.0123 s lower than lru, 95 % interval 0.0099 to 0.0151" in wording.sentence(found, LATENCY)
    found = replace(FEWER, is_ratio=False, change=-1236.0, interval=(-1500.0, -1000.0))
    assert "has 1,236 fewer misses than lru, 95 % interval 1,000 to 1,500" in wording.sentence(found, MISSES)
    found = replace(FEWER, change=-0.00021, interval=(-0.00022, -0.0002))
    assert "0.0210 % fewer misses than lru, 95 % interval 0.0200 to 0.0220" in wording.sentence(found, MISSES)
    found = replace(FEWER, interval=(-0.031, -0.031 + 1e-15))
    assert "3.1 % fewer misses than lru, 95 % interval 3.1 to 3.1" in wording.sentence(found, MISSES)


def test_too_few_traces_are_said_before_and_in_every_line():
    assert wording.beforehand(6, 1) is wording.beforehand(9, 10) is wording.beforehand(0, 0) is None
    assert wording.beforehand(5, 1) == (
        "no policy can be called the winner on 5 paired traces: the smallest p that they can give is 0.062, and the level is "
        "0.05; 6 traces are needed"
    )
    assert "0.078 after Holm over 10 policies, and the level is 0.05; 9 traces are needed" in wording.beforehand(8, 10)
    (study,) = stats.compare(table({"lru": on_traces(10, 20), "mark0": on_traces(9, 18)}), [MISSES])
    assert (
        wording.notes(study) == [wording.beforehand(2, 1)] and wording.notes(study)[0] in wording.table(study).caption
    )
    assert wording.sentences([study]) == [
        "mark0 has 10.0 % fewer misses than lru, 95 % interval 10.0 to 10.0, on 2 of 2 traces: too few traces to call a winner"
    ]


def test_what_is_missing_is_said():
    frame = table({"lru": on_traces(10, 20, 30), "mark0": on_traces(9, None, None), "fifo": {"other": 3}})
    (study,) = stats.compare(frame, [MISSES])
    assert wording.sentences([study])[0] == (
        "mark0 has 10.0 % fewer misses than lru, on one trace: too few traces to call a winner; "
        "3 traces left out that one of them lacks (2 runs failed)"
    )
    assert "fifo and lru have no trace in common" in wording.sentences([study])
    assert ["fifo", "", "", "", "", "0", "", "", "no common trace"] in wording.table(study).rows


def test_equal_policies_are_called_equal():
    (study,) = stats.compare(table({"lru": on_traces(*range(1, 9)), "clock": on_traces(*range(1, 9))}), [MISSES])
    assert wording.sentences([study]) == ["clock and lru have equal misses on all 8 traces: no difference shown, p = 1"]


def test_draws_of_workloads_are_called_draws():
    frame = table({"lru": {"zipf": [10, 20]}, "mark0": {"zipf": [9, 18]}}, redrawn=True)
    (study,) = stats.compare(frame, [MISSES])
    assert "on 2 of 2 draws: too few draws" in wording.sentences([study])[0]


def test_a_table_has_the_best_change_first_and_stars_the_clairvoyant():
    values = {"lru": on_traces(*[10] * 6), "fifo": on_traces(*range(11, 17)), "belady": on_traces(*[5] * 6)}
    (study,) = stats.compare(table(values, clairvoyant=["belady"]), [MISSES])
    found = wording.table(study)
    assert [row[0] for row in found.rows] == ["belady *", "fifo"]
    assert found.rows[0] == ["belady *", "5.0000", "−50.0 %", "−50.0 % to −50.0 %", "6/0/0", "6", "", "", ""]
    assert found.rows[1][4:] == ["0/0/6", "6", "0.031", "−1.00", "worse"]
    assert all(len(row) == len(found.columns) for row in found.rows) and found.title == "misses against lru"
    (study,) = stats.compare(table(values, clairvoyant=["belady"]), [MISSES], baseline="belady")
    assert (
        "belady sees the future: how far the others are from it is estimated, not tested"
        in wording.table(study).caption
    )


def test_ranks_share_letters_where_they_are_not_told_apart():
    values = {f"p{i}": on_traces(*[i + 1] * 8) for i in range(3)}
    (study,) = stats.compare(table(values), [MISSES])
    found = wording.ranks(study.ranks, MISSES)
    assert found.rows == [["p0", "1.00", "a"], ["p1", "2.00", "ab"], ["p2", "3.00", "b"]]
    assert "mean ranks more than 1.17 apart differ at level 0.05" in found.caption
    few = replace(study.ranks, n=4)
    assert wording.ranks(few, MISSES).caption == "over 4 traces, too few to tell any two policies apart"


def test_what_a_prediction_was_worth_in_a_sentence():
    frame = curve([(10, 20), (15, 30), (20, 40)], (0, 10, 20), belady=(10, 20), marker=(17.5, 35))
    (found,) = worth(frame, MISSES)
    assert wording.worth_sentence(found) == (
        "mark0 has without error 1.000 (1.000 to 1.000) times the misses of belady, at worst 2.000 (2.000 to 2.000), with "
        "d:flip=20; it beats marker up to an error of 15"
    )
    there = replace(found, asked={"capacity": "10%"})
    assert wording.worth_sentence(there).startswith("capacity 10%: mark0 has without error")
    (row,) = wording.worth_table([found]).rows
    assert row[0] == "mark0" and row[6:] == ["15", "0 to 20", "2"]


@pytest.mark.parametrize(
    ("level", "said", "cell"),
    [
        (30, "it beats lru at every error measured, up to 10", "above 10"),
        (5, "it does not beat lru even without error", "never"),
    ],
)
def test_a_break_even_error_that_does_not_exist_is_said(level, said, cell):
    (found,) = worth(curve([(10, 10), (20, 20)], (0, 10), lru=(level, level)), MISSES)
    assert math.isinf(found.break_even.value)
    assert wording.worth_sentence(found).endswith(said) and wording.worth_table([found]).rows[0][6].startswith(cell)


def test_violations_of_bounds_are_named():
    assert wording.bounds(check_bounds(bounded([1], [5], [True]), "misses")) == [
        "1 of 1 proven bound holds as measured"
    ]
    lines = wording.bounds(check_bounds(bounded([7, 7], [5, 5], [False, True]), "misses"))
    assert lines[1] == "mark0 with d on a: a run exceeds the bound 5"
    lines = wording.bounds(check_bounds(bounded([19, 20, 21, 20], [12] * 4), "misses"))
    assert lines == [
        "0 of 1 proven bound holds as measured",
        "mark0 with d on a: mean 20 of 4 seeds exceeds the bound on the mean 12 (p = 0.00015 after Holm)",
    ]
    assert wording.bounds([]) == []
