import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.core.trace import NONE
from sim.domains.paging.prefix import PrefixOptimum, Profile
from sim.domains.paging.truth import Furthest, next_use
from tests.worked import golden, trace_of


def optimum_of(trace, capacity):
    """LFD on the whole of a trace, played from its beginning."""
    n_pages = len(trace.tables["pages"])
    rule = Furthest(trace["page"], next_use(trace), n_pages, capacity)
    for i in range(len(trace)):
        rule.request(i)
    return rule


def test_of_pages_not_requested_again_so_far_the_one_requested_longest_ago_is_gone():
    prefix = PrefixOptimum(3, 3, 2)
    for page in (0, 1, 2):  # a b c: neither a nor b returns so far
        prefix.request(page)
    assert [prefix.holds(page) for page in (0, 1, 2)] == [False, True, True]


def test_a_return_shows_in_hindsight_that_the_page_should_have_stayed():
    prefix = PrefixOptimum(3, 4, 2)
    for page in (0, 1, 2, 0):  # a b c a: keeping a, c must have pushed out b
        prefix.request(page)
    assert prefix.faults == 3
    assert [prefix.holds(page) for page in (0, 1, 2)] == [True, False, True]


@given(st.integers(1, 5), st.lists(st.integers(0, 12), min_size=1, max_size=40))
def test_it_agrees_with_lfd_played_anew_on_every_prefix(capacity, ids):
    trace = trace_of(ids)
    n_pages = len(trace.tables["pages"])
    prefix = PrefixOptimum(n_pages, len(ids), capacity)
    for i, page in enumerate(trace["page"].tolist()):
        prefix.request(page)
        slow = optimum_of(trace.rows(0, i + 1), capacity)
        assert prefix.faults == slow.faults
        assert [prefix.holds(q) for q in range(n_pages)] == slow.resident.tolist()


@pytest.mark.parametrize("capacity", [1, 10, 40])
def test_it_agrees_with_lfd_on_the_golden_trace(capacity):
    trace = golden()
    prefix = PrefixOptimum(len(trace.tables["pages"]), len(trace), capacity)
    for page in trace["page"].tolist():
        prefix.request(page)
    slow = optimum_of(trace, capacity)
    assert prefix.faults == slow.faults
    assert [prefix.holds(page) for page in range(len(slow.resident))] == slow.resident.tolist()


@given(
    st.integers(1, 20),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(-3, 3)), max_size=12),
)
def test_a_profile_is_an_array_to_whose_ranges_one_adds(n, additions):
    profile, plain = Profile(n), np.zeros(n, int)
    for start, stop, amount in additions:
        start, stop = min(start, n), min(stop, n)
        profile.add(start, stop, amount)
        plain[start:stop] += amount
        assert [profile.value(place) for place in range(n)] == plain.tolist()
        for value in range(-4, 5):
            found = [place for place in range(start, stop) if plain[place] >= value]
            assert profile.first_at_least(start, stop, value) == (found[0] if found else NONE)
