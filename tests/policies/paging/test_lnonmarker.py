import numpy as np
import pytest

from policies.paging.combiner import Combiner
from policies.paging.lnonmarker import LNonMarker, _Core
from policies.paging.marker import Marker
from sim.domains.paging import truth
from tests.worked import evictions, golden, run, trace_of


def predicted(pages, *values):
    return trace_of(pages).with_column("predicted_next_use", np.array(values, float))


def test_the_core_evicts_on_a_clean_miss_the_unmarked_page_predicted_furthest():
    trace = predicted("abcde", 5, 9, 7, 99, 0)
    assert {tuple(evictions(_Core(), trace, 3, seed=seed)) for seed in range(20)} == {("b", "c")}


def test_a_page_that_a_clean_miss_evicted_comes_back_for_any_page_even_a_marked_one():
    trace = predicted("abcdb", 5, 9, 7, 99, 0)  # the clean d evicts b; b is stale
    assert {evictions(_Core(), trace, 3, seed=seed)[1] for seed in range(60)} == {"a", "c", "d"}


def test_a_page_that_a_stale_miss_evicted_comes_back_for_an_unmarked_page():
    trace = predicted("abcdba", 5, 9, 7, 99, 0, 0)  # where the stale b evicted a, c is the only unmarked page
    runs = [evictions(_Core(), trace, 3, seed=seed) for seed in range(60)]
    assert {tuple(left[1:]) for left in runs if left[1] == "a"} == {("a", "c")}


@pytest.mark.parametrize("capacity", [5, 10])
def test_the_policy_is_the_deterministic_combination_of_the_core_and_marker(capacity):
    trace = golden().with_column("predicted_next_use", truth.next_use(golden()).astype(float))
    combined = run(Combiner(of=(_Core(), Marker())), trace, capacity, seed=3)
    assert run(LNonMarker(robust=Marker()), trace, capacity, seed=3).decisions.same_as(combined.decisions)
