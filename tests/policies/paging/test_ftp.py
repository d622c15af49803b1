import numpy as np
import pytest
from hypothesis import given

from policies.paging.follow_pred import FollowPred
from policies.paging.ftp import FTP
from sim.core.engine import replay
from sim.domains.paging import measures, timed, truth
from tests.policies.paging.states import following, instances, perfect, states
from tests.worked import evictions, golden, misses, run


def popu(trace):
    """POPU's predictions in the paper's own terms: h = t + t / count, t from 1."""
    count = dict.fromkeys(trace["page"].tolist(), 0)
    predicted = []
    for t, page in enumerate(trace["page"].tolist(), 1):
        count[page] += 1
        predicted.append(t + t / count[page])
    return np.array(predicted)


def test_the_page_that_leaves_the_predicted_cache_is_evicted():
    assert evictions(FTP(), states("a b c a", ". . a c"), 2) == ["a", "c"]


def test_a_page_is_kept_until_a_miss_needs_its_place():
    trace = states("a b c a b d", ". . . c . .")  # the predictor drops c at a hit, and nothing happens yet
    assert evictions(FTP(), trace, 3) == ["c"]


def test_of_several_pages_the_predictor_lacks_the_one_loaded_or_requested_longest_ago_leaves():
    trace = states("a b c a d", ". . . b a")
    assert evictions(FTP(order="stamp"), trace, 3) == ["a"]
    assert evictions(FTP(order="lru"), trace, 3) == ["b"]


@pytest.mark.parametrize("capacity", [1, 10, 20, 40])
def test_perfect_states_give_the_optimum_eviction_by_eviction(capacity):
    best = truth.furthest(golden(), capacity)
    log = run(FTP(), perfect(golden(), capacity), capacity).decisions
    assert log.subject.tolist() == best.leaves[best.leaves >= 0].tolist()


@pytest.mark.parametrize(("capacity", "faults"), [(10, 548), (20, 412), (40, 234)])
def test_the_states_of_a_next_use_prediction_make_it_follow_pred(capacity, faults):
    predicted = popu(golden())
    mine = run(FTP(), following(golden(), predicted, capacity), capacity, mode="compiled")
    theirs = run(FollowPred(), golden().with_column("predicted_next_use", predicted), capacity)
    assert mine.metrics["misses"] == faults
    assert mine.decisions.same_as(theirs.decisions)


@given(instances())
def test_it_never_beats_the_optimum_nor_breaks_its_bound(instance):
    trace, capacity = instance
    facts = measures.facts(trace, truth.furthest(trace, capacity), ["cache_state"])
    for order in ("stamp", "lru"):
        assert facts.opt <= misses(FTP(order=order), trace, capacity) <= FTP().bound(facts)


@given(instances())
def test_both_forms_agree_decision_by_decision(instance):
    trace, capacity = instance
    forms = [run(FTP(), trace, capacity, mode=mode).decisions for mode in ("interpreted", "compiled")]
    assert forms[0].same_as(forms[1])


def test_in_time_a_page_that_left_the_predicted_cache_on_its_way_is_the_next_to_leave():
    # b is under way from 1 to 3; at 2 the predictor has dropped it for c, so that c displaces b and not a.
    trace = states("a b c a d", ". . b . c").with_column("time_s", np.array([-5.0, 1.0, 2.0, 2.5, 9.0]))
    system = timed.System(timed.Setting(2, latency_s=2.0))
    log = replay(trace, system, FTP(), record=True).decisions
    assert [str(trace.tables["pages"][page]) for page in log.subject] == ["b", "c"]
