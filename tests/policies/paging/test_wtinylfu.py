import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.paging.wtinylfu import WTinyLFU
from sim.core.errors import InputError
from sim.domains.paging.sketch import Sketch
from tests.policies.paging.plain import Plain, busy, letters
from tests.worked import evictions, run, trace_of


class PlainWTinyLFU(Plain):
    """Three lists, oldest first, and the sketch, whose chance collisions are part of the rules."""

    def __init__(self, capacity, trace, sample=32, spill=True):
        super().__init__(capacity)
        self.spill = spill
        self.n_main = max(1, capacity - max(1, capacity // 100))
        self.n_protected = 4 * self.n_main // 5
        self.n_probation = max(1, self.n_main // 5) if spill else self.n_main - self.n_protected
        n_counted = max(1, min(capacity, len(trace.tables["pages"])) * self.n_main // capacity)
        self.sketch = Sketch(n_counted, len(trace.tables["pages"]))
        self.number = {str(label): page for page, label in enumerate(trace.tables["pages"])}
        self.window, self.probation, self.protected = [], [], []
        self.hits_left = self.halve_after = sample * n_counted

    def request(self, page):
        if page in self.window:
            self.window.remove(page)
            self.window.append(page)
        elif page in self.probation + self.protected:
            self.hit_main(page)
        else:
            if len(self.window) + len(self.probation) + len(self.protected) == self.k:
                self.make_room()
            self.window.append(page)
            self.count(page)

    def hit_main(self, page):
        (self.probation if page in self.probation else self.protected).remove(page)
        self.protected.append(page)
        while len(self.protected) > self.n_protected:
            self.probation.append(self.protected.pop(0))
            while self.spill and len(self.probation) > self.n_probation and self.probation[0] != page:
                self.victims.append(self.probation.pop(0))
        self.count(page)
        self.hits_left -= 1
        if self.hits_left == 0:
            self.sketch.halve()
            self.hits_left = self.halve_after

    def make_room(self):
        while self.window and len(self.probation) + len(self.protected) < self.n_main:
            self.count(self.window[0])
            self.enter_main(self.window.pop(0))
        lower = self.probation or self.protected
        if not self.window:
            self.victims.append(lower.pop(0))
            return
        page = self.window.pop(0)
        if self.estimate(page) > self.estimate(lower[0]):
            self.victims.append(lower.pop(0))
            self.enter_main(page)
        else:
            self.victims.append(page)
        self.count(page)

    def enter_main(self, page):
        is_below = len(self.probation) < self.n_probation or len(self.protected) >= self.n_protected
        (self.probation if is_below else self.protected).append(page)

    def count(self, page):
        self.sketch.add(self.number[page])

    def estimate(self, page):
        return self.sketch.estimate(self.number[page])


def test_wtinylfu_lets_a_page_into_the_main_part_only_if_it_is_requested_more_often():
    # A window of 1, a probation and a protected segment of 1. At d the main part takes a and b, and c does not beat a.
    # d does not either; then it is counted as a loser and comes back, beats a, and a leaves.
    assert evictions(WTinyLFU(), "a b c d e d f", capacity=3) == ["c", "d", "e", "a"]


@pytest.mark.parametrize(("spill", "expected"), [(True, ["d", "a"]), (False, ["d"])])
def test_wtinylfu_lets_a_page_go_unforced_when_another_sinks_into_full_probation(spill, expected):
    # Segments of 1 and a page left over: probation holds c above a, the protected segment b. c rises and b sinks.
    policy = WTinyLFU(protected_share=0.5, spill=spill)
    assert evictions(policy, "a b c d e c", capacity=4) == expected


@given(st.integers(1, 12), st.sampled_from([1, 32]), st.booleans(), letters)
def test_wtinylfu_does_what_its_rules_say_word_for_word(capacity, sample, spill, pages):
    plain = PlainWTinyLFU(capacity, trace_of(pages), sample, spill)
    assert evictions(WTinyLFU(sample=sample, spill=spill), pages, capacity) == plain.played(pages)


@pytest.mark.parametrize("spill", [True, False])
@pytest.mark.parametrize("capacity", [3, 20, 40])
def test_wtinylfu_does_so_on_a_longer_trace(capacity, spill):
    plain = PlainWTinyLFU(capacity, busy, sample=1, spill=spill)
    assert evictions(WTinyLFU(sample=1, spill=spill), busy, capacity) == plain.played(busy)


@pytest.mark.parametrize(("parameter", "value"), [("window_share", 0.0), ("protected_share", 1.0), ("sample", 0)])
def test_wtinylfu_refuses_parameters_out_of_range(parameter, value):
    with pytest.raises(InputError, match=f"wtinylfu: {parameter} must be"):
        run(WTinyLFU(**{parameter: value}), "abc", 2)
