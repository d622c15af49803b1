"""Invented bandits: the means they tell are those of their rewards, and equal parameters and seeds give equal tables."""

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.domains.bandits import Setting
from sim.study import catalog
from tests.domains.bandits.worked import table_of
from workloads import bandits

N = 20_000

MODELS = {"set_cover", "independent_set", "vertex_cover", "auction", "multi_knapsack", "facility", "gisp"}
"""Mixed-integer programs, which have tests of their own."""

NAMES = sorted(set(catalog.workloads("bandits")) - MODELS)


def made(name, seed=3, **parameters):
    return getattr(bandits, name)(stream(seed, "workload", name), **{"n_rounds": N, **parameters})


@pytest.mark.parametrize("name", ["bernoulli", "beta", "normal", "piecewise", "drift", "linear", "costly"])
def test_the_means_told_are_those_of_the_rewards(name):
    trace = made(name)
    rewards = trace["rewards"]
    means = trace["means"] if "means" in trace else np.broadcast_to(trace.tables["means"], rewards.shape)
    assert rewards.shape == means.shape and rewards.min() >= 0 and rewards.max() <= 1
    # rewards in [0, 1] have a standard deviation of at most 1/2; five of the mean's
    assert np.all(np.abs(np.mean(rewards - means, axis=0)) < 5 * 0.5 / np.sqrt(N))


def test_normal_rewards_are_cut_where_their_means_say():
    trace = made("normal", means=(0.0, 1.0, 0.5), sd=0.1)
    # the mean of a normal distribution cut in half is sd sqrt(2 / pi)
    assert trace.tables["means"] == pytest.approx([0.1 * np.sqrt(2 / np.pi), 1 - 0.1 * np.sqrt(2 / np.pi), 0.5])


SYSTEMS = {"laplacian", "heat"}
"""Sequences of linear systems; nothing is drawn in the heat equation."""


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_give_equal_tables_and_others_do_not(name):
    parameters = {"n_systems": 40} if name in SYSTEMS else {"n_rounds": 500}
    first, again, other = (getattr(bandits, name)(stream(seed, "workload", name), **parameters) for seed in (0, 0, 1))
    assert all(np.array_equal(first[column], again[column]) for column in first.columns)
    assert any(not np.array_equal(first[column], other[column]) for column in first.columns) == (name != "heat")


@pytest.mark.parametrize("name", ["bernoulli", "beta", "normal", "piecewise"])
def test_means_are_drawn_anew_for_every_table_where_only_their_number_is_given(name):
    """A thousand uniform draws from [0.2, 0.6]: 0.4 on average, with a standard deviation of 0.4 / sqrt(12 * 1000)."""
    trace, other = (made(name, seed, means=(0.6, 0.2), n_arms=1000, n_rounds=4) for seed in (3, 4))
    means, others = (np.asarray(each["means"] if "means" in each else each.tables["means"]) for each in (trace, other))
    assert means.shape[-1] == 1000 and 0.2 <= means.min() < 0.21 and 0.59 < means.max() <= 0.6
    assert abs(means.mean() - 0.4) < 5 * 0.4 / np.sqrt(12_000) and not np.array_equal(means, others)
    assert trace.origin["n_arms"] == 1000


def test_as_many_arms_as_there_are_means_where_no_number_is_given():
    assert made("bernoulli", n_arms=0).tables["means"].tolist() == list(bandits.MEANS)
    with pytest.raises(InputError, match="bernoulli: n_arms must be at least 0, where 0 stands for an arm for each"):
        made("bernoulli", n_arms=-1)


def test_piecewise_means_move_on_by_one_arm_at_equal_distances():
    trace = bandits.piecewise(stream(0, "x"), means=(0.9, 0.5, 0.1), n_breaks=2, n_rounds=9)
    assert trace["means"][::3].tolist() == [[0.9, 0.5, 0.1], [0.1, 0.9, 0.5], [0.5, 0.1, 0.9]]
    assert len(np.unique(trace["means"], axis=0)) == 3


def test_rotting_arms_earn_less_at_every_pull():
    trace = bandits.rotting(stream(0, "x"), n_rounds=100)
    assert "rewards" not in trace and np.all(np.diff(trace["pulls"], axis=0) < 0)
    assert trace["pulls"][0].tolist() == list(bandits.MEANS)


def test_in_adversarial_blocks_one_arm_alone_pays():
    rewards = made("adversarial")["rewards"]
    assert np.all(rewards.sum(axis=1) == 1)
    starts = np.flatnonzero(np.any(np.diff(rewards, axis=0) != 0, axis=1)) + 1
    assert starts[0] == 16 and np.all(np.diff(np.diff(np.concatenate([[0], starts]))) > 0)


def test_predictions_name_the_best_arm_but_for_the_share_that_is_flipped():
    trace = made("bernoulli")
    setting = Setting().on(trace)
    for flip in (0.0, 0.3, 1.0):
        predicted = bandits.best_arm(trace, setting, stream(1, "p"), flip=flip)["predicted_arm"]
        wrong = predicted != 0
        assert abs(wrong.mean() - flip) < 5 * 0.5 / np.sqrt(N)
        assert set(predicted.tolist()) <= set(range(5))
    less, more = (bandits.best_arm(trace, setting, stream(1, "p"), flip=f)["predicted_arm"] for f in (0.2, 0.4))
    assert np.all((less == 0) | (less == more))


def test_predictions_without_means_go_by_what_the_arms_earn_in_all():
    trace = table_of([[0, 1, 0.5], [0, 1, 0.6]])
    predicted = bandits.best_arm(trace, Setting().on(trace), stream(0, "p"))
    assert predicted["predicted_arm"].tolist() == [1, 1]
    second = bandits.best_arm(trace, Setting().on(trace), stream(0, "p"), rank=1)
    assert second["predicted_arm"].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("bernoulli", {"means": (0.5, 1.2)}, r"means must lie in \[0, 1\], got 1.2"),
        ("bernoulli", {"means": ()}, "means must name at least one arm"),
        ("bernoulli", {"n_rounds": 0}, "n_rounds must be at least 1, got 0"),
        ("beta", {"means": (0.5, 1.0)}, "strictly between 0 and 1"),
        ("beta", {"spread": 0.0}, "spread must be above 0, got 0"),
        ("normal", {"sd": -1.0}, "sd must be above 0, got -1"),
        ("piecewise", {"n_breaks": -1}, "n_breaks must be at least 0"),
        ("drift", {"step": float("nan")}, "step must be at least 0, got nan"),
        ("rotting", {"half_life": 0.0}, "half_life must be above 0"),
        ("adversarial", {"ratio": 0.5}, "ratio must be at least 1, got 0.5"),
        ("linear", {"noise": 0.3}, r"noise must be in \[0, 0.2\], got 0.3"),
        ("costly", {"costs": (0.5,)}, "costs must be 5 numbers above 0, one per arm, got 1"),
    ],
)
def test_parameters_outside_their_range_are_refused(name, parameters, said):
    with pytest.raises(InputError, match=said):
        made(name, **parameters)
    with pytest.raises(InputError, match="flip must be a probability"):
        bandits.best_arm(table_of([[1, 0]]), Setting(), stream(0, "p"), flip=1.5)
    with pytest.raises(InputError, match="rank must be 0 to 1, got 2"):
        bandits.best_arm(table_of([[1, 0]]), Setting(), stream(0, "p"), rank=2)
