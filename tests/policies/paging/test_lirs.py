import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.paging.lirs import LIRS
from sim.core.errors import InputError
from tests.policies.paging.plain import Plain, busy, letters
from tests.worked import evictions, misses, run


class PlainLIRS(Plain):
    """A stack, a queue and a set of LIR pages; what is in the stack and neither LIR nor queued is a ghost."""

    def __init__(self, capacity):
        super().__init__(capacity)
        self.n_hir = max(1, capacity // 100)
        self.n_lir = max(1, capacity - self.n_hir)
        self.stack, self.queue, self.lir, self.gone = [], [], set(), []  # oldest first; `gone`: ghosts
        self.n_misses = 0

    def request(self, page):
        was_in_stack = page in self.stack
        is_resident = page in self.queue or (was_in_stack and page not in self.gone)
        if not is_resident:
            self.n_misses += 1
            if len(self.lir) + len(self.queue) == self.k:
                self.make_room()
        for place in (self.stack, self.queue, self.gone):
            if page in place:
                place.remove(page)
        self.stack.append(page)
        if was_in_stack and page not in self.lir:
            if len(self.lir) == self.n_lir:
                self.demote()
            self.lir.add(page)
        elif is_resident and page not in self.lir:
            self.queue.append(page)
            self.hit_outside_the_stack(page)
        elif len(self.lir) < self.n_lir:
            self.lir.add(page)
        elif page not in self.lir:
            self.queue.append(page)
        self.prune()
        while len(self.stack) > 2 * self.k and self.gone:
            self.stack.remove(self.gone.pop(0))

    def hit_outside_the_stack(self, page):
        return

    def make_room(self):
        if not self.queue:
            self.demote()
        self.victims.append(self.queue.pop(0))
        if self.victims[-1] in self.stack:
            self.gone.append(self.victims[-1])

    def demote(self):
        self.lir.remove(self.stack[0])
        self.queue.append(self.stack.pop(0))
        self.prune()

    def prune(self):
        while self.lir and self.stack[0] not in self.lir:
            page = self.stack.pop(0)
            if page in self.gone:
                self.gone.remove(page)


def test_lirs_gives_the_rank_of_the_lowest_page_to_one_that_came_back_sooner():
    # The paper's example, with two LIR pages: b comes back at request 5 and takes the rank of a, which was absent for longer;
    # a comes back at 6 and 8 and takes it back, so that b is the one to leave for e.
    assert evictions(LIRS(), "a d b c b a d a e", capacity=3) == ["b", "c", "b"]


def test_lirs_keeps_part_of_a_loop_that_is_larger_than_the_cache():
    # Of four pages two stay from the first round on, and two are missed in each; lru would miss all 20.
    assert misses(LIRS(), "abcd" * 5, capacity=3) == 4 + 4 * 2


def test_lirs_leaves_the_lir_pages_alone_when_a_page_outside_the_stack_is_hit():
    # The hits to a and d prune b off the stack, and the hit to b brings it back on top. c then takes b's place in the queue, and
    # a and d are still there. Had a lost its rank to the hit, it would have pushed b out of the queue, and c pushed it out.
    assert evictions(LIRS(), "a d b a d b c a d", capacity=3) == ["b"]


@given(st.integers(1, 8), letters)
def test_lirs_does_what_its_rules_say_word_for_word(capacity, pages):
    assert evictions(LIRS(), pages, capacity) == PlainLIRS(capacity).played(pages)


@pytest.mark.parametrize("capacity", [3, 20, 40])
def test_lirs_does_so_on_a_longer_trace(capacity):
    assert evictions(LIRS(), busy, capacity) == PlainLIRS(capacity).played(busy)


@pytest.mark.parametrize(("parameter", "value"), [("hir_share", 0.0), ("hir_share", 1.0), ("stack_limit", 0.5)])
def test_lirs_refuses_parameters_out_of_range(parameter, value):
    with pytest.raises(InputError, match=f"lirs: {parameter} must be"):
        run(LIRS(**{parameter: value}), "abc", 2)
