"""Stack distances against a list that is searched, and LRU."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.paging.lru import LRU
from sim.core.trace import NEVER
from sim.domains.paging import stack
from tests.worked import golden, misses, trace_of


def distances_plainly(pages) -> list[int]:
    order: list = []
    found = []
    for page in pages:
        found.append(order.index(page) + 1 if page in order else NEVER)
        order = [page] + [other for other in order if other != page]
    return found


def test_stack_distances_count_distinct_pages():
    assert stack.distances(trace_of("abcabdab")).tolist() == [NEVER, NEVER, NEVER, 3, 3, NEVER, 3, 3]
    assert stack.distances(trace_of("aabbba")).tolist() == [NEVER, 1, NEVER, 1, 1, 2]


@given(st.lists(st.integers(0, 8), min_size=1, max_size=60))
def test_stack_distances_are_positions_in_a_list(pages):
    assert stack.distances(trace_of(pages)).tolist() == distances_plainly(pages)


@pytest.mark.parametrize("n_pages", [1, 2, 70, 600, 3000])
def test_stack_distances_stay_right_when_slots_are_renumbered(n_pages):
    rng = np.random.default_rng(n_pages)
    pages = np.minimum(rng.geometric(4 / n_pages, 20_000) if n_pages > 4 else rng.integers(0, n_pages, 20_000), n_pages)
    trace = trace_of(pages.tolist())
    assert np.array_equal(stack.distances(trace), distances_by_a_tree(np.asarray(trace["page"])))


def distances_by_a_tree(page) -> np.ndarray:
    """With one counter per request."""
    tree = np.zeros(len(page) + 1, np.int64)
    last: dict[int, int] = {}
    distance = np.full(len(page), NEVER)
    for i, p in enumerate(page.tolist()):
        if p in last:
            distance[i] = len(last) - stack.marks_before(tree, last[p])
            stack.add_mark(tree, last[p], -1)
        stack.add_mark(tree, i, 1)
        last[p] = i
    return distance


@pytest.mark.parametrize("k", [1, 10, 20, 40])
def test_lru_misses_where_the_stack_distance_exceeds_its_capacity(k):
    assert np.count_nonzero(stack.distances(golden()) > k) == misses(LRU(), golden(), k)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_a_mark_is_found_by_its_rank(marked):
    tree = np.zeros(len(marked) + 1, np.int64)
    for i in np.flatnonzero(marked):
        stack.add_mark(tree, int(i), 1)
    places = np.flatnonzero(marked).tolist()
    assert [stack.find_mark(tree, rank) for rank in range(len(places))] == places
    assert [stack.marks_before(tree, i) for i in range(len(marked) + 1)] == np.cumsum([0, *marked]).tolist()
