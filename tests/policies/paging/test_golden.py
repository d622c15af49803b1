"""Exact misses of the golden trace, whose numbers were computed from the rules alone."""

import pytest

from sim.study import catalog
from tests.worked import golden, misses

POLICIES = ["belady", "lru", "fifo", "clock", "lfu", "lfu,counts=perfect", "flush_when_full"]
POLICIES += ["sieve", "s3fifo", "arc", "two_q", "slru", "lirs", "gdsf"]
MISSES = {
    10: [409, 605, 646, 600, 566, 518, 734, 556, 550, 590, 582, 587, 570, 565],
    20: [271, 455, 490, 449, 423, 399, 592, 427, 404, 448, 451, 436, 431, 431],
    40: [152, 260, 276, 260, 222, 219, 407, 233, 232, 245, 259, 233, 240, 243],
}


@pytest.mark.parametrize("capacity", MISSES)
@pytest.mark.parametrize("place", range(len(POLICIES)), ids=POLICIES)
def test_the_golden_trace_is_missed_exactly_as_often_as_the_rules_say(place, capacity):
    policy = catalog.policy("paging", POLICIES[place])
    assert misses(policy, golden(), capacity) == MISSES[capacity][place]


@pytest.mark.parametrize("name", POLICIES)
def test_the_compiled_form_decides_alike(name):
    policy = catalog.policy("paging", name)
    assert misses(policy, golden(), 20, mode="compiled") == MISSES[20][POLICIES.index(name)]
