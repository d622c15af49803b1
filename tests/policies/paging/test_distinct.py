"""No name is wired to another's code: all policies that ask for nothing decide differently."""

from itertools import combinations

import pytest

from sim.study import catalog
from tests.worked import evictions, golden

NAMES = ["lru", "fifo", "clock", "random", "lfu", "flush_when_full", "marker", "sieve", "s3fifo", "arc", "two_q"]
NAMES += ["slru", "lirs", "wtinylfu", "lecar", "gdsf"]


@pytest.mark.parametrize("capacity", [5, 40])
def test_no_two_policies_evict_the_same_pages(capacity):
    trace = golden()
    victims = {name: evictions(catalog.policy("paging", name), trace, capacity) for name in NAMES}
    assert [pair for pair in combinations(NAMES, 2) if victims[pair[0]] == victims[pair[1]]] == []
