from hypothesis import given
from hypothesis import strategies as st

from policies.paging.gdsf import GDSF
from policies.paging.lfu import LFU
from tests.policies.paging.plain import Plain, busy, letters
from tests.worked import evictions, trace_of


class PlainGDSF(Plain):
    """Sorts all residents at every eviction."""

    def __init__(self, capacity):
        super().__init__(capacity)
        self.counts, self.ranks, self.age, self.now = {}, {}, 0, 0

    def request(self, page):
        self.now += 1
        if page not in self.ranks:
            if len(self.ranks) == self.k:
                victim = min(self.ranks, key=self.ranks.get)
                self.age = self.ranks.pop(victim)[0]
                self.victims.append(victim)
            self.counts[page] = 0
        self.counts[page] += 1
        self.ranks[page] = (self.age + 1_000_000 * self.counts[page], self.now)


def test_gdsf_ages_a_page_that_was_popular_and_lfu_does_not():
    # b leaves with priority 1, so that c is worth 1 + 1 when loaded, as much as a with its two requests long ago.
    assert evictions(GDSF(), "a a b c d", capacity=2) == ["b", "a"]
    assert evictions(LFU(), "a a b c d", capacity=2) == ["b", "c"]


def test_gdsf_evicts_the_page_with_the_fewest_requests_per_byte():
    # Requests per byte: a 2/4, b 1/1, c 1/3.
    trace = trace_of("a a b c d", size_bytes=[4, 4, 1, 3, 2])
    assert evictions(GDSF(), trace, capacity=8, sized=True) == ["c"]


@given(st.integers(1, 6), letters)
def test_gdsf_evicts_the_least_of_all_priorities(capacity, pages):
    assert evictions(GDSF(), pages, capacity) == PlainGDSF(capacity).played(pages)


def test_gdsf_does_so_on_a_longer_trace():
    assert evictions(GDSF(), busy, 20) == PlainGDSF(20).played(busy)
