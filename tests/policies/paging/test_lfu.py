import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.paging.lfu import LFU
from sim.core.errors import InputError
from tests.policies.paging.plain import Plain, busy, letters
from tests.worked import evictions, run


class PlainLFU(Plain):
    """Sorts all residents at every eviction."""

    def __init__(self, capacity, counts="in_cache"):
        super().__init__(capacity)
        self.is_perfect = counts == "perfect"
        self.counts, self.last, self.residents, self.now = {}, {}, [], 0

    def request(self, page):
        self.now += 1
        if page not in self.residents:
            if len(self.residents) == self.k:
                victim = min(self.residents, key=lambda page: (self.counts[page], self.last[page]))
                self.residents.remove(victim)
                self.victims.append(victim)
                if not self.is_perfect:
                    del self.counts[victim]
            self.residents.append(page)
        self.counts[page] = self.counts.get(page, 0) + 1
        self.last[page] = self.now


def test_lfu_evicts_the_page_requested_least_often():
    assert evictions(LFU(), "a a b c", capacity=2) == ["b"]


def test_lfu_evicts_of_equal_pages_the_one_requested_longest_ago():
    assert evictions(LFU(), "a b b a c", capacity=2) == ["b"]


@pytest.mark.parametrize(("counts", "expected"), [("in_cache", ["b", "c", "b"]), ("perfect", ["b", "c", "a"])])
def test_lfu_forgets_the_count_of_an_evicted_page_unless_it_is_perfect(counts, expected):
    # b comes back as its third request: at d it counts 1, or as much as a, which was requested longer ago.
    assert evictions(LFU(counts=counts), "a a a b b c b d", capacity=2) == expected


@given(st.sampled_from(["in_cache", "perfect"]), st.integers(1, 6), letters)
def test_lfu_evicts_the_least_of_all_counts(counts, capacity, pages):
    assert evictions(LFU(counts=counts), pages, capacity) == PlainLFU(capacity, counts).played(pages)


@pytest.mark.parametrize("counts", ["in_cache", "perfect"])
def test_lfu_does_so_on_a_longer_trace(counts):
    assert evictions(LFU(counts=counts), busy, 20) == PlainLFU(20, counts).played(busy)


def test_lfu_refuses_counts_of_an_unknown_kind():
    with pytest.raises(InputError, match='lfu: counts must be in_cache or perfect, got "all"'):
        run(LFU(counts="all"), "abc", 2)
