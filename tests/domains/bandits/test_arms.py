"""The rules: what is legal, what is paid, what is regretted; and that regret grows as the theorems say."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from policies.bandits.best_each import BestEach
from policies.bandits.best_fixed import BestFixed
from policies.bandits.epsilon_greedy import EpsilonGreedy
from policies.bandits.lucb import LUCB
from policies.bandits.round_robin import RoundRobin
from policies.bandits.tsallis_inf import TsallisINF
from policies.bandits.ucb1 import UCB1
from policies.bandits.uniform import Uniform
from sim.core.errors import IllegalDecision, InputError
from sim.core.trace import Trace
from sim.domains import bandits
from sim.domains.bandits.regret import Hindsight
from sim.study import catalog
from tests.domains.bandits.worked import judged, pulls, run, table_of


class Names(bandits.Policy):
    """Names the arms it is given, in turn."""

    arms: tuple[int, ...] = (0,)

    def begin(self, setting, rng):
        self.t = 0

    def choose(self, context):
        self.t += 1
        return self.arms[(self.t - 1) % len(self.arms)]

    def update(self, arm, reward, cost):
        self.told = (arm, reward, cost)


def test_plain_bandits_are_arms():
    assert catalog.system("bandits") is catalog.system("bandits/arms")
    assert {"bandits", "bandits/arms", "bandits/relaxation"} <= set(catalog.domains())


def test_only_the_pulled_arm_is_paid():
    metrics = judged(Names(arms=(1, 0, 1)), table_of([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]))
    assert metrics["reward"] == pytest.approx(0.2 + 0.3 + 0.6)
    assert metrics["regret"] == pytest.approx(1.2 - 1.1) == metrics["dynamic_regret"]
    assert metrics["cost"] is None and metrics["pseudo_regret"] is None and metrics["arms_pulled"] == 2
    assert metrics["expected_reward"] == metrics["reward"]


def test_pseudo_regret_goes_by_means_and_regret_by_what_was_drawn():
    metrics = judged(Names(arms=(1,)), table_of([[0, 1], [0, 1]], means=[0.6, 0.5]))
    assert metrics["pseudo_regret"] == pytest.approx(0.2) and metrics["regret"] == 0
    assert metrics["reward"] == 2 and metrics["expected_reward"] == 1
    assert metrics["best_arm_share"] == 0 and metrics["correct"] == 0 and metrics["simple_regret"] == pytest.approx(0.1)


def test_tracking_regret_is_against_the_best_sequence_with_few_changes():
    rng = np.random.default_rng(0)
    rewards = rng.random((7, 3))
    hindsight = Hindsight(table_of(rewards))
    for breaks in range(4):
        best = max(
            sum(rewards[t, a] for t, a in enumerate(arms))
            for arms in itertools.product(range(3), repeat=7)
            if sum(a != b for a, b in itertools.pairwise(arms)) <= breaks
        )
        assert hindsight.of_segments(7, breaks) == pytest.approx(best)
    assert hindsight.of_segments(7, 6) == pytest.approx(hindsight.of_rounds(7))


def test_context_regret_is_against_the_best_arm_of_each_bin():
    context = np.array([[-0.9], [-0.1], [0.0], [0.3], [0.8], [5.0]])  # 0 lies between two bins, 5 beyond
    rewards = [[1, 0], [0.5, 0.2], [0, 0.4], [0.1, 0.9], [0, 1], [0.6, 0.5]]
    for bins, best in ((1, 3.0), (2, 1.5 + 2.4), (9, None)):
        metrics = judged(Names(arms=(0,)), table_of(rewards, context=context), bins=bins)
        if best is not None:
            assert metrics["context_regret"] == pytest.approx(best - 2.2)
        assert metrics["regret"] <= metrics["context_regret"] <= metrics["dynamic_regret"]
    assert judged(Names(arms=(0,)), table_of(rewards), bins=2)["context_regret"] is None
    assert judged(Names(arms=(0,)), table_of(rewards, context=context))["context_regret"] is None


def test_of_rested_arms_that_wear_off_the_next_best_pull_is_the_one_to_take():
    rng = np.random.default_rng(1)
    values = -np.sort(-rng.random((5, 3)), axis=0)
    trace = Trace("rested", "bandits", {"pulls": values})
    best = max(
        sum(values[:n, a].sum() for a, n in enumerate(counts))
        for counts in itertools.product(range(6), repeat=3)
        if sum(counts) == 5
    )
    assert Hindsight(trace).of_rounds(5) == pytest.approx(best)
    assert Hindsight(replace(trace, columns={"pulls": values[::-1].copy()})).of_rounds(5) is None


def test_a_rested_arm_pays_by_its_own_pulls_and_not_beyond_them():
    trace = Trace("rested", "bandits", {"pulls": np.array([[0.5, 0.9], [0.25, 0.1]])})
    metrics = judged(Names(arms=(0, 1, 1, 0)), trace, rounds=4)
    assert metrics["reward"] == pytest.approx(0.5 + 0.9 + 0.1 + 0.25) and metrics["regret"] is None
    with pytest.raises(
        IllegalDecision, match="pulled arm 1 once more in round 2; trace rested has 2 pulls of each arm"
    ):
        run(Names(arms=(1,)), trace, rounds=4)
    with pytest.raises(InputError, match="rounds must be at most the 4 of trace rested, got 5"):
        run(Names(arms=(1,)), trace, rounds=5)


@pytest.mark.parametrize("arm", [2, -1])
@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_an_arm_that_is_none_is_refused_with_its_round(arm, mode):
    with pytest.raises(IllegalDecision, match=f"Liar chose arm {arm} in round 0; the arms are 0 to 1"):
        run(Liar(arm=arm), table_of([[0, 1]]), mode=mode)


class Liar(bandits.Policy):
    arm: int = 0

    def choose(self, context):
        return self.arm

    def update(self, arm, reward, cost):
        return


def test_an_arm_that_is_gone_is_refused():
    class Deaf(Names):
        def drop(self, arm):
            return

        def add(self, arm):
            return

    trace = table_of([[0, 1]] * 4, available=np.array([[1, 1], [1, 1], [1, 0], [1, 1]], bool))
    with pytest.raises(IllegalDecision, match="Deaf chose arm 1 in round 2, which is not there then"):
        run(Deaf(arms=(1,)), trace)
    with pytest.raises(InputError, match="Names cannot tell: it has no verbs drop and add"):
        run(Names(), trace)


def test_an_arm_that_comes_back_is_untried():
    there = np.ones((9, 2), bool)
    there[3:6, 1] = False
    assert pulls(UCB1(alpha=0.0), table_of([[1.0, 0.5]] * 9, available=there)) == [0, 1, 0, 0, 0, 0, 1, 0, 0]


def test_the_pull_that_overruns_the_budget_is_made_and_said():
    trace = table_of([[1.0, 0.5]] * 6, cost=np.full((6, 2), [0.75, 0.5]))
    result = run(Names(arms=(0,)), trace, budget=2.0)
    assert result.metrics["rounds"] == 3 and result.metrics["cost"] == 2.25
    assert result.notices == ("Names: the last pull overran the budget of 2",)
    exact = run(Names(arms=(1,)), trace, budget=2.0)
    assert exact.metrics["rounds"] == 4 and exact.notices == ()
    # best ratio: arm 0 earns 4/3 a unit of cost
    assert judged(Names(arms=(1,)), trace, budget=2.0)["budget_regret"] == pytest.approx(2 * 4 / 3 - 4 * 0.5)


def test_a_policy_that_stopped_pulls_what_it_recommends():
    result = run(LUCB(delta=0.2), table_of([0.0, 1.0], 300))
    n = result.metrics["samples"]
    assert 2 < n < 300 and result.metrics["rounds"] == 300
    assert result.decisions.kind.tolist() == [0] * n + [1] * (300 - n)
    assert set(result.decisions.subject[n:].tolist()) == {1}
    assert np.all(result.decisions.probability[n:] == 1)


def test_the_reference_knows_the_best_arm_and_its_regret_is_0():
    rewards = np.random.default_rng(3).random((500, 4))
    assert judged(BestFixed(), table_of(rewards))["regret"] == 0


def test_whoever_knows_the_best_arm_of_each_round_goes_by_means_where_they_are_known():
    rewards = [[0, 1], [1, 0], [0, 1]]
    assert pulls(BestEach(), table_of(rewards)) == [1, 0, 1]
    assert judged(BestEach(), table_of(rewards))["dynamic_regret"] == 0
    assert pulls(BestEach(), table_of(rewards, means=(0.6, 0.4))) == [0, 0, 0]
    moving = table_of(rewards).with_column("means", np.array([[0.6, 0.4], [0.6, 0.4], [0.1, 0.4]]))
    assert pulls(BestEach(), moving) == [0, 0, 1]


def test_of_arms_that_wear_off_the_highest_rewards_are_taken_first():
    worn = Trace("worn", "bandits", {"pulls": np.array([[0.9, 0.5], [0.6, 0.4], [0.1, 0.3]])})
    assert pulls(BestEach(), worn) == [0, 0, 1]
    assert judged(BestEach(), worn)["dynamic_regret"] == pytest.approx(0)


@pytest.mark.parametrize(
    ("trace", "said"),
    [
        (
            table_of([[0.5, 1.5]]),
            "round 0: the reward of arm 1 is 1.5; expected rewards in [0, 1], which UCB1 relies on",
        ),
        (table_of([[0.5, 0.5], [math.nan, 0]]), "round 1: the reward of arm 0 is nan; expected rewards in [0, 1]"),
        (
            table_of([[0.5, 1]], cost=[[-1, 0]]),
            "round 0: the cost of arm 0 is -1; expected a finite number of at least 0",
        ),
        (table_of([[0.5, 1]], available=[[0, 0]]), "round 0: no arm is there"),
        (table_of(np.zeros((0, 2))), "has no rounds"),
        (Trace("x", "bandits", {"page": np.zeros(3)}), "expected a column rewards or pulls (columns: page)"),
    ],
)
def test_a_trace_that_is_no_table_of_rewards_is_refused(trace, said):
    with pytest.raises(InputError) as caught:
        run(UCB1(), trace)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"rounds": -1}, "rounds must be at least 0, where 0 stands for all, got -1"),
        ({"budget": 0.0}, "budget must be a sum of costs above 0, got 0"),
        ({"breaks": -2}, "breaks must be a number of changes of at least 0, or -1 for none, got -2"),
        ({"bins": -1}, "bins must be a number of bins of at least 1, or 0 for none, got -1"),
        ({"rounds": 9}, "rounds must be at most the 2 of trace worked, got 9"),
    ],
)
def test_a_setting_outside_its_range_is_refused(setting, said):
    with pytest.raises(InputError, match=said):
        run(UCB1(), table_of([[0, 1]] * 2), **setting)


def test_options_are_read_from_text():
    settings, _ = bandits.Setting.from_options(table_of([[0, 1]]), rounds="1_000,50", budget="2.5", context=True)
    assert [(s.rounds, s.budget) for s in settings] == [(1000, 2.5), (50, 2.5)]
    with pytest.raises(InputError, match='rounds "many" is not understood; expected a whole number'):
        bandits.Setting.from_options(table_of([[0, 1]]), rounds="many")


# how regret grows

MEAN = np.array([0.6, 0.45, 0.4])


def curve(policy, horizons, n_runs=6):
    """Mean pseudo-regret after each number of rounds."""
    found = []
    for seed in range(n_runs):
        rewards = (np.random.default_rng((seed, 9)).random((horizons[-1], 3)) < MEAN).astype(float)
        result = run(policy, table_of(rewards, means=MEAN, name=f"curve {seed}"), mode="compiled", seed=seed)
        lost = np.cumsum(MEAN.max() - MEAN[result.decisions.subject])
        found.append([lost[h - 1] for h in horizons])
    return np.mean(found, axis=0)


HORIZONS = (2_000, 8_000, 32_000)


@pytest.mark.parametrize(
    "name", ["ucb1", "thompson_beta", *(pytest.param(n, marks=pytest.mark.slow) for n in ("kl_ucb", "tsallis_inf"))]
)
def test_regret_grows_like_the_logarithm_where_rewards_are_drawn(name):
    """Each step quadruples the rounds: what regret grows by stays the same like ln T, doubles like sqrt(T), quadruples like T."""
    first, second, third = curve(catalog.policy("bandits", name), HORIZONS)
    assert (third - second) / (second - first) < 1.5


@pytest.mark.parametrize(
    "policy",
    [Uniform(), *(pytest.param(p, marks=pytest.mark.slow) for p in (RoundRobin(), EpsilonGreedy(epsilon=0.2)))],
    ids=lambda p: type(p).__name__,
)
def test_regret_of_constant_exploration_grows_linearly(policy):
    first, second, third = curve(policy, HORIZONS)
    assert 3 < (third - second) / (second - first) < 5


@pytest.mark.parametrize("name", ["ucb1", "exp3"])
def test_mean_regret_stays_below_its_bound(name):
    policy = catalog.policy("bandits", name)
    rows = []
    for seed in range(6):
        rewards = (np.random.default_rng((seed, 9)).random((5000, 3)) < MEAN).astype(float)
        rows.append(judged(policy, table_of(rewards, means=MEAN, name=f"b{seed}"), mode="compiled", seed=seed))
    assert np.mean([row["pseudo_regret"] for row in rows]) < rows[0]["bound"]


def test_rewards_against_chance_mislead_policies_made_for_it_and_not_tsallis():
    """Alternating blocks that double: what led greedily so far pays nothing next; the adversarial bound is 4 sqrt(K T) + 1."""
    n = 20_000
    rewards = np.zeros((n, 2))
    start, length, arm = 0, 8, 0
    while start < n:
        rewards[start : start + length, arm] = 1
        start, length, arm = start + length, 2 * length, 1 - arm
    regret = np.mean([judged(TsallisINF(), table_of(rewards), seed=s, mode="compiled")["regret"] for s in range(4)])
    assert regret < 4 * math.sqrt(2 * n) + 1
