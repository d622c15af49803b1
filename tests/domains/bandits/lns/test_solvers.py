"""Solvers behind one interface: they agree, stop where they are told to, and repeat themselves."""

import importlib.util
import math

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.domains.bandits.lns import solvers
from sim.domains.bandits.lns.model import Model
from sim.domains.bandits.lns.solvers import INFEASIBLE, OPTIMAL, STOPPED, UNBOUNDED, Limits, highs
from tests.domains.bandits.lns.worked import bag, knapsack, model_of

HAS_SCIP = importlib.util.find_spec("pyscipopt") is not None

EACH = pytest.mark.parametrize(
    "name", ["highs", pytest.param("scip", marks=pytest.mark.skipif(not HAS_SCIP, reason="PySCIPOpt is not installed"))]
)


def chance(seed: int) -> Model:
    """A random program of eight binaries, infeasible for some seeds."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(-1, 9, (3, 8)).tolist()
    return Model.of(model_of(rng.integers(-9, 10, 8).tolist(), rows, [4, -math.inf, 3], [4, 5, 3]))


@EACH
def test_every_solver_finds_what_trying_all_points_finds(name):
    solver, exact = solvers.find(name), solvers.find("enumerate")
    found = set()
    for seed in range(12):
        model = chance(seed)
        expected, solved = exact.solve(model, Limits()), solver.solve(model, Limits(), seed=seed)
        found.add(expected.status)
        assert solved.status == expected.status
        if expected.x is not None:
            assert model.is_feasible(solved.x) and model.objective(model.snapped(solved.x)) == model.objective(
                expected.x
            )
    assert found == {OPTIMAL, INFEASIBLE}


def test_enumeration_takes_the_first_of_equal_points_and_counts_the_points_it_tried():
    solved = solvers.find("enumerate").solve(
        Model.of(model_of([1, 1, 1], [[1, 1, 1]], [2], [9])), Limits(), follow=True
    )
    assert solved.x.tolist() == [0, 1, 1] and (solved.work, solved.status) == (8, OPTIMAL)
    assert [(work, x.tolist()) for work, _, x in solved.points] == [(4, [0, 1, 1])]
    few = solvers.find("enumerate").solve(Model.of(bag()), Limits(work=5))
    assert (few.status, few.work) == (STOPPED, 5)


def test_enumeration_refuses_what_is_too_large_for_it():
    with pytest.raises(InputError, match="at most 20 free variables, all integer with two values each; worked has 21"):
        solvers.find("enumerate").solve(Model.of(model_of([1] * 21, [[1] * 21], [0], [9])), Limits())
    with pytest.raises(InputError, match="worked has 2 free ones"):
        solvers.find("enumerate").solve(Model.of(model_of([1, 1], [[1, 1]], [0], [9], kinds="bc")), Limits())


@EACH
def test_how_a_solve_ended_is_told(name):
    solver = solvers.find(name)
    endless = Model.of(model_of([-1, 0], [[1, 0]], [0], [math.inf], kinds="ib", upper=[math.inf, 1]))
    assert solver.solve(endless, Limits()).status == UNBOUNDED and solver.relax(endless, Limits()).status == UNBOUNDED
    never = Model.of(model_of([1, 1], [[2, 2]], [1], [1]))
    assert solver.solve(never, Limits()).status == INFEASIBLE and solver.relax(never, Limits()).status == OPTIMAL
    nowhere = Model.of(model_of([1, 1], [[1, 1]], [3], [9]))
    assert solver.relax(nowhere, Limits()).status == INFEASIBLE


@EACH
def test_one_point_is_enough_where_one_is_asked_for(name):
    model = Model.of(knapsack())
    solved = solvers.find(name).solve(model, Limits(points=1), follow=True)
    assert solved.status == STOPPED and solved.nodes <= 1 and model.is_feasible(solved.x)


@EACH
def test_a_start_is_not_lost_even_where_nothing_is_searched(name):
    model = Model.of(knapsack())
    good = model.snapped(solvers.find(name).solve(model, Limits(nodes=200)).x)
    again = solvers.find(name).solve(model, Limits(nodes=1, work=1), start=good)
    assert again.x is not None and model.objective(model.snapped(again.x)) <= model.objective(good) + 1e-9


@EACH
def test_equal_arguments_give_equal_points_nodes_and_iterations_and_a_limit_is_kept(name):
    model = Model.of(knapsack())
    first, again = (solvers.find(name).solve(model, Limits(nodes=40), seed=7, follow=True) for _ in range(2))
    assert (first.nodes, first.iterations, first.status) == (again.nodes, again.iterations, again.status)
    assert first.x.tolist() == again.x.tolist() and first.status == STOPPED and first.nodes <= 41
    assert [(work, x.tolist()) for work, _, x in first.points] == [(work, x.tolist()) for work, _, x in again.points]
    assert first.work == first.iterations + 10 * first.nodes + 1
    followed = [work for work, _, _ in first.points]
    assert followed == sorted(followed) and followed[-1] <= first.work
    small = solvers.find(name).solve(model, Limits(work=300), seed=7)
    assert small.status == STOPPED and small.work < first.work


@EACH
def test_the_wall_clock_is_a_safety_that_says_that_it_was_needed(name):
    solved = solvers.find(name).solve(Model.of(knapsack()), Limits(seconds=0.02))
    assert solved.is_late and solved.status == STOPPED


@EACH
def test_the_relaxation_bounds_the_best_point(name):
    relaxed = solvers.find(name).relax(Model.of(bag()), Limits())
    assert Model.of(bag()).objective(relaxed.x) == pytest.approx(-(7 + 10 + 13 / 4))  # by density


@pytest.mark.parametrize(
    ("line", "work"),
    [
        ("       0       0         0   0.00%   -43687.12     -inf            inf        0      0      0         0     0.0s", 1),
        (" L       0       0         0   0.00%   -43687.12  -43511.3      0.40%      112     14      0       128     0.3s", 129),
        ("       153       5        63  91.41%   -43687.12  -43648.1      0.09%      118     18   1033      1512     0.5s", 3043),
        (" T   1200k   12   63  91.41%   -43687.12  -43648.1   0.09%   118     18   1033     1500k     9.5s", 13_500_001),
        ("Running HiGHS 1.12.0 (git hash: 755a8e0): Copyright (c) 2025 HiGHS under MIT licence terms", None),
        ("   Nodes      |    B&B Tree     |            Objective Bounds              |  Dynamic Constraints |       Work", None),
        ("", None),
    ],
)  # fmt: skip
def test_work_is_read_off_the_log(line, work):
    """Nodes count ten; thousands may be told as such."""
    assert highs.work_of(line) == work


def test_a_solver_that_there_is_not_is_named():
    with pytest.raises(InputError, match=r'no solver named "gurobi" \(solvers: enumerate, highs, scip\)'):
        solvers.find("gurobi")
