"""Public libraries where their rule is the textbook one; and where it is not, what the difference is."""

import numpy as np
import pytest

from policies.bandits.alpha_ucb import AlphaUCB
from policies.bandits.epsilon_greedy import EpsilonGreedy
from policies.bandits.lin_ucb import LinUCB
from policies.bandits.softmax_dirichlet import SoftmaxDirichlet
from policies.bandits.ucb1 import UCB1
from tests.domains.bandits.worked import run, table_of

N_ROUNDS, MEAN = 250, np.array([0.3, 0.75, 0.5, 0.7])


def rewards(seed=0):
    return (np.random.default_rng(seed).random((N_ROUNDS, len(MEAN))) < MEAN).astype(float)


def mabwiser_pulls(learning, table, n_first, contexts=None):
    """The arms that MABWiser pulls once it was shown the first rounds, one pull of each arm in order."""
    mab = pytest.importorskip("mabwiser.mab", reason="MABWiser is not installed: pip install mabwiser")
    arms = list(range(table.shape[1]))
    learner = mab.MAB(arms, learning(mab.LearningPolicy), seed=1)
    decisions = arms[:n_first] if n_first else [0]
    shown = None if contexts is None else contexts[: len(decisions)]
    learner.fit(decisions, [table[t, arm] for t, arm in enumerate(decisions)], shown)
    pulled = list(decisions)
    for t in range(len(decisions), len(table)):
        now = None if contexts is None else contexts[t : t + 1]
        arm = int(learner.predict(now))
        learner.partial_fit([arm], [table[t, arm]], now)
        pulled.append(arm)
    return pulled


@pytest.mark.parametrize("alpha", [1.0, 0.3])
def test_ucb1_pulls_what_mabwiser_pulls_once_every_arm_is_tried(alpha):
    expected = mabwiser_pulls(lambda policies: policies.UCB1(alpha=alpha), rewards(), 4)
    assert run(UCB1(alpha=alpha), table_of(rewards())).decisions.subject.tolist() == expected


def test_greedy_pulls_what_mabwiser_pulls_once_every_arm_is_tried():
    expected = mabwiser_pulls(lambda policies: policies.EpsilonGreedy(epsilon=0), rewards(2), 4)
    assert run(EpsilonGreedy(epsilon=0), table_of(rewards(2))).decisions.subject.tolist() == expected


def test_lin_ucb_pulls_what_mabwiser_pulls_once_every_arm_is_tried():
    contexts = np.random.default_rng(4).uniform(-1, 1, (N_ROUNDS, 3))
    expected = mabwiser_pulls(lambda policies: policies.LinUCB(alpha=0.7, l2_lambda=1.5), rewards(1), 4, contexts)
    ours = run(LinUCB(alpha=0.7, ridge=1.5), table_of(rewards(1), context=contexts)).decisions.subject.tolist()
    assert ours == expected


def test_mabwiser_may_never_try_an_arm_that_it_was_not_shown():
    """There an untried arm has the index 0; here it has an index above all others."""
    table = np.tile([0.2, 1.0], (60, 1))
    assert set(mabwiser_pulls(lambda policies: policies.UCB1(alpha=0.01), table, 0)) == {0}
    assert set(run(UCB1(alpha=0.01), table_of(table)).decisions.subject.tolist()) == {0, 1}


def test_softmax_dirichlet_has_the_concentrations_of_mabwisers_softmax():
    mab = pytest.importorskip("mabwiser.mab", reason="MABWiser is not installed: pip install mabwiser")
    learner = mab.MAB([0, 1, 2], mab.LearningPolicy.Softmax(tau=0.5), seed=1)
    learner.fit([0, 1, 1], [1.0, 0.0, 0.5])
    policy = SoftmaxDirichlet(tau=0.5)
    run(policy, table_of([[0.0]]))  # parameters only: a run leaves the policy as it is
    policy.begin(type("Setting", (), {"n_arms": 3}), np.random.default_rng(0))
    for arm, reward in ((0, 1.0), (1, 0.0), (1, 0.5)):
        policy.update(arm, reward, 1.0)
    policy.choose(None)
    drawn = np.array([list(learner.predict_expectations().values()) for _ in range(4000)])
    expected = policy.weights.p / policy.weights.p.sum()
    assert np.abs(drawn.mean(axis=0) - expected).max() < 4 * np.sqrt(0.25 / 4000)


def test_alpha_ucb_pulls_what_alns_pulls_where_all_first_means_are_the_same():
    """ALNS begins with means of 1, which its first pulls forget: from where each arm was pulled once, both go alike."""
    select = pytest.importorskip("alns.select", reason="ALNS is not installed: pip install alns")
    outcome = pytest.importorskip("alns.Outcome").Outcome
    table = rewards(5)
    selector = select.AlphaUCB([1.0, 0.0, 0.0, 0.0], alpha=0.4, num_destroy=4, num_repair=1)
    pulled = []
    for t in range(N_ROUNDS):
        arm = t if t < 4 else int(selector(np.random.default_rng(0), None, None)[0])
        selector.update(None, arm, 0, outcome.BEST if table[t, arm] else outcome.BETTER)
        pulled.append(arm)
    assert run(AlphaUCB(alpha=0.4), table_of(table)).decisions.subject.tolist() == pulled
