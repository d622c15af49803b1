import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.paging.two_q import TwoQ
from sim.core.errors import InputError
from tests.policies.paging.plain import Plain, busy, letters
from tests.worked import evictions, run


class PlainTwoQ(Plain):
    """Three lists, oldest first."""

    def __init__(self, capacity):
        super().__init__(capacity)
        self.in_size, self.out_size = max(1, capacity // 4), max(1, capacity // 2)
        self.a1in, self.a1out, self.am = [], [], []

    def request(self, page):
        if page in self.am:
            self.am.remove(page)
            self.am.append(page)
        elif page not in self.a1in:
            was_ghost = page in self.a1out
            if was_ghost:
                self.a1out.remove(page)
            if len(self.a1in) + len(self.am) == self.k:
                self.make_room()
            (self.am if was_ghost else self.a1in).append(page)

    def make_room(self):
        if len(self.a1in) > self.in_size or not self.am:
            self.victims.append(self.a1in.pop(0))
            self.a1out.append(self.victims[-1])
            del self.a1out[: -self.out_size]
        else:
            self.victims.append(self.am.pop(0))


def test_two_q_takes_hits_on_a_new_page_for_one_burst():
    assert evictions(TwoQ(), "a b a a c", capacity=2) == ["a"]


def test_two_q_keeps_a_page_that_is_missed_again_soon_after_it_left():
    # Capacity 4: A1in above 1 gives up pages. a comes back from A1out into Am, and all that follow pass it by.
    assert evictions(TwoQ(), "a b c d e a f g", capacity=4) == ["a", "b", "c", "d"]


def test_two_q_gives_up_the_oldest_page_of_am_while_a1in_is_within_its_size():
    assert evictions(TwoQ(), "a b c a d", capacity=2) == ["a", "b", "a"]


@given(st.integers(1, 8), letters)
def test_two_q_does_what_its_rules_say_word_for_word(capacity, pages):
    assert evictions(TwoQ(), pages, capacity) == PlainTwoQ(capacity).played(pages)


@pytest.mark.parametrize("capacity", [3, 20, 40])
def test_two_q_does_so_on_a_longer_trace(capacity):
    assert evictions(TwoQ(), busy, capacity) == PlainTwoQ(capacity).played(busy)


@pytest.mark.parametrize(("parameter", "value"), [("in_share", 0.0), ("in_share", 1.0), ("out_share", 0.0)])
def test_two_q_refuses_parameters_out_of_range(parameter, value):
    with pytest.raises(InputError, match=f"two_q: {parameter} must be"):
        run(TwoQ(**{parameter: value}), "abc", 2)
