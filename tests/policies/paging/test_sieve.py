import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.paging.clock import Clock
from policies.paging.sieve import Sieve
from tests.policies.paging.plain import Plain, busy, letters
from tests.worked import evictions, run, trace_of


class PlainSieve(Plain):
    """A list of pages, a set of those visited, and the page under the hand."""

    def __init__(self, capacity):
        super().__init__(capacity)
        self.queue, self.visited, self.hand = [], set(), None  # oldest first

    def request(self, page):
        if page in self.queue:
            self.visited.add(page)
            return
        if len(self.queue) == self.k:
            place = self.queue.index(self.hand) if self.hand else 0
            while self.queue[place] in self.visited:
                self.visited.remove(self.queue[place])
                place = (place + 1) % self.k
            self.victims.append(self.queue.pop(place))
            self.hand = self.queue[place] if place < len(self.queue) else None
        self.queue.append(page)


def test_sieve_leaves_a_visited_page_where_it_is_and_goes_on():
    # At d the hand passes a and takes b; at e it goes on from c and takes that.
    assert evictions(Sieve(), "a b c a d e", capacity=3) == ["b", "c"]


def test_sieve_wraps_from_the_newest_page_to_the_oldest():
    assert evictions(Sieve(), "a b c a b c d", capacity=3) == ["a"]


def test_sieve_looks_at_a_newcomer_before_pages_that_survived_and_clock_does_not():
    # At d both pass a and take b, at e both take c. At f sieve's hand is at d, which is new; clock's is at a again.
    pages = "a b c a d e f"
    assert evictions(Sieve(), pages, capacity=3) == ["b", "c", "d"]
    assert evictions(Clock(), pages, capacity=3) == ["b", "c", "a"]


@given(st.integers(1, 6), letters)
def test_sieve_does_what_its_rules_say_word_for_word(capacity, pages):
    assert evictions(Sieve(), pages, capacity) == PlainSieve(capacity).played(pages)


@pytest.mark.parametrize("capacity", [3, 20])
def test_sieve_does_so_on_a_longer_trace(capacity):
    assert evictions(Sieve(), busy, capacity) == PlainSieve(capacity).played(busy)


def test_sieve_moves_its_hand_on_when_the_page_under_it_is_deleted():
    # At d the hand takes b and points to c; c is deleted, e takes its room, f finds d under the hand.
    trace = trace_of("a b c a d c e f", op=[1, 1, 1, 1, 1, 9, 1, 1])
    log = run(Sieve(), trace, 3).decisions
    assert [str(trace.tables["pages"][page]) for page in log.subject] == ["b", "d"]
