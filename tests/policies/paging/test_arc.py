import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.paging.arc import ARC
from tests.policies.paging.plain import Plain, busy, letters
from tests.worked import evictions


class PlainARC(Plain):
    """Four lists, oldest first, and the cases of the paper's figure in its order."""

    def __init__(self, capacity):
        super().__init__(capacity)
        self.t1, self.t2, self.b1, self.b2, self.p = [], [], [], [], 0.0

    def request(self, page):
        t1, t2, b1, b2, k = self.t1, self.t2, self.b1, self.b2, self.k
        if page in t1 or page in t2:
            (t1 if page in t1 else t2).remove(page)
            t2.append(page)
        elif page in b1:
            self.p = min(self.p + max(len(b2) / len(b1), 1), k)
            b1.remove(page)
            self.replace(False)
            t2.append(page)
        elif page in b2:
            self.p = max(self.p - max(len(b1) / len(b2), 1), 0)
            b2.remove(page)
            self.replace(True)
            t2.append(page)
        else:
            if len(t1) + len(b1) == k:
                if len(t1) < k:
                    b1.pop(0)
                    self.replace(False)
                else:
                    self.victims.append(t1.pop(0))
            elif len(t1) + len(t2) + len(b1) + len(b2) >= k:
                if len(t1) + len(t2) + len(b1) + len(b2) == 2 * k:
                    b2.pop(0)
                self.replace(False)
            t1.append(page)

    def replace(self, was_in_b2):
        if len(self.t1) + len(self.t2) < self.k:
            return
        if self.t1 and (len(self.t1) > self.p or (was_in_b2 and len(self.t1) == self.p)):
            self.b1.append(self.t1.pop(0))
            self.victims.append(self.b1[-1])
        else:
            self.b2.append(self.t2.pop(0))
            self.victims.append(self.b2[-1])


def test_arc_evicts_pages_requested_once_before_those_requested_again():
    assert evictions(ARC(), "a b a c d", capacity=2) == ["b", "c"]


def test_arc_learns_from_its_ghosts_which_list_was_too_short():
    # b is missed from B1: T1 may keep its one page, so a leaves T2. a is missed from B2: T1 may keep none, so c leaves.
    assert evictions(ARC(), "a b a c b a", capacity=2) == ["b", "a", "c"]


def test_arc_leaves_no_ghost_of_a_page_that_filled_t1():
    # Had a left a ghost, it would be loaded into T2 and d would evict c instead of a.
    assert evictions(ARC(), "a b c a c d", capacity=2) == ["a", "b", "a"]


@given(st.integers(1, 8), letters)
def test_arc_does_what_the_paper_says_word_for_word(capacity, pages):
    assert evictions(ARC(), pages, capacity) == PlainARC(capacity).played(pages)


@pytest.mark.parametrize("capacity", [3, 20, 40])
def test_arc_does_so_on_a_longer_trace(capacity):
    assert evictions(ARC(), busy, capacity) == PlainARC(capacity).played(busy)
