"""Theorems on thousands of small instances: the optimum under perfect predictions, and every proven bound under noise."""

import numpy as np
import pytest

from sim.domains.paging import System, measures, truth
from sim.domains.paging.policy import channels_needed
from sim.domains.paging.setting import Setting
from sim.study import catalog
from tests.worked import golden, trace_of

EXACT = [  # perfect predictions give the optimum
    "flush_all_zeros",
    "mark0",
    "mark0,eager=true",
    "discard_bit",
    "follow_pred",
    "ftp",
    "guard",
    "guard,base=discard_bit",
    "follower_robust",
]
ROBUST = ["mark_and_predict", "lmarker", "predictive_marker", "robust_ftp", "trust_and_doubt"]  # they do not

BOUNDED = ["flush_all_zeros", "follow_pred", "follow_pred,tie=high_slot", "follow_pred,tie=lru", "ftp", "ftp,order=lru"]
BOUNDED_IN_THE_MEAN = ["marker", "mark0", "mark0,eager=true", "mark_and_predict", "predictive_marker", "guard"]

N_EXACT = 1500
N_IN_THE_MEAN = 250
FIRST, MOST = 6, 600
"""Repetitions at first, and at most while the mean is not clearly within the bound."""


def instance(rng):
    """A capacity from 2 to 5 and a trace of k+1 to 3k pages and 10 to 60 requests: uniform, or a loop with detours."""
    k = int(rng.integers(2, 6))
    n_pages, n = int(rng.integers(k + 1, 3 * k + 1)), int(rng.integers(10, 61))
    pages = rng.integers(0, n_pages, n)
    if rng.random() < 0.3:
        pages = np.where(rng.random(n) < 0.2, pages, np.arange(n) % (k + 1))
    return trace_of(pages.tolist()), k


def with_predictions(trace, k, rng, *, noisy):
    """All channels; where `noisy`, bits flipped on one side or on both, next uses moved, swapped, or made up."""
    n = len(trace)
    to_1, to_0 = rng.random(2) * rng.permuted([[1, 1], [1, 0], [0, 1]], axis=0)[0] if noisy else (0.0, 0.0)
    for channel, bits in (("discard_bit", truth.discard_bits(trace, k)), ("phase_bit", truth.phase_bits(trace, k))):
        flips = rng.random(n) < np.where(bits, to_0, to_1)
        trace = trace.with_column(channel, bits ^ flips, capacity=k)
    following = np.minimum(truth.next_use(trace).astype(float), n)
    if noisy:
        kind = rng.integers(4)
        if kind == 0:
            following = following + rng.normal(0, rng.uniform(0, n), n)
        elif kind == 1:
            following = following + rng.lognormal(0, rng.uniform(0, 5), n)
        elif kind == 2:
            following = np.where(rng.random(n) < 0.3, rng.uniform(0, n + 1, n), following)
        else:
            following = n - following
    leaves = truth.cache_states(trace, following, k) if noisy else truth.furthest(trace, k).leaves
    return trace.with_column("predicted_next_use", following).with_column("leaves", leaves, capacity=k)


def misses(policy, trace, k, rng):
    """Of one interpreted run, without the engine around it."""
    run = System(Setting(k)).begin(trace, policy, rng)
    run.loop(*run.objects.values(), 0, len(trace))
    assert run.illegal() is None
    return run.cache.misses


def instances(n, seed, *, noisy):
    for i in range(n):
        rng = np.random.default_rng((seed, i))
        trace, k = instance(rng)
        yield with_predictions(trace, k, rng, noisy=noisy), k, rng


def facts_of(policy, trace, k):
    best = truth.furthest(trace, k)
    return measures.facts(trace, best, (c for c in channels_needed(policy) if c in measures.MEASURES))


@pytest.mark.parametrize("name", EXACT)
def test_perfect_predictions_give_exactly_the_optimum(name):
    for trace, k, rng in instances(200, 1, noisy=False):
        assert misses(catalog.policy("paging", name), trace, k, rng) == truth.optimum(trace, k)
    for k in (10, 20, 40):
        trace = with_predictions(golden(), k, np.random.default_rng(0), noisy=False)
        policy = catalog.policy("paging", name)
        assert misses(policy, trace, k, np.random.default_rng(0)) == truth.optimum(trace, k)


@pytest.mark.parametrize("name", ROBUST)
def test_robustness_has_a_price_under_perfect_predictions(name):
    paid = [
        misses(catalog.policy("paging", name), trace, k, rng) - truth.optimum(trace, k)
        for trace, k, rng in instances(100, 2, noisy=False)
    ]
    assert min(paid) >= 0 and np.mean(paid) > 0.1


@pytest.mark.parametrize("name", BOUNDED)
def test_the_bound_of_a_deterministic_policy_is_never_broken(name):
    assert not catalog.policy("paging", name).randomized
    tight = 0
    for trace, k, rng in instances(N_EXACT, 3, noisy=True):
        policy = catalog.policy("paging", name)
        facts = facts_of(policy, trace, k)
        cost, bound = misses(policy, trace, k, rng), policy.bound(facts)
        assert facts.opt <= cost <= bound + 1e-9, (trace["page"].tolist(), k, facts)
        tight += cost == bound
    assert tight  # the instances reach the bound, so one that was smaller would be broken


@pytest.mark.parametrize("name", BOUNDED_IN_THE_MEAN)
def test_the_bound_of_a_randomized_policy_holds_in_the_mean(name):
    """The mean is known within 5 standard errors; an instance is repeated until that settles it, or MOST times.

    A policy within its bound fails an instance with probability below 1e-6, that is all of them below 1e-3.
    """
    assert catalog.policy("paging", name).randomized
    for trace, k, rng in instances(N_IN_THE_MEAN, 4, noisy=True):
        bound = catalog.policy("paging", name).bound(facts_of(catalog.policy("paging", name), trace, k))
        costs: list[int] = []
        while len(costs) < MOST:
            costs += [
                misses(catalog.policy("paging", name), trace, k, rng) for _ in range(FIRST if not costs else len(costs))
            ]
            error = 5 * np.std(costs, ddof=1) / len(costs) ** 0.5
            if max(costs) <= bound or np.mean(costs) + error <= bound:
                break
        assert np.mean(costs) - error <= bound, (trace["page"].tolist(), k, np.mean(costs), bound)
        assert min(costs) >= truth.optimum(trace, k)
