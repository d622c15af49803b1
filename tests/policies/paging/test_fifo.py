from policies.paging.fifo import FIFO
from tests.worked import evictions, misses


def test_fifo_evicts_the_page_loaded_first_whatever_was_hit():
    assert evictions(FIFO(), "a b a c d", capacity=2) == ["a", "b"]


def test_fifo_can_miss_more_often_with_more_room():
    # Belady's anomaly.
    pages = "1 2 3 4 1 2 5 1 2 3 4 5"
    assert [misses(FIFO(), pages, capacity) for capacity in (3, 4)] == [9, 10]
