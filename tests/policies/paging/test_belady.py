import numpy as np
import pytest

from policies.paging.belady import Belady
from sim.core.errors import InputError
from tests.worked import evictions, misses, run, trace_of


def test_the_page_requested_furthest_in_the_future_leaves():
    assert evictions(Belady(), "abcdabc", 3) == ["c", "d"]


def test_among_pages_never_requested_again_the_one_requested_longest_ago_leaves():
    assert evictions(Belady(), "abcad", 3) == ["b"]
    assert evictions(Belady(), "abcab", 2) == ["b", "c"]


@pytest.mark.parametrize(
    ("pages", "k", "opt"), [("abcab", 2, 4), ("abcaba", 2, 4), ("abcabdab", 2, 6), ("abcdabeabcde", 3, 7)]
)
def test_it_misses_as_often_as_by_hand(pages, k, opt):
    assert misses(Belady(), pages, k) == opt


def test_with_sizes_the_furthest_leave_until_the_new_page_fits_or_the_costliest_first():
    # for c, of 20 bytes: a has 40 bytes and returns at 3, b has 10 and returns at 4
    trace = trace_of("abcab", size_bytes=np.array([40, 10, 20, 40, 10]))
    furthest = run(Belady(), trace, 50, sized=True).decisions
    costliest = run(Belady(size_aware=True), trace, 50, sized=True).decisions
    assert furthest.subject[furthest.row == 2].tolist() == [1, 0]
    assert costliest.subject[costliest.row == 2].tolist() == [0]


def test_size_aware_without_sizes_is_refused():
    with pytest.raises(InputError, match="size_aware needs sizes; give the capacity in bytes"):
        run(Belady(size_aware=True), "ab", 2)
