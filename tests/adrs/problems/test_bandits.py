"""The problem of bandits: its seeds are the policies they are named after, and formulas decide alike in all their forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.adrs import evaluate, problem
from sim.adrs.candidate import Status
from sim.adrs.instances import split
from sim.adrs.problem import Formula
from sim.core.engine import replay
from sim.core.seeds import stream
from sim.domains.bandits.setting import Told
from sim.study import catalog
from sim.study.experiment import Bench
from tests.adrs.test_formulas import random_formula, written
from tests.contracts.bandits.subjects import changing, trace
from tests.domains.bandits.worked import run, table_of

BANDITS = problem.find("bandits")
SEEDS = BANDITS.seeds()
TRACES = {"steady": trace(0), "longer": trace(1, 2000), "come and go": changing(0)}


def arms(policy, table, mode="interpreted"):
    return run(policy, table, mode=mode, seed=3).decisions


@pytest.mark.parametrize("table", TRACES.values(), ids=TRACES)
@pytest.mark.parametrize(
    ("seed", "policy"),
    [
        ("indexed: ucb1", "ucb1"),
        ("indexed: alpha_ucb", "alpha_ucb"),
        ("indexed: greedy", "epsilon_greedy,epsilon=0"),
        ("indexed: thompson_gaussian", "thompson_gaussian"),
        ("fading: discounted_ucb", f"discounted_ucb,gamma={1 - 1 / 500}"),
    ],
)
def test_a_seed_decides_as_the_policy_it_is_named_after(seed, policy, table):
    mine, other = (arms(each, table) for each in (BANDITS.policy(SEEDS[seed]), catalog.policy("bandits", policy)))
    assert mine.same_as(other)


def test_one_round_in_ten_is_one_of_chance_and_then_all_arms_are_equally_likely():
    pulled = arms(BANDITS.policy(SEEDS["indexed: epsilon_greedy"]), table_of([1, 0, 0, 0], 4000)).subject
    shares = np.bincount(pulled, minlength=4) / len(pulled)
    sd = math.sqrt(0.025 * 0.975 / 4000)
    assert np.abs(shares[1:] - 0.025).max() < 4 * sd


PULLS = ((0, 1.0), (1, 0.0), (2, 0.5), (0, 0.0), (0, 1.0), (2, 0.25))
"""Arms and rewards; after them two of three pulls of arm 0 have paid, arm 1 has not, and arm 2 has the mean 3/8."""


def after(name, horizon=100):
    """A seed's policy in its seventh round."""
    policy = BANDITS.policy(SEEDS[name])
    policy.begin(Told(n_arms=3, horizon=horizon), stream(0, "policy"))
    for arm, reward in PULLS:
        policy.choose(None)
        policy.update(arm, reward, 1.0)
    policy.choose(None)
    return policy


def test_features_tell_what_was_seen():
    policy = after("indexed: greedy")
    assert [policy.pulls(arm) for arm in range(3)] == [3, 1, 2]
    assert [policy.mean(arm) for arm in range(3)] == pytest.approx([2 / 3, 0, 3 / 8])
    assert [policy.variance(arm) for arm in range(3)] == pytest.approx([2 / 9, 0, 1 / 64])
    assert [policy.last(arm) for arm in range(3)] == [1, 0, 0.25]
    assert [policy.unused(arm) for arm in range(3)] == [2, 5, 1]
    assert policy.divergence(0) == 0 and policy.divergence(1) == pytest.approx(math.log(3))
    assert (policy.total(), policy.left(), policy.arms()) == (6, 94, 3)
    assert (policy.best(), policy.overall()) == pytest.approx((2 / 3, 2.75 / 6))


def test_what_is_drawn_is_drawn_once_a_round():
    policy = after("indexed: greedy")
    noises, chance = [policy.noise(arm) for arm in range(3)], policy.chance()
    assert [policy.noise(arm) for arm in range(3)] == noises and policy.chance() == chance
    assert len(set(noises)) == 3 and 0 <= chance < 1
    policy.update(0, 1.0, 1.0)
    policy.choose(None)
    assert policy.noise(0) != noises[0] and policy.chance() != chance


def test_what_was_lately_counts_by_its_age():
    policy = after("fading: greedy")
    fade = 1 - 1 / 500
    assert policy.weight(2) == pytest.approx(1 + fade**3)
    assert policy.recent(2) == pytest.approx((0.25 + 0.5 * fade**3) / (1 + fade**3))
    assert policy.weights() == pytest.approx(sum(fade**k for k in range(6)))


def test_nothing_is_left_to_come_where_the_horizon_is_not_known():
    assert after("indexed: greedy", horizon=None).left() == 0


def test_moss_widens_by_what_an_arm_lacks_of_an_equal_share_of_all_rounds():
    """Audibert and Bubeck, "Minimax Policies for Adversarial and Stochastic Bandits", COLT 2009, section 2."""
    policy = after("indexed: moss", horizon=6)
    expected = [2 / 3, math.sqrt(math.log(6 / 3)), 3 / 8]
    assert [policy.index(arm) for arm in range(3)] == pytest.approx(expected)


def test_ucb1_tuned_widens_by_the_variance_and_by_what_is_not_known_of_it():
    """Auer, Cesa-Bianchi and Fischer, "Finite-time Analysis of the Multiarmed Bandit Problem", 2002, section 4."""
    policy = after("indexed: ucb1_tuned")
    expected = [
        mean + math.sqrt(math.log(6) / n * min(1 / 4, variance + math.sqrt(2 * math.log(6) / n)))
        for mean, variance, n in ((2 / 3, 2 / 9, 3), (0, 0, 1), (3 / 8, 1 / 64, 2))
    ]
    assert [policy.index(arm) for arm in range(3)] == pytest.approx(expected)


def test_imed_takes_the_arm_that_is_least_surely_not_the_best():
    """Honda and Takemura, "Non-Asymptotic Analysis of a New Bandit Algorithm for Semi-Bounded Rewards", JMLR 2015, section 3."""
    policy = after("indexed: imed")
    third = 3 / 8 * math.log(3 / 8 * 3 / 2) + 5 / 8 * math.log(5 / 8 * 3)
    expected = [-math.log(3), -math.log(3), -2 * third - math.log(2)]
    assert [policy.index(arm) for arm in range(3)] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(40))
def test_a_program_and_the_file_it_is_printed_as_decide_alike(seed, tmp_path):
    formula = random_formula(BANDITS, seed)
    table = list(TRACES.values())[seed % len(TRACES)]
    assert arms(BANDITS.policy(formula), table).same_as(arms(written(BANDITS, formula, tmp_path), table))


@pytest.mark.parametrize("template", [each.name for each in BANDITS.templates])
@pytest.mark.parametrize("table", ["steady", pytest.param("come and go", marks=pytest.mark.slow)])
def test_programs_decide_alike_as_machine_code(template, table):
    formulas = [f for f in (random_formula(BANDITS, seed) for seed in range(40)) if f.template == template][:8]
    for formula in formulas:
        found = arms(BANDITS.policy(formula), TRACES[table], "compiled")
        assert found.same_as(arms(BANDITS.policy(formula), TRACES[table]))


@pytest.mark.parametrize("seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 20))])
def test_a_printed_file_decides_alike_as_machine_code(seed, tmp_path):
    policy = written(BANDITS, random_formula(BANDITS, seed), tmp_path)
    assert arms(policy, trace(0), "compiled").same_as(arms(policy, trace(0)))


def test_an_index_that_is_no_number_ranks_last():
    text = "total * 1e308 * 1e308 - total * 1e308 * 1e308 if last < 0.5 else unused"
    root = BANDITS.template("indexed").parse(text)
    pulled = arms(BANDITS.policy(Formula("indexed", root)), table_of([0, 1, 1, 0], 40)).subject.tolist()
    assert pulled[:4] == [0, 1, 2, 3] and set(pulled[4:]) == {1, 2}


def opened(text):
    """The first instance of a search on a workload, as it is handed to the jail."""
    splits, _ = split(BANDITS, Bench(), traces=[text], options=BANDITS.setting, most_rows=300, seed=0)
    return evaluate.open_instance(BANDITS.system, splits.train[0])


def played(policy, each):
    return replay(each.trace, each.system, policy, seed=each.seed, mode="interpreted", record=True)


@pytest.mark.parametrize("form", ["asked", pytest.param("played", marks=pytest.mark.slow)])
@pytest.mark.parametrize("seed", ["indexed: thompson_gaussian", "indexed: epsilon_greedy", "fading: discounted_ucb"])
def test_a_printed_file_decides_in_the_jail_as_outside(seed, form, monkeypatch):
    if form == "played":
        monkeypatch.setattr(evaluate, "ENOUGH", 0)
    each = opened("workload:bernoulli,n_rounds=300,n_arms=4")
    tried = evaluate.attempt(BANDITS.source(SEEDS[seed]), [each])
    assert (tried.status, tried.form) == (Status.OK, form), tried.detail
    outside = played(BANDITS.policy(SEEDS[seed]), each)
    assert tried.runs[0].decisions.same_as(outside.decisions) and tried.runs[0].metrics == outside.metrics


@pytest.mark.parametrize("text", [*BANDITS.traces, *BANDITS.foreign])
def test_no_policy_is_expected_to_earn_more_than_who_knows_the_best_arm_of_each_round(text):
    each = opened(text)
    policies = [BANDITS.policy(formula) for formula in SEEDS.values()]
    earned = [played(policy, each).metrics["expected_reward"] for policy in policies]
    bound = played(catalog.policy("bandits", BANDITS.bound), each).metrics["expected_reward"]
    assert 0 < min(earned) <= max(earned) <= bound


def test_policies_can_be_tuned_to_both_ends_of_their_ranges():
    for name, ranges in BANDITS.tunable.items():
        for k in (0, 1):
            policy = catalog.policy_class("bandits", name)(**{key: ends[k] for key, ends in ranges.items()})
            assert run(policy, trace(2)).metrics["rounds"] == 300
