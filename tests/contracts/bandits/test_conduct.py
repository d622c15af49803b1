"""What every bandit policy keeps to, in its interpreted form, whose decisions the compiled one shares."""

import copy

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.policy import defines
from sim.domains.bandits import Setting, System, channels_needed
from sim.study import catalog
from sim.study.experiment import first_rows
from tests.contracts.bandits.subjects import CAUSAL, EVERY, FLEXIBLE, changing, made, snapshot, takes_context, trace
from tests.domains.bandits.worked import judged, run, table_of

SEEDS = range(3)


@EVERY
def test_the_log_alone_gives_every_metric_again(name):
    for seed in SEEDS:
        result = run(made(name), trace(seed))
        again = System(Setting()).replay(trace(seed), result.decisions)
        told = ("simple_regret", "correct", "samples") if defines(made(name), "recommended") else ()
        assert {**again, **dict.fromkeys(told)} == {**result.metrics, **dict.fromkeys(told)}


@EVERY
def test_regrets_are_in_order_and_no_arm_beats_the_best_one(name):
    for seed in SEEDS:
        found = judged(made(name), trace(seed), breaks=3)
        assert found["regret"] <= found["tracking_regret"] + 1e-9 <= found["dynamic_regret"] + 2e-9
        assert found["dynamic_regret"] >= 0
        if name == "best_fixed":
            assert found["regret"] == 0


@EVERY
def test_a_run_is_the_same_again_and_from_a_copy_and_leaves_the_policy_as_it_was(name):
    policy = made(name)
    before = snapshot(policy)
    first, again, copied = (run(p, trace(0), seed=3) for p in (policy, policy, copy.deepcopy(policy)))
    assert snapshot(policy) == before
    assert first.decisions.same_as(again.decisions) and first.decisions.same_as(copied.decisions)
    assert first.metrics == again.metrics == copied.metrics


@EVERY
def test_only_a_policy_that_draws_depends_on_the_seed(name):
    logs = [run(made(name), trace(1), seed=seed).decisions for seed in range(4)]
    assert all(log.same_as(logs[0]) for log in logs) != catalog.draws(made(name))


@CAUSAL
@pytest.mark.parametrize("n", [7, 60, 155])
def test_decisions_do_not_depend_on_what_comes_later(name, n):
    """The number of rounds to come is known, and stays; what they hold is another matter."""
    whole = trace(0)
    other = whole.with_column("rewards", np.concatenate([whole["rewards"][:n], 1 - whole["rewards"][n:]]))
    first, second = run(made(name), whole).decisions, run(made(name), other).decisions
    assert first.subject[: n + 1].tolist() == second.subject[: n + 1].tolist()


@EVERY
def test_a_policy_sees_contexts_and_predictions_only_where_it_declares_them(name):
    policy = made(name)
    begun = System(Setting()).begin(trace(0), copy.deepcopy(policy), np.random.default_rng(0))
    table = begun.objects["table"]
    assert (table.context is not None) == takes_context(name)
    assert (table.advice is not None) == bool(channels_needed(policy))
    bare = table_of(trace(0)["rewards"])
    if channels_needed(policy):
        with pytest.raises(InputError, match="channel predicted_arm: give --predict best_arm"):
            run(policy, bare)
    elif takes_context(name):
        with pytest.raises(InputError, match="expected a column context"):
            run(policy, bare)
    else:
        assert run(policy, trace(0)).notices == (
            "policies that take no context are not handed that of trace contract 0",
        )


@EVERY
def test_the_probabilities_told_sum_to_one_and_are_those_of_the_draws(name):
    policy, table = made(name), trace(0)
    if not defines(policy, "probability"):
        pytest.skip("tells no probabilities")
    policy.begin(Setting().on(table), np.random.default_rng(1))
    n = 600
    for t in range(60):
        if defines(policy, "advise"):
            policy.advise(table["predicted_arm"][t])
        context = table["context"][t] if takes_context(name) else None
        if t in (9, 59):  # many draws from the same state
            counts = np.zeros(4)
            for seed in range(n):
                twin = copy.deepcopy(policy)
                twin.rng = np.random.default_rng(seed)  # its parts, if any, draw the same again
                counts[int(twin.choose(context))] += 1
        arm = int(policy.choose(context))
        told = np.array([policy.probability(k) for k in range(4)])
        assert told.min() >= 0 and told.sum() == pytest.approx(1, abs=1e-9) and told[arm] > 0
        if t in (9, 59):
            expected = told * n
            assert np.all(np.abs(counts - expected) < 5 * np.sqrt(np.maximum(expected, 1)))
        policy.update(arm, table["rewards"][t, arm], table["cost"][t, arm])


@EVERY
def test_no_arm_is_left_untried_however_well_the_first_ones_pay(name):
    """Public libraries begin untried arms at 0, or at the mean 1, so that the first arm to pay may be pulled for ever."""
    n_arms = 4
    for reward in (0.9, 1.0, 0.1):
        rewards = np.full((600, n_arms), reward)
        rewards[:, n_arms - 1] = min(1.0, reward + 0.1)
        table = table_of(rewards, context=trace(0, 600)["context"], predicted_arm=np.zeros(600, np.int64))
        tried = set()
        for seed in range(3):
            tried |= set(run(made(name), table, seed=seed).decisions.subject.tolist())
        assert tried == set(range(n_arms)) or name in STUBBORN


STUBBORN = {"best_each", "best_fixed", "fixed", "follow_pred"}
"""Those that do not learn."""


@FLEXIBLE
def test_arms_that_are_gone_are_never_pulled_and_those_that_come_are_taken_up(name):
    for seed in SEEDS:
        result = run(made(name), changing(seed))
        assert result.metrics["rounds"] == 300
        there = changing(seed)["available"]
        assert there[np.arange(300), result.decisions.subject].all()


@EVERY
def test_a_budget_ends_the_run_with_the_pull_that_reaches_it(name):
    result = run(made(name), trace(0), budget=20.0)
    last = trace(0)["cost"][result.metrics["rounds"] - 1, result.decisions.subject[-1]]
    assert 20 <= result.metrics["cost"] < 20 + last + 1e-9
    assert len(result.decisions) == result.metrics["rounds"] < 300


@EVERY
def test_fewer_rounds_are_the_first_ones(name):
    assert run(made(name), trace(0), rounds=50).metrics == run(made(name), first_rows(trace(0), 50)).metrics
