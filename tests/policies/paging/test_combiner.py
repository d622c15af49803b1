import numpy as np
import pytest

from policies.paging.combiner import Combiner
from policies.paging.fifo import FIFO
from policies.paging.flush_all_zeros import FlushAllZeros
from policies.paging.follow_pred import FollowPred
from policies.paging.lru import LRU
from policies.paging.marker import Marker
from sim.core.errors import IllegalDecision, InputError
from sim.domains.paging import truth
from tests.contracts.paging.subjects import predicted
from tests.worked import evictions, golden, misses, run

SWITCHINGS = ("deterministic", "randomized")


def pairs():
    return [(FlushAllZeros(), LRU()), (FollowPred(), Marker()), (LRU(), FIFO())]


def test_the_followed_policy_changes_when_its_loads_exceed_the_bound():
    # gamma 1 doubles the bound: at load 1 the first is followed, at 2 the second, at 3 the first again.
    # That third load is c: LRU would let b go and FIFO a.
    assert evictions(Combiner(of=(LRU(), FIFO()), gamma=1.0), "abac", 2) == ["b"]
    assert evictions(Combiner(of=(FIFO(), LRU()), gamma=1.0), "abac", 2) == ["a"]


class Stubborn(LRU):
    def evict(self, request):
        return 0


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_a_component_that_decides_something_illegal_is_named_with_the_request(mode):
    line = r"^Stubborn evicted page 0 at request 3, but page 0 is not in the cache \(its own, as a component\)$"
    with pytest.raises(IllegalDecision, match=line):
        run(Combiner(of=(LRU(), Stubborn())), "abcd", 2, mode=mode)


@pytest.mark.parametrize("switching", SWITCHINGS)
def test_of_two_equal_policies_it_makes_that_policy(switching):
    combined = run(Combiner(of=(LRU(), LRU()), switching=switching), golden(), 10)
    assert combined.decisions.same_as(run(LRU(), golden(), 10).decisions)


@pytest.mark.parametrize("switching", SWITCHINGS)
@pytest.mark.parametrize("pair", range(3))
def test_it_costs_little_more_than_twice_the_better_of_two(pair, switching):
    """One of them is far better: the bits and times are right; or they are alike."""
    for capacity in (10, 20):
        trace = golden().with_column("discard_bit", truth.discard_bits(golden(), capacity))
        trace = trace.with_column("predicted_next_use", np.minimum(truth.next_use(golden()), 1e9))
        best = min(misses(policy, trace, capacity) for policy in pairs()[pair])
        counts = [misses(Combiner(of=pairs()[pair], switching=switching), trace, capacity, seed=s) for s in range(5)]
        assert (
            truth.optimum(trace, capacity) <= np.mean(counts) <= (2.02 if switching == "deterministic" else 1.5) * best
        )


@pytest.mark.slow
@pytest.mark.parametrize("switching", SWITCHINGS)
@pytest.mark.parametrize("pair", range(3))
def test_it_compiles_around_three_pairs(pair, switching):
    trace = predicted(golden(), 10)
    policy = Combiner(of=pairs()[pair], switching=switching)
    forms = [run(policy, trace, 10, mode=mode).decisions for mode in ("interpreted", "compiled")]
    assert forms[0].same_as(forms[1])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"of": (LRU(),)}, "at least two policies, got 1"),
        ({"gamma": 0.0}, "gamma must be above 0, got 0"),
        ({"eps": 1.0}, "eps must be between 0 and 1, got 1"),
        ({"switching": "sometimes"}, 'switching must be "deterministic" or "randomized", got "sometimes"'),
        ({"order": "fifo"}, 'order must be "stamp" or "lru", got "fifo"'),
    ],
)
def test_parameters_outside_their_range_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        run(Combiner(**{"of": (LRU(), FIFO()), **parameters}), "ab", 2)
