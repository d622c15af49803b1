"""A model as arrays: what makes a point feasible, what it is worth, what it is called."""

import math

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.trace import Trace
from sim.domains.bandits.lns.model import Model
from sim.study.experiment import first_rows
from tests.domains.bandits.lns.worked import bag, model_of


def test_a_maximised_model_is_minimised_within_and_told_as_it_was():
    model = Model.of(bag(offset=5))
    x = np.array([0.0, 1.0, 1.0, 0.0])
    assert model.is_maximised and model.objective(x) == -25 and model.told(-25) == 25
    assert model.objective(np.zeros(4)) == -5


def test_variables_are_binary_only_within_nought_and_one():
    trace = model_of([1] * 4, [[1] * 4], [0], [9], kinds="bicb", upper=[1, 9, 9, 0])
    model = Model.of(trace)
    assert [model.integers.tolist(), model.binaries.tolist(), model.generals.tolist()] == [[0, 1, 3], [0], [1, 3]]


@pytest.mark.parametrize(
    ("x", "violation"),
    [
        ([1, 0, 2], 0),
        ([1, 0, 2 + 1e-7], 5e-8),  # of 2
        ([0.6, 0.6, 2], 0.4),  # not integer
        ([1, 1, 2], 1 / 3),  # 2 where 1.5 is the most
        ([0, 0, 0], 1),  # 0 where 1 is the least
        ([1, 0, -2], 2),  # below its bound
        ([1, 0, math.nan], math.inf),
    ],
)
def test_the_largest_violation_of_rows_bounds_and_integrality(x, violation):
    """Rows 1 <= x0 + x1 <= 1.5 and x2 <= 2; violations of sides above 1 are told relative to them."""
    model = Model.of(model_of([1, 1, 1], [[1, 1, 0], [0, 0, 1]], [1, -math.inf], [1.5, 2], kinds="bbc"))
    found = model.violation(np.array(x, float))
    assert found == pytest.approx(violation) and model.is_feasible(np.array(x, float)) == (found <= 1e-6)


def test_a_point_is_called_by_its_integer_part_and_its_objective():
    model = Model.of(model_of([1, 0, 1], [[1, 1, 1]], [0], [9], kinds="bbc"))
    names = {
        model.state(np.array(x), objective)
        for x, objective in (
            ([1.0, 0.0, 2.0], 3.0),
            ([1.0 - 1e-9, 1e-9, 2.0], 3.0 + 1e-10),  # the same
            ([0.0, 1.0, 2.0], 3.0),
            ([1.0, 0.0, 1.0], 2.0),
        )
    }
    assert len(names) == 3 and all(len(name) == 16 and set(name) <= set("0123456789abcdef") for name in names)
    zeros = (np.array([0.0, 0.0, -0.0]), -0.0), (np.zeros(3), 0.0)
    assert model.state(*zeros[0]) == model.state(*zeros[1])


def test_a_points_objective_is_summed_exactly():
    model = Model.of(model_of([1e16, 1.0, -1e16], [[1, 1, 1]], [0], [9]))
    assert model.objective(np.ones(3)) == 1


def test_distance_counts_the_binaries_that_differ():
    model = Model.of(model_of([0] * 4, [[1] * 4], [0], [9], kinds="bibb"))
    coefficients, constant = model.distance(np.array([1.0, 7.0, 0.0, 1.0]))
    for other, n in (([1, 0, 0, 1], 0), ([0, 7, 0, 1], 1), ([0, 7, 1, 0], 3)):
        assert coefficients @ np.array(other)[model.binaries] + constant == n


def test_what_is_no_model_or_cut_short_is_refused():
    with pytest.raises(InputError, match=r"holds no mixed-integer program: expected a \.mps or \.lp file"):
        Model.of(Trace("rewards", "bandits", {"rewards": np.zeros((3, 2))}))
    with pytest.raises(InputError, match="only 2 variables of bag are left: a model is read whole, without -n"):
        Model.of(first_rows(bag(), 2))
