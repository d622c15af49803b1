"""Neighbourhoods, each on a point worked by hand: what is free, what is fixed, within which bounds."""

import math

import numpy as np
import pytest

from sim.core.errors import InputError, UnknownName
from sim.core.seeds import stream
from sim.domains.bandits.lns import live, neighbourhoods, portfolios
from sim.domains.bandits.lns.acceptance import Rule
from sim.domains.bandits.lns.model import Model
from sim.domains.bandits.lns.solvers import STOPPED, Solved, highs
from tests.domains.bandits.lns.worked import bag, built, free, model_of

BINARIES = model_of([-1.0] * 10, [[1.0] * 10], [0], [10])
MIXED = model_of([1, 1, 1, 1, 1], [[1] * 5], [0], [99], kinds="biicb")


def test_mutation_frees_the_floor_of_its_part_and_fixes_the_rest_the_continuous_too():
    sub = built("mutation_50", MIXED, [1, 4, 5, 2.5, 0], draws=(0.9, 0.1, 0.5, 0.3))
    assert free(sub) == [1, 4]  # two of four integers, those of the smallest draws
    assert sub.model.lower.tolist() == [1, 0, 5, 2.5, 0] and sub.model.upper.tolist() == [1, 9, 5, 2.5, 1]
    assert sub.start.tolist() == [1, 4, 5, 2.5, 0]
    assert built("mutation_10", MIXED, [1, 4, 5, 2.5, 0]) is None  # a tenth of four is none
    assert len(free(built("mutation_30", BINARIES, [0] * 10, draws=tuple(np.arange(10) / 10)))) == 3


def test_rins_draws_with_replacement_among_the_integers_that_differ_from_the_relaxation():
    x, relaxed = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 0.5, 0.5, 0.5, 0, 0, 0.1]
    assert free(built("rins_50", BINARIES, x, relaxed, draws=(0.0, 0.99))) == [4, 9]
    assert free(built("rins_50", BINARIES, x, relaxed, draws=(0.3, 0.3))) == [5]  # drawn twice, free once
    assert built("rins_95", BINARIES, x, x) is None


def test_rens_rounds_what_is_fractional_whether_or_not_the_incumbent_lies_within():
    x, relaxed = [1, 4, 5, 2.5, 0], [1, 4.25, 7.5, 2.25, 0.5]
    inside = built("rens_50", MIXED, x, relaxed, draws=(0.0,))
    assert (inside.model.lower[1], inside.model.upper[1], free(inside)) == (4, 5, [1])
    assert inside.start.tolist() == x
    outside = built("rens_50", MIXED, x, relaxed, draws=(0.4,))
    assert (outside.model.lower[2], outside.model.upper[2]) == (7, 8) and outside.start is None
    assert built("rens_50", MIXED, x, x) is None  # nothing is fractional


def test_dins_lets_far_general_integers_come_nearer_within_their_bounds():
    sub = built("dins", MIXED, [1, 4, 1, 2.5, 0], [0.2, 4.3, 3.5, 2.5, 0.9])
    assert free(sub) == [2] and (sub.model.lower[2], sub.model.upper[2]) == (1, 6)
    assert (built("dins", MIXED, [1, 9, 3, 0, 0], [1, 7.5, 3, 0, 0]).model.upper[1]) == 9  # 7.5 + 1.5, and its bound
    assert built("dins", MIXED, [1, 4, 1, 2.5, 0], [0.2, 4.3, 1.4, 2.5, 0.9]) is None


def test_local_branching_draws_its_radius_with_both_ends_in_and_fixes_nothing():
    twenty = model_of([-1.0] * 20, [[1.0] * 20], [0], [20])
    radii = []
    for draw in (0.0, 0.49, 0.999):
        sub = built("local_branching_10", twenty, [1.0] * 5 + [0.0] * 15, draws=(draw,))
        assert len(free(sub)) == 20 and sub.limits == neighbourhoods.BRANCHING
        radii.append(sub.model.row_upper[-1] + 5)  # the row counts from the five ones of the incumbent
    assert radii == [1, 1, 2]
    few = model_of([-1.0] * 4, [[1.0] * 4], [0], [4])
    assert built("local_branching_10", few, [0] * 4) is None  # a radius of 0


@pytest.mark.parametrize(("sign", "z"), [(-1.0, -3.0), (1.0, 3.0)])
def test_proximity_asks_for_better_by_a_part_of_the_absolute_objective(sign, z):
    """Below 0 too; with the slack the incumbent itself is a point of the problem."""
    trace = model_of([sign] * 4, [[1] * 4], [0], [4])
    sub = built("proximity_10", trace, [1, 1, 1, 0])
    assert free(sub) == [0, 1, 2, 3, 4] and sub.model.row_upper[-1] == pytest.approx(z - 0.3)
    assert sub.start.tolist() == [1, 1, 1, 0, pytest.approx(0.3)] and sub.model.is_feasible(sub.start)
    assert sub.model.objective(sub.start) == pytest.approx(1000 * 0.3)  # no binary differs, all is slack
    assert sub.model.objective(np.array([0.0, 1, 1, 1, 0])) == 2  # two differ


def test_proximity_takes_the_offset_off_its_cutoff():
    sub = built("proximity_10", model_of([-1.0] * 4, [[1] * 4], [0], [4], offset=-7.0), [1, 1, 1, 0])
    assert sub.model.row_upper[-1] == pytest.approx(-10 - 1 + 7)


def test_random_objectives_lie_between_one_and_minus_one_for_every_variable():
    sub = built("random_objective", MIXED, [1, 4, 5, 2.5, 0], draws=(0.0, 0.25, 0.5, 1.0))
    assert sub.model.cost.tolist() == [-1, -0.5, 0, 1, -1] and len(free(sub)) == 5


def test_crossover_frees_what_differs_from_the_first_point_under_random_costs():
    asked = []

    def solve(model, kind, points):
        asked.append((model.cost.tolist(), kind, points))
        return Solved(STOPPED, np.array([0.0, 4 + 1e-12, 6, 7, 0]), 1, 1)

    sub = built("crossover", MIXED, [1, 4, 5, 2.5, 0], draws=(1.0,), solve=solve)
    assert free(sub) == [0, 2] and asked == [([1.0] * 5, neighbourhoods.POINT, 1)]
    assert built("crossover", MIXED, [1, 4, 5, 2.5, 0]) is None  # no point is found


def test_lb_relax_frees_the_binaries_that_the_relaxation_of_local_branching_moves_most():
    asked = []

    def relax(model):
        asked.append(model.row_upper[-1])
        return Solved(STOPPED, np.array([0.9, 0.2, 0.8, 0.7, 0.0, 0, 0, 0, 0, 0]), 0, 1)

    sub = built("lb_relax_20", BINARIES, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0], relax=relax)
    assert free(sub) == [1, 3] and asked == [2 - 3]


def test_the_incumbent_is_handed_over_wherever_it_is_feasible():
    trace = bag()
    model = Model.of(trace)
    x, relaxed = [1, 0, 0, 1], [1, 0.75, 0, 0]

    def solve(problem, kind, points):
        return highs.solve(problem, live.Limits(points=points), seed=1)

    for name in ("mutation_50", "rins_95", "crossover", "local_branching_50", "proximity_10", "random_objective"):
        sub = built(name, trace, x, relaxed, draws=(0.9, 0.3, 0.6), solve=solve)
        assert sub is not None and sub.start is not None and sub.model.is_feasible(sub.start)
        assert sub.start[: model.n].tolist() == x


def test_parts_are_safe_from_rounding():
    assert [neighbourhoods.part(p, 10) for p in (0.3, 0.7, 0.05, 0.95)] == [3, 7, 0, 9]
    assert neighbourhoods.part(0.29, 100) == 29


@pytest.mark.parametrize(
    ("name", "size"),
    [("mutation_05", 0.05), ("proximity_005", 0.005), ("proximity_05", 0.05), ("rens_95", 0.95), ("crossover", 0)],
)
def test_sizes_are_read_from_names(name, size):
    assert neighbourhoods.arm(name).size == size


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mutatoin_50", 'no neighbourhood named "mutatoin"; did you mean "mutation"?'),
        ("mutation", "mutation needs a size in two digits of per cent"),
        ("mutation_5", "mutation needs a size in two digits"),
        ("rins_00", "rins needs a size"),
        ("dins_20", "dins takes no size"),
    ],
)
def test_what_is_no_arm_is_refused(name, said):
    with pytest.raises(UnknownName) as refused:
        neighbourhoods.arm(name)
    assert said in str(refused.value)


def test_arms_that_never_have_anything_to_solve_are_said_and_dropped():
    everything = ["crossover", "dins", "local_branching_10", "proximity_005", "mutation_50"]
    kept, lines = live.suited(Model.of(bag()), everything)
    assert [arm.name for arm in kept] == ["crossover", "local_branching_10", "proximity_005", "mutation_50"]
    assert lines == ["bag has no general integers: dins dropped"]
    whole = Model.of(model_of([1, 1], [[1, 1]], [1], [9], kinds="ii"))
    kept, lines = live.suited(whole, everything)
    assert [arm.name for arm in kept] == ["crossover", "dins", "mutation_50"]
    assert lines == ["worked has no binary variables: local_branching_10, proximity_005 dropped"]
    with pytest.raises(InputError, match="no arm is left: bag has no general integers: dins dropped"):
        live.suited(Model.of(bag()), ["dins"])
    with pytest.raises(InputError, match=r"no arm is left: worked has no integer variables: crossover, mutation_50"):
        live.suited(Model.of(model_of([1, 1], [[1, 1]], [1], [9], kinds="cc")), ["crossover", "mutation_50", "dins"])


def test_portfolios_are_complete_and_have_the_published_numbers_of_arms():
    n_arms = {name: len(portfolio.arms) for name, portfolio in portfolios.PORTFOLIOS.items()}
    assert n_arms["ijcai_miplib"] == 16 and n_arms["default"] == 10 and n_arms["readme"] == 8
    for name, portfolio in portfolios.PORTFOLIOS.items():
        assert len(set(portfolio.arms)) == n_arms[name] and all(neighbourhoods.arm(arm) for arm in portfolio.arms)
        assert portfolio.accept == Rule.of(portfolio.accept).text and len(portfolio.scores) == 4
    with pytest.raises(UnknownName, match="did you mean"):
        portfolios.find("defualt")
    with pytest.raises(InputError, match="each once"):
        portfolios.find("rins_50;rins_50")


def test_random_portfolios_have_one_of_each_family_from_six_arms_on():
    sizes = set()
    for seed in range(200):
        portfolio = portfolios.drawn(stream(seed, "members"), coins=bool(seed % 2))
        families = {neighbourhoods.arm(arm).neighbourhood.__name__ for arm in portfolio.arms}
        sizes.add(len(portfolio.arms))
        assert len(set(portfolio.arms)) == len(portfolio.arms)
        assert len(families) == min(len(portfolio.arms), 6)
        assert portfolio.scores in (portfolios.COINS if seed % 2 else portfolios.SCORES)
        assert Rule.of(portfolio.accept)
    assert sizes == set(range(4, 19))
    assert portfolios.drawn(stream(1, "members"), coins=False) == portfolios.drawn(stream(1, "members"), coins=False)


def test_the_radius_of_a_part_below_a_twentieth_is_that_part():
    hundred = model_of([-1.0] * 100, [[1.0] * 100], [0], [100])
    sub = built("local_branching_02", hundred, [0.0] * 100, draws=(0.7,))
    assert sub.model.row_upper[-1] == 2 and sub.model.row_lower[-1] == -math.inf
