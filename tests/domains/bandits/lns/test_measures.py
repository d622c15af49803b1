"""The primal gap and the primal integral, against numbers worked by hand."""

import math

import pytest

from sim.domains.bandits.lns.measures import is_better, primal_gap, primal_integral


def test_the_integral_of_a_worked_example():
    """Optimum 10; points of 12 at 2, 10.5 at 5, 10 at 8: gaps 1/6, 1/21, 0, and 1 before the first."""
    found = primal_integral([(2, 12.0), (5, 10.5), (8, 10.0)], 10.0, 10.0)
    assert found == pytest.approx(2 + 3 / 6 + 3 / 21) and round(found, 6) == 2.642857


def test_points_beyond_the_end_do_not_count():
    assert primal_integral([(2, 12.0), (5, 10.0)], 10.0, 4.0) == pytest.approx(2 + 2 / 6)
    assert primal_integral([(5, 10.0)], 10.0, 4.0) == primal_integral([], 10.0, 4.0) == 4


@pytest.mark.parametrize(
    ("objective", "optimum", "gap"),
    [
        (None, 5.0, 1.0),
        (0.0, 0.0, 0.0),
        (4.0, 0.0, 1.0),
        (-1.0, -4.0, 0.75),
        (1.0, -4.0, 1.0),
        (12.0, 10.0, 1 / 6),
        (9.0, 10.0, 0.0),  # better than the best known
        (10.0 + 1e-9, 10.0, 0.0),  # within the tolerance
    ],
)
def test_gaps(objective, optimum, gap):
    assert primal_gap(objective, optimum) == pytest.approx(gap)


def test_better_means_by_more_than_the_tolerance_of_either_size():
    assert is_better(0.0, 2e-9) and not is_better(0.0, 1e-9 / 2)
    assert is_better(-1e6 - 0.002, -1e6) and not is_better(-1e6 - 0.0005, -1e6)
    assert is_better(5.0, math.inf) and not is_better(math.inf, math.inf)
