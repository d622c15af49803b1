"""Tests of candidates: which are taken, and how simulated annealing cools down."""

import math

import pytest

from sim.core.errors import InputError
from sim.domains.bandits.lns.acceptance import Acceptance, Rule
from tests.domains.bandits.lns.worked import Draws

WARM = "simulated_annealing;start=20;end=1;step=0.1;schedule=linear"


def test_hill_climbing_takes_ties_and_nothing_worse():
    taken = Acceptance(Rule.of("hill_climbing"), Draws(0.0))
    assert taken.takes(5.0, 5.0) and taken.takes(5.0, 4.0) and not taken.takes(5.0, 5.0 + 1e-12)
    assert Acceptance(Rule.of("always"), Draws(0.0)).takes(5.0, 1e9)


def test_a_candidate_worse_by_two_at_temperature_twenty_is_taken_with_probability_0_904837():
    rule = Rule.of(f"{WARM};absolute=true")
    assert math.exp(-2 / 20) == pytest.approx(0.904837, abs=1e-6)
    assert Acceptance(rule, Draws(0.904837)).takes(100.0, 102.0)
    assert not Acceptance(rule, Draws(0.904838)).takes(100.0, 102.0)


def test_differences_are_relative_to_a_hundredth_of_the_first_incumbent():
    rule = Rule.of(WARM)
    for first in (500.0, -500.0):
        test = Acceptance(rule, Draws(0.904837))
        test.scale(first)
        assert test.takes(first, first + 10.0)  # 10 is 2 hundredths of 500
    small = Acceptance(rule, Draws(0.904838))
    small.scale(0.25)
    assert not small.takes(0.25, 0.27)  # below 1 the unit stays a hundredth


def test_the_temperature_falls_after_every_test_by_its_schedule_down_to_the_end():
    linear = Acceptance(Rule.of("simulated_annealing;start=3;end=1;step=0.75;schedule=linear"), Draws(0.5))
    found = [linear.temperature]
    for _ in range(4):
        linear.takes(1.0, 1.0)
        found.append(linear.temperature)
    assert found == [3, 2.25, 1.5, 1, 1]
    steep = Acceptance(Rule.of("simulated_annealing;start=20;end=1;step=0.1;schedule=exponential"), Draws(0.5))
    for _ in range(2):
        steep.takes(1.0, 1.0)
    assert steep.temperature == 1  # what a library makes of the same step where the schedule is not told


def test_two_runs_share_no_temperature():
    rule = Rule.of(WARM)
    first, second = Acceptance(rule, Draws(0.5)), Acceptance(rule, Draws(0.5))
    first.takes(1.0, 2.0)
    assert (first.temperature, second.temperature) == (19.9, 20)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hill_climbin", "expected one of hill_climbing, simulated_annealing, always"),
        ("simulated_annealing;start=20;end=1;step=0.1", "lacks schedule"),
        ("simulated_annealing;step=0.69", "lacks start, end, schedule"),
        ("simulated_annealing;start=1;end=2;step=0.1;schedule=linear", "start >= end > 0"),
        ("simulated_annealing;start=2;end=1;step=1;schedule=exponential", "below 1 where the schedule is exponential"),
        ("simulated_annealing;start=2;end=1;step=x;schedule=linear", "are not understood"),
        ("simulated_annealing;start=2;end=1;step=1;schedule=log", "schedule must be one of linear, exponential"),
        (f"{WARM};absolute=yes", "absolute must be true or false"),
        ("always;start=2", 'always has no parameter "start"'),
    ],
)
def test_what_is_no_test_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        Rule.of(text)


def test_a_test_reads_back_from_its_text():
    for text in ("hill_climbing", "always", f"{WARM};absolute=true", WARM):
        assert Rule.of(Rule.of(text).text) == Rule.of(text)
