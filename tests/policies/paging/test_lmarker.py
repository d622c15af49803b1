import numpy as np

from policies.paging.lmarker import LMarker
from tests.worked import evictions, trace_of


def predicted(pages, *values):
    return trace_of(pages).with_column("predicted_next_use", np.array(values, float))


def test_clean_misses_evict_the_unmarked_pages_predicted_furthest():
    trace = predicted("abcde", 5, 9, 7, 99, 0)
    assert {tuple(evictions(LMarker(), trace, 3, seed=seed)) for seed in range(20)} == {("b", "c")}


def test_a_stale_miss_evicts_an_unmarked_page_by_chance():
    trace = predicted("abcdb", 5, 9, 7, 99, 0)
    assert {tuple(evictions(LMarker(), trace, 3, seed=seed)) for seed in range(40)} == {("b", "a"), ("b", "c")}


def test_ties_go_to_the_highest_slot():
    assert evictions(LMarker(), predicted("abcd", 5, 5, 5, 0), 3) == ["c"]


def test_a_page_evicted_in_an_earlier_phase_is_clean():
    trace = predicted("abcdacb", 5, 9, 7, 99, 6, 7, 0)
    assert {tuple(evictions(LMarker(), trace, 3, seed=seed)) for seed in range(20)} == {("b", "d")}
