"""Performance profiles by hand."""

import numpy as np
import pytest

from sim.adrs.contest import profiles

NEVER = np.inf


def test_scores_of_the_specification():
    assert profiles.scores(np.array([[1, 2, NEVER]]))[0] == pytest.approx(0.555556, abs=1e-6)
    assert profiles.scores(np.array([[1.5, 1, 1]]))[0] == pytest.approx(0.944444, abs=1e-6)


def test_the_quickest_of_each_workload_has_1_and_whoever_never_came_has_nothing():
    times = np.array([[10, 30, NEVER], [20, 15, NEVER], [NEVER, 60, NEVER]])
    found = profiles.ratios(times)
    assert found.tolist() == [[1, 2, NEVER], [2, 1, NEVER], [NEVER, 4, NEVER]]
    assert profiles.scores(found).tolist() == pytest.approx([(1 + 2 / 3) / 3, (1 + 2 / 3) / 3, 0])


def test_a_profile_rises_to_the_share_that_was_solved_and_its_area_is_the_score():
    found = profiles.ratios(np.array([[10.0, 30.0, NEVER], [20.0, 15.0, 7.0]]))
    factors = np.linspace(1, profiles.MOST, 30_001)
    shares = profiles.shares(found, factors)
    assert shares[:, 0].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert shares[:, -1].tolist() == pytest.approx([2 / 3, 1])
    assert (np.diff(shares) >= 0).all()
    areas = np.trapezoid(shares, factors) / (profiles.MOST - 1)
    assert areas == pytest.approx(profiles.scores(found), abs=1e-3)
