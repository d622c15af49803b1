"""A winner loses all that makes no difference beyond the noise, and nothing else."""

import math

import pytest

from sim.adrs.candidate import Status
from sim.adrs.simplify import simplified
from tests.adrs.synthetic import PAGING, Judge, court, formula, instances, tried

EIGHT = instances(8, "validation")

WINNER = "age + min(count, 3.14159 * gap)"


def simple(metric, text=WINNER):
    """What becomes of a formula where a metric says what each is worth: its text, and the judge."""
    judge = Judge(lambda candidate, instance: metric(text_of(candidate.source), instance))
    here = court(judge)
    winner = tried(formula(text))
    known = tried("class Known: pass")  # whatever is no formula has what the baseline has
    here.extend([winner, known], EIGHT, "search")
    found = simplified(here, winner, known, EIGHT, "simplify")
    return text_of(found.candidate.source), judge, found, winner


def text_of(source):
    found = PAGING.read(source)
    return str(found.root) if found else ""


def test_what_matters_not_at_all_goes_until_one_leaf_is_left():
    text, _, found, winner = simple(lambda text, instance: 100.0)
    assert text == "age"  # of the parts of the sum the smaller
    assert (found.candidate.note, found.candidate.parents) == ("simplified", (winner.candidate.id,))


def test_what_matters_stays_and_the_rest_goes():
    def metric(text, instance):
        return 50.0 if "count" in text and "gap" in text else 100.0

    text, *_ = simple(metric)
    assert "count" in text and "gap" in text and "age" not in text and "3.1" not in text


def test_what_cancels_out_goes_though_no_single_cut_shows_it():
    """Neither `count + gap` nor `count - gap` will do."""
    text, *_ = simple(lambda text, instance: 50.0 if text in (CANCELLING, "count") else 100.0, CANCELLING)
    assert text == "count"


CANCELLING = "count + gap - gap"


def test_digits_that_matter_not_go():
    def metric(text, instance):
        value = float(text.split(" * ")[0]) if " * age" in text else 99.0
        return 50.0 if 3.0 <= value < 3.2 else 100.0

    text, *_ = simple(metric, "3.14159 * age")
    assert text == "3.0 * age"


@pytest.mark.parametrize(("worse", "text"), [(0.010, "age"), (0.013, "age + count")])
def test_noise_is_a_standard_error_of_the_paired_difference(worse, text):
    """The cut to `age` is worse on average by `worse`, give or take 0.03, by turns: an error of 0.03207 / sqrt(8) = 0.0113."""

    assert simple(swinging(worse, baseline=200.0), "age + count")[0] == text


@pytest.mark.parametrize(("baseline", "text"), [(112.0, "age"), (108.0, "age + count"), (100.0, "age + count")])
def test_however_large_the_noise_a_tenth_of_the_gain_is_the_most_that_is_given_away(baseline, text):
    """The cut costs 0.01, within noise; the winner has a gain of log(1.12) = 0.113, or of log(1.08) = 0.077, or none."""
    assert simple(swinging(0.01, baseline), "age + count")[0] == text


def swinging(worse, baseline):
    """A hundred misses, and worse by so much on average, give or take 0.03, for `age`; and what the baseline has."""

    def metric(asked, instance):
        swing = 0.03 if instance.seed % 2 else -0.03
        known = {"": baseline, "count": 1000.0, "age": 100.0 * math.exp(worse + swing)}
        return known.get(asked, 100.0)

    return metric


def test_cuts_that_fail_are_no_candidates():
    text, *_ = simple(lambda asked, instance: 100.0 if asked in (WINNER, "") else Status.ILLEGAL)
    assert text == WINNER


def test_each_cut_is_held_against_the_winner_and_not_against_the_last_cut():
    """A little worse each time is not taken for as good: cut by cut it would add up."""

    def metric(text, instance):
        return 100.0 * math.exp(
            0.01 * (5 - text.count("count")) + 0.015 * (1 if instance.seed % 2 else -1) * ("gap" in text)
        )

    text, *_ = simple(metric, "gap + (count + (count + (count + (count + count))))")
    assert text.count("count") == 5


def test_what_is_no_formula_stays_as_it_is():
    here = court(Judge(lambda candidate, instance: 100.0))
    winner = tried("class Other:\n    pass\n")
    assert simplified(here, winner, winner, EIGHT, "simplify") is winner
    assert here.ledger.total == 0


def test_cuts_are_charged_and_see_these_instances_only():
    _, judge, *_ = simple(lambda text, instance: 100.0)
    assert {name for _, names, _ in judge.asked for name in names} == {instance.name for instance in EIGHT}


def test_parameters_of_the_template_stay():
    judge = Judge(lambda candidate, instance: 100.0)
    here = court(judge)
    winner = tried(formula("age + count", sample=32))
    here.extend([winner], EIGHT, "search")
    found = PAGING.read(simplified(here, winner, winner, EIGHT, "simplify").candidate.source)
    assert found.parameters == (("sample", 32),) and found.root.size == 1
