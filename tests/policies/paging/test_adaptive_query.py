import numpy as np
import pytest

from policies.paging.adaptive_query import AdaptiveQuery
from policies.paging.opt_marking import OptMarking
from sim.core.errors import InputError
from sim.domains.paging import truth
from tests.worked import golden, misses, run, trace_of


def exact(trace):
    return trace.with_column("predicted_next_use", truth.next_use(trace).astype(float))


def test_the_furthest_of_the_pages_asked_about_leaves_and_each_question_counts():
    for seed in range(8):
        result = run(AdaptiveQuery(b=2), exact(trace_of("abca")), 2, seed=seed)
        assert result.decisions.subject.tolist() == [1]  # a is requested at 3, b never
        assert result.metrics["queries"] == 2


def test_it_asks_about_no_more_pages_than_are_unmarked():
    # c begins a phase with two unmarked pages, d finds one left
    assert run(AdaptiveQuery(b=10, limit=9.0), exact(trace_of("abcd")), 2).metrics["queries"] == 2 + 1


def test_a_chain_beyond_the_limit_asks_nothing():
    trace = trace_of("abcdb").with_column("predicted_next_use", np.array([5.0, 9, 7, 99, 0]))
    assert run(AdaptiveQuery(b=3), trace, 3).metrics["queries"] == 3  # b is second in its chain, above H_3 = 1.83
    assert run(AdaptiveQuery(b=3, limit=2.0), trace, 3).metrics["queries"] == 3 + 2
    assert run(AdaptiveQuery(b=3, limit=0.0), trace, 3).metrics["queries"] == 0


@pytest.mark.parametrize("capacity", [10, 20, 40])
def test_asking_about_all_with_exact_answers_and_no_limit_is_opt_marking(capacity):
    asking = AdaptiveQuery(b=capacity, limit=float("inf"))
    assert misses(asking, exact(golden()), capacity) == misses(OptMarking(), golden(), capacity)


def test_b_below_1_is_refused():
    with pytest.raises(InputError, match="b must be at least 1, got 0"):
        run(AdaptiveQuery(b=0), exact(trace_of("ab")), 2)
