from policies.paging.belady import Belady
from policies.paging.opt_marking import OptMarking
from tests.worked import evictions, golden, misses


def test_the_unmarked_page_requested_furthest_in_the_future_leaves():
    assert evictions(OptMarking(), "abcdab", 3) == ["c"]


def test_among_pages_never_requested_again_the_highest_slot_leaves():
    assert evictions(OptMarking(), "abcd", 3) == ["c"]


def test_marking_has_a_price():
    # for c both let b go; for d the optimum lets c go and hits a, but c is marked, so that a has to go
    assert evictions(Belady(), "abcda", 2) == ["b", "c"]
    assert evictions(OptMarking(), "abcda", 2)[:2] == ["b", "a"]
    assert (misses(Belady(), "abcda", 2), misses(OptMarking(), "abcda", 2)) == (4, 5)


def test_it_lies_between_the_optimum_and_twice_as_much():
    for capacity in (1, 10, 20, 40):
        best = misses(Belady(), golden(), capacity)
        assert best <= misses(OptMarking(), golden(), capacity) <= 2 * best
