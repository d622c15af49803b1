import copy

import numpy as np
import pytest

from sim.core.compile import compile_loop
from sim.core.engine import replay
from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.domains.paging import Setting, System
from sim.study import catalog
from sim.study.experiment import Bench, Experiment
from tests.contracts.paging.subjects import predicted, removing, trace
from tests.contracts.paging.test_forms import assert_same
from tests.worked import run, trace_of

SETS = ("[lru;lfu]", "[arc;s3fifo;sieve]", "[mark0;marker;follow_pred]")
"""Three sets of components: two old rules, three recent ones, two with predictions and one without."""


def played(text, requests, capacity, **setting):
    begun = System(Setting(capacity, **setting)).begin(
        requests, copy.deepcopy(catalog.policy("paging", text)), stream(3, "policy"), record=True
    )
    begun.loop(*begun.objects.values(), 0, begun.n_rows)
    return begun


@pytest.mark.parametrize("name", ["lru", "lfu", "arc", "sieve"])
def test_a_bandit_that_always_chooses_one_policy_makes_the_cache_be_that_policy(name):
    for seed, capacity in ((0, 3), (1, 8)):
        alone = run(catalog.policy("paging", name), trace(seed), capacity)
        text = f"bandit_of,bandit=[fixed,arm={name}],of=[fifo;{name}],epoch=10"
        assert run(catalog.policy("paging", text), trace(seed), capacity).decisions.same_as(alone.decisions)


def test_an_epoch_earns_the_share_of_hits_of_the_chosen_policys_own_cache():
    # LRU's own cache: a, b, a (a hit), c for b: one hit in four. FIFO's, from the first request on: a, b, a (a hit), c for a,
    # then a for b, b for c, a (a hit), c for a: one hit in the four that count.
    begun = played("bandit_of,bandit=round_robin,of=[lru;fifo],epoch=4", trace_of("a b a c a b a c"), 2)
    assert begun.policy.choice.chooser.pulls.tolist() == [1, 1]
    assert begun.policy.choice.chooser.earned.tolist() == [1 / 4, 1 / 4]


@pytest.mark.parametrize("of", SETS)
def test_a_change_costs_at_most_a_cache_of_misses(of):
    for seed, capacity in ((0, 4), (1, 7)):
        requests = predicted(trace(seed), capacity)
        begun = played(f"bandit_of,bandit=uniform,of={of},epoch=10", requests, capacity)
        choice = begun.policy.choice
        assert choice.chooser.switches > 5 and choice.switches == choice.chooser.switches
        followed = 10 * (choice.chooser.pulls.sum() - choice.chooser.earned.sum())
        assert begun.cache.misses <= followed + capacity * choice.switches + 1e-9


@pytest.mark.parametrize("of", SETS)
def test_a_bandit_comes_nearer_to_the_best_of_its_policies_than_to_the_worst(of):
    """Few pages are asked for most of the time, with loops between: the best policy is clearly ahead of the worst."""
    rng = np.random.default_rng(5)
    pages = np.where(rng.random(12_000) < 0.7, (60 * rng.random(12_000) ** 3).astype(int), 60 + np.arange(12_000) % 50)
    requests = predicted(trace_of(pages.tolist(), name="loops"), 15)
    alone = [
        replay(requests, System(Setting(15)), part, mode="interpreted").metrics["misses"]
        for part in catalog.policy("paging", f"bandit_of,of={of}").of
    ]
    text = f"bandit_of,bandit=[thompson_gaussian,s=0.05],of={of},epoch=100"
    mine = replay(requests, System(Setting(15)), catalog.policy("paging", text), mode="interpreted").metrics["misses"]
    assert max(alone) - min(alone) > 300
    assert mine < (max(alone) + min(alone)) / 2


def test_the_regret_told_is_the_miss_ratio_above_that_of_the_best_component_alone():
    bench = Bench(cache=False)

    def miss_ratio(policy):
        workload = "workload:zipf,alpha=0.8,n_requests=3000,n_pages=200"
        return bench.run(Experiment("paging", workload, policy, (), (("capacity", 20),), 4), mode="interpreted").metrics

    mine = miss_ratio("bandit_of,of=[random;lfu],epoch=100")
    alone = [miss_ratio(name)["miss_ratio"] for name in ("random", "lfu")]
    assert mine["component_regret"] == mine["miss_ratio"] - min(alone)
    assert "component_regret" not in miss_ratio("lru")


def test_a_bandit_that_has_seen_enough_is_not_asked_again():
    begun = played("bandit_of,bandit=[sequential_halving,budget=6],of=[lru;fifo],epoch=5", trace(0), 5)
    chooser = begun.policy.choice.chooser
    assert chooser.is_settled and chooser.pulls.sum() == 60 and chooser.pulls.max() >= 57


def test_a_bandit_need_not_forget_pages():
    result = run(catalog.policy("paging", "bandit_of,epoch=20"), removing(0, 5), 5)
    assert result.metrics["expired"] > 0


@pytest.mark.parametrize(
    ("bandit", "why"),
    [
        ("lin_ucb", "no contexts, which LinUCB chooses by"),
        ("combiner", "no predicted arms, which Combiner reads"),
        ("best_fixed", "BestFixed knows better"),
        ("lru", 'no bandits policy named "lru"'),
        ("[fixed,arm=7]", "the arms are 0 to 1"),
    ],
)
def test_a_bandit_that_needs_what_no_epoch_has_is_refused(bandit, why):
    with pytest.raises(InputError, match=why):
        run(catalog.policy("paging", f"bandit_of,bandit={bandit}"), trace(0), 5)


@pytest.mark.parametrize(
    ("text", "why"), [("epoch=0", "at least 1, got 0"), ("of=[lru]", "at least two policies, got 1")]
)
def test_an_empty_epoch_or_a_single_policy_is_refused(text, why):
    with pytest.raises(InputError, match=why):
        run(catalog.policy("paging", f"bandit_of,{text}"), trace(0), 5)


@pytest.mark.slow
@pytest.mark.parametrize(("of", "bandit"), list(zip(SETS, ("exp3", "lucb", "discounted_ucb"), strict=True)))
def test_both_forms_choose_alike(of, bandit):
    requests = predicted(trace(0), 5)
    plain, compiled = (
        System(Setting(5)).begin(
            requests,
            catalog.policy("paging", f"bandit_of,bandit={bandit},of={of},epoch=15"),
            stream(5, "policy"),
            record=True,
        )
        for _ in range(2)
    )
    plain.loop(*plain.objects.values(), 0, 300)
    compile_loop(compiled.loop, compiled.objects, "BanditOf")(0, 300)
    assert_same(plain, compiled)
