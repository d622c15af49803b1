import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.paging.clock import Clock
from sim.core.errors import InputError
from tests.policies.paging.plain import Plain, busy, letters
from tests.worked import evictions, run, trace_of


class PlainClock(Plain):
    """A queue in which the page passed over becomes the newest."""

    def __init__(self, capacity, n_bits=1):
        super().__init__(capacity)
        self.most = 2**n_bits - 1
        self.queue, self.uses = [], {}  # oldest first

    def request(self, page):
        if page in self.queue:
            self.uses[page] = min(self.uses[page] + 1, self.most)
            return
        if len(self.queue) == self.k:
            while self.uses[self.queue[0]]:
                self.uses[self.queue[0]] -= 1
                self.queue.append(self.queue.pop(0))
            self.victims.append(self.queue.pop(0))
        self.queue.append(page)
        self.uses[page] = 0


def test_clock_passes_over_a_page_in_use_once():
    # At c the hand passes a, which is in use, and takes b; at d it is back at a, which was not used since.
    assert evictions(Clock(), "a b a c d e", capacity=2) == ["b", "a", "c"]


def test_clock_with_two_bits_passes_over_a_page_once_per_use():
    assert evictions(Clock(n_bits=2), "a b a a c d e", capacity=2) == ["b", "c", "a"]


def test_clock_does_not_take_the_load_for_a_use():
    assert evictions(Clock(), "a b c", capacity=2) == ["a"]


@given(st.integers(1, 6), st.integers(1, 3), letters)
def test_clock_is_a_queue_in_which_pages_in_use_go_to_the_end(capacity, n_bits, pages):
    assert evictions(Clock(n_bits=n_bits), pages, capacity) == PlainClock(capacity, n_bits).played(pages)


@pytest.mark.parametrize("capacity", [3, 20])
def test_clock_does_so_on_a_longer_trace(capacity):
    assert evictions(Clock(), busy, capacity) == PlainClock(capacity).played(busy)


def test_clock_moves_its_hand_on_when_the_page_under_it_is_deleted():
    # At d the hand passes a and takes b, and points to c; c is deleted, e takes its room, f finds a under the hand.
    trace = trace_of("a b c a d c e f", op=[1, 1, 1, 1, 1, 9, 1, 1])
    log = run(Clock(), trace, 3).decisions
    assert [str(trace.tables["pages"][page]) for page in log.subject] == ["b", "a"]


@pytest.mark.parametrize("n_bits", [0, 9])
def test_clock_refuses_a_counter_without_bits_or_with_too_many(n_bits):
    with pytest.raises(InputError, match=f"clock: n_bits must be 1 to 8, got {n_bits}"):
        run(Clock(n_bits=n_bits), "abc", 2)
