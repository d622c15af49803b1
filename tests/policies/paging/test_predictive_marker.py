import numpy as np
import pytest

from policies.paging.predictive_marker import PredictiveMarker
from tests.worked import evictions, trace_of


def predicted(pages, *values):
    return trace_of(pages).with_column("predicted_next_use", np.array(values, float))


@pytest.mark.parametrize("seed", range(8))
def test_a_clean_miss_evicts_the_unmarked_page_predicted_furthest(seed):
    assert evictions(PredictiveMarker(), predicted("abcde", 5, 9, 7, 99, 0), 3, seed=seed) == ["b", "c"]


def test_ties_go_to_the_highest_slot():
    assert evictions(PredictiveMarker(), predicted("abcd", 5, 5, 5, 0), 3) == ["c"]


def test_a_chain_longer_than_h_k_evicts_by_chance():
    # d evicts b; b comes back as the second of its chain, longer than gamma H_3 = 1.83 gamma
    trace = predicted("abcdb", 5, 9, 7, 99, 0)
    assert {evictions(PredictiveMarker(), trace, 3, seed=seed)[1] for seed in range(40)} == {"a", "c"}
    assert {evictions(PredictiveMarker(gamma=2.0), trace, 3, seed=seed)[1] for seed in range(40)} == {"c"}


def test_chains_are_cleared_when_a_phase_begins():
    # d evicts b; a and c are marked again, so that b begins a phase: it is clean there, and the prediction is followed
    trace = predicted("abcdacb", 5, 9, 7, 99, 6, 7, 0)
    assert {tuple(evictions(PredictiveMarker(), trace, 3, seed=seed)) for seed in range(40)} == {("b", "d")}
