import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.paging.s3fifo import S3FIFO
from sim.core.errors import InputError
from tests.policies.paging.plain import Plain, busy, letters
from tests.worked import evictions, run


class PlainS3FIFO(Plain):
    """Three lists, oldest first."""

    def __init__(self, capacity, small_share=0.1):
        super().__init__(capacity)
        self.small_size = max(1, int(small_share * capacity))
        self.main_size = max(1, capacity - self.small_size)
        self.ghost_size = max(1, int(0.9 * capacity))
        self.small, self.main, self.ghost, self.uses = [], [], [], {}

    def request(self, page):
        if page in self.small + self.main:
            self.uses[page] += 1
            return
        was_ghost = page in self.ghost
        if was_ghost:
            self.ghost.remove(page)
        while len(self.small) + len(self.main) >= self.k:
            if len(self.main) > self.main_size or not self.small:
                self.evict_from_main()
            else:
                self.evict_from_small()
        is_early = not self.victims and len(self.small) >= self.small_size
        (self.main if was_ghost or is_early else self.small).append(page)
        self.uses[page] = 0

    def evict_from_small(self):
        while self.small:
            page = self.small.pop(0)
            if self.uses[page] < 2:
                self.victims.append(page)
                self.ghost.append(page)
                del self.ghost[: -self.ghost_size]
                return
            self.main.append(page)
            self.uses[page] = 0

    def evict_from_main(self):
        while self.uses[self.main[0]]:
            page = self.main.pop(0)
            self.main.append(page)
            self.uses[page] = min(self.uses[page], 3) - 1
        self.victims.append(self.main.pop(0))


def test_s3fifo_evicts_a_new_page_first_and_takes_it_into_main_when_it_comes_back():
    # Capacity 2: small, main and ghost of 1. b finds small full and goes to main. c pushes a out, a comes back from the ghost
    # into main and pushes c out; main is then over its size, so that d pushes b out.
    assert evictions(S3FIFO(), "a b c a d", capacity=2) == ["a", "c", "b"]


@pytest.mark.parametrize(("pages", "expected"), [("a a b c d", ["a"]), ("a a a b c d", ["b"])])
def test_s3fifo_takes_a_page_into_main_that_was_hit_twice_in_small(pages, expected):
    assert evictions(S3FIFO(), pages, capacity=3) == expected


def test_s3fifo_goes_on_with_small_after_a_page_of_it_went_to_main():
    # Small holds a and b, main c and d. a goes to main, which is then over its size; yet b is the next to be looked at.
    assert evictions(S3FIFO(small_share=0.5), "a a a b c d e", capacity=4) == ["b"]


@given(st.integers(1, 8), st.sampled_from([0.1, 0.5]), letters)
def test_s3fifo_does_what_its_rules_say_word_for_word(capacity, share, pages):
    assert evictions(S3FIFO(small_share=share), pages, capacity) == PlainS3FIFO(capacity, share).played(pages)


@pytest.mark.parametrize("capacity", [3, 20, 40])
def test_s3fifo_does_so_on_a_longer_trace(capacity):
    assert evictions(S3FIFO(), busy, capacity) == PlainS3FIFO(capacity).played(busy)


@pytest.mark.parametrize(
    ("parameter", "value"), [("small_share", 0.0), ("small_share", 1.0), ("ghost_share", 0.0), ("promote_after", 4)]
)
def test_s3fifo_refuses_parameters_out_of_range(parameter, value):
    with pytest.raises(InputError, match=f"s3fifo: {parameter} must be"):
        run(S3FIFO(**{parameter: value}), "abc", 2)
