import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.paging.lru import LRU
from policies.paging.slru import SLRU
from sim.core.errors import InputError
from tests.policies.paging.plain import Plain, busy, letters
from tests.worked import evictions, run


class PlainSLRU(Plain):
    """A list per segment, oldest first, the lowest segment first."""

    def __init__(self, capacity, n_segments=4):
        super().__init__(capacity)
        self.room = max(1, capacity // n_segments)
        self.segments = [[] for _ in range(n_segments)]

    def request(self, page):
        for i, segment in enumerate(self.segments):
            if page in segment:
                segment.remove(page)
                self.lift(page, min(i + 1, len(self.segments) - 1))
                return
        if sum(map(len, self.segments)) == self.k:
            self.victims.append(next(segment for segment in self.segments if segment).pop(0))
        with_room = [segment for segment in self.segments if len(segment) < self.room]
        (with_room or self.segments)[0].append(page)

    def lift(self, page, i):
        self.segments[i].append(page)
        while i > 0 and len(self.segments[i]) > self.room:
            while len(self.segments[i]) > self.room:
                self.segments[i - 1].append(self.segments[i].pop(0))
            i -= 1
            while i == 0 and len(self.segments[0]) > self.room and self.segments[0][0] != page:
                self.victims.append(self.segments[0].pop(0))


def test_slru_fills_a_cold_cache_upwards_and_evicts_from_the_bottom():
    assert evictions(SLRU(), "a b c d e f", capacity=4) == ["a", "e"]


def test_slru_lets_the_oldest_page_of_a_full_segment_sink_when_another_rises():
    # Of two segments of 2 the upper one holds c and d. a rises, c sinks above b, and b is the first to leave.
    assert evictions(SLRU(n_segments=2), "a b c d a e f", capacity=4) == ["b", "c"]


def test_slru_lets_a_page_go_unforced_when_another_sinks_into_a_full_lowest_segment():
    # Two segments of 1, and a page left over, which lies with the lowest: c above a. c rises, b sinks, and a leaves.
    assert evictions(SLRU(n_segments=2), "a b c c", capacity=3) == ["a"]


@given(st.integers(1, 6), letters)
def test_slru_of_one_segment_is_lru(capacity, pages):
    assert evictions(SLRU(n_segments=1), pages, capacity) == evictions(LRU(), pages, capacity)


@given(st.integers(1, 9), st.integers(1, 5), letters)
def test_slru_does_what_its_rules_say_word_for_word(capacity, n_segments, pages):
    plain = PlainSLRU(capacity, n_segments)
    assert evictions(SLRU(n_segments=n_segments), pages, capacity) == plain.played(pages)


@pytest.mark.parametrize("capacity", [3, 20, 39])
def test_slru_does_so_on_a_longer_trace(capacity):
    assert evictions(SLRU(), busy, capacity) == PlainSLRU(capacity).played(busy)


@pytest.mark.parametrize("n_segments", [0, 101])
def test_slru_refuses_no_segments_and_too_many(n_segments):
    with pytest.raises(InputError, match=f"slru: n_segments must be 1 to 100, got {n_segments}"):
        run(SLRU(n_segments=n_segments), "abc", 2)
