from hypothesis import given
from hypothesis import strategies as st

from policies.paging.flush_when_full import FlushWhenFull
from policies.paging.lru import LRU
from tests.policies.paging.plain import letters
from tests.worked import evictions, misses


def test_flush_when_full_empties_the_cache_when_a_page_finds_no_room():
    # After c only c is there: a and b are loaded into free room again, and b is evicted with no one else at the end.
    assert evictions(FlushWhenFull(), "a b c a b", capacity=2) == ["a", "b", "c", "a"]


def test_flush_when_full_evicts_nothing_while_there_is_room():
    assert evictions(FlushWhenFull(), "a b a b", capacity=2) == []


@given(st.integers(1, 6), letters)
def test_flush_when_full_is_never_better_than_lru(capacity, pages):
    assert misses(FlushWhenFull(), pages, capacity) >= misses(LRU(), pages, capacity)
