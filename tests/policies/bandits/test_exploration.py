"""Finding the best arm: the rules by hand, and that the chance of a wrong answer stays below delta."""

import math

import numpy as np
import pytest

from policies.bandits.lucb import LUCB
from policies.bandits.sequential_halving import SequentialHalving
from policies.bandits.successive_elimination import SuccessiveElimination
from policies.bandits.track_and_stop import TrackAndStop
from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.domains.bandits import Setting
from sim.domains.bandits.divergence import bernoulli_kl
from tests.domains.bandits.worked import pulls, run, table_of


def test_successive_elimination_drops_an_arm_at_the_sweep_where_its_limits_part():
    result = run(SuccessiveElimination(delta=0.1), table_of([1.0, 0.0], 200))
    sweep = next(t for t in range(1, 200) if 2 * math.sqrt(math.log(4 * 2 * t * t / 0.1) / (2 * t)) < 1)
    assert result.metrics["samples"] == 2 * sweep
    arms = result.decisions.subject.tolist()
    assert arms[: 2 * sweep] == [0, 1] * sweep and set(arms[2 * sweep :]) == {0}


def test_lucb_pulls_the_leader_and_its_rival_until_their_limits_part():
    result = run(LUCB(delta=0.1), table_of([0.0, 1.0, 0.0], 400))
    n = result.metrics["samples"]
    arms = result.decisions.subject.tolist()
    assert arms[:3] == [0, 1, 2] and all(1 in pair for pair in zip(arms[3:n:2], arms[4:n:2], strict=True))
    counts = np.bincount(arms[:n])

    def radius(arm, t, n_pulls):
        return math.sqrt(math.log(5 * 3 * t**4 / (4 * 0.1)) / (2 * n_pulls))

    assert all(radius(k, n, counts[k]) <= 1 - radius(1, n, counts[1]) for k in (0, 2))
    assert result.metrics["correct"] == 1


def test_track_and_stop_finds_the_proportions_that_balance_the_evidence():
    policy = TrackAndStop()
    policy.begin(Setting(n_arms=3, horizon=1000), stream(0, "p"))
    for arm, wins, n in ((0, 50, 100), (1, 45, 100), (2, 40, 100)):
        policy.tally.pulls[arm], policy.tally.earned[arm] = n, wins
        policy.tally.total += n
    policy.tally.n_untried = 0
    policy.weigh()
    w, mean = policy.weight, (0.5, 0.45, 0.4)
    assert sum(w) == pytest.approx(1)

    def evidence(w, a):
        both = (w[0] * mean[0] + w[a] * mean[a]) / (w[0] + w[a])
        return w[0] * bernoulli_kl(mean[0], both) + w[a] * bernoulli_kl(mean[a], both)

    assert evidence(w, 1) == pytest.approx(evidence(w, 2), rel=1e-6)
    grid = np.array(
        [(a, b, 1 - a - b) for a in np.linspace(0.01, 0.98, 98) for b in np.linspace(0.01, 0.98, 98) if a + b < 1]
    )
    best = max(min(evidence(one, 1), evidence(one, 2)) for one in grid)
    assert min(evidence(w, 1), evidence(w, 2)) >= best * (1 - 1e-9)


def test_sequential_halving_spends_its_pulls_in_equal_parts():
    arms = pulls(SequentialHalving(budget=24), [0.1, 0.9, 0.5, 0.8], 30)
    assert np.bincount(arms[:12]).tolist() == [3, 3, 3, 3]
    assert np.bincount(arms[12:24], minlength=4).tolist() == [0, 6, 0, 6]
    assert set(arms[24:]) == {1}
    with pytest.raises(InputError, match="needs 8 pulls or more for 4 arms, got 7"):
        pulls(SequentialHalving(budget=7), [0.1, 0.9, 0.5, 0.8], 30)


@pytest.mark.parametrize(
    "policy",
    [SuccessiveElimination(), LUCB(), pytest.param(TrackAndStop(every=10), marks=pytest.mark.slow)],
    ids=lambda p: type(p).__name__,
)
def test_the_best_arm_is_named_with_the_promised_probability(policy):
    """Twenty tables; more than 4 wrong of 20 would happen with probability below 0.003 at delta 0.05."""
    n_wrong = n_stopped = 0
    mean = np.array([0.5, 0.8, 0.35])
    for seed in range(20):
        rewards = (np.random.default_rng(seed).random((3000, 3)) < mean).astype(float)
        result = run(policy, table_of(rewards, means=mean, name=f"t{seed}"), mode="compiled")
        n_stopped += result.metrics["samples"] is not None
        n_wrong += result.metrics["correct"] == 0
    assert n_wrong <= 4 and n_stopped == 20


@pytest.mark.slow
def test_track_and_stop_needs_fewer_pulls_than_sampling_in_turn():
    mean = np.array([0.6, 0.45, 0.3, 0.2])
    needed = {TrackAndStop: [], SuccessiveElimination: []}
    for seed in range(5):
        rewards = (np.random.default_rng(seed).random((20_000, 4)) < mean).astype(float)
        for policy in (TrackAndStop(every=10), SuccessiveElimination()):
            result = run(policy, table_of(rewards, means=mean, name=f"t{seed}"), mode="compiled")
            needed[type(policy)].append(result.metrics["samples"])
    assert np.mean(needed[TrackAndStop]) < 0.5 * np.mean(needed[SuccessiveElimination])
