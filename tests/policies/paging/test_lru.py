import pytest

from policies.paging.lru import LRU
from tests.worked import evictions, golden, misses


def test_lru_evicts_the_page_requested_longest_ago():
    assert evictions(LRU(), "a b c a d", capacity=3) == ["b"]


@pytest.mark.parametrize(("capacity", "expected"), [(10, 605), (20, 455), (40, 260)])
def test_lru_meets_the_golden_counts(capacity, expected):
    assert misses(LRU(), golden(), capacity) == expected
