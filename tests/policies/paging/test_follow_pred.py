import numpy as np
import pytest

from policies.paging.follow_pred import FollowPred
from sim.core.errors import InputError
from sim.core.trace import NEVER
from tests.worked import evictions, misses, trace_of


def predicted(pages, *values):
    return trace_of(pages).with_column("predicted_next_use", np.array(values, float))


def test_the_page_predicted_furthest_leaves():
    assert evictions(FollowPred(), predicted("abcd", 5, 9, 7, 6), 3) == ["b"]


def test_a_request_replaces_the_prediction_of_its_page():
    assert evictions(FollowPred(), predicted("abcbd", 5, 9, 7, 6, 0), 3) == ["c"]


@pytest.mark.parametrize(("tie", "leaves"), [("low_slot", "a"), ("high_slot", "c"), ("lru", "b")])
def test_ties_are_broken_as_the_parameter_says(tie, leaves):
    assert evictions(FollowPred(tie=tie), predicted("abcad", 4, 4, 4, 4, 0), 3) == [leaves]


@pytest.mark.parametrize(("tie", "faults"), [("low_slot", 5), ("lru", 4)])
def test_the_tie_rule_changes_the_misses_of_popu(tie, faults):
    assert misses(FollowPred(tie=tie), predicted("abcaba", 2, 4, 6, 6, 7.5, 8), 2) == faults


def test_never_is_further_than_any_number_of_requests():
    assert evictions(FollowPred(), predicted("abcd", 1e12, NEVER, 3, 0), 3) == ["b"]


def test_an_unknown_tie_rule_is_refused():
    with pytest.raises(InputError, match='tie must be low_slot, high_slot or lru, got "fifo"'):
        evictions(FollowPred(tie="fifo"), predicted("a", 1), 1)
