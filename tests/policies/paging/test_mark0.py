import numpy as np
import pytest

from policies.paging.mark0 import Mark0
from sim.domains.paging import truth
from sim.domains.paging.cache import RELEASE
from tests.worked import evictions, misses, run, trace_of


def bits(pages, values):
    return trace_of(pages).with_column("discard_bit", np.array([value == "1" for value in values]))


@pytest.mark.parametrize("seed", range(8))
def test_a_page_of_bit_1_leaves_before_all_others_marked_or_not(seed):
    assert evictions(Mark0(), bits("abc", "010"), 2, seed=seed) == ["b"]
    # c takes the place of a or b; for d the marked c leaves, not the unmarked one that was left
    assert evictions(Mark0(), bits("abcd", "0010"), 2, seed=seed)[1] == "c"


@pytest.mark.parametrize("seed", range(8))
def test_a_request_replaces_the_bit_of_its_page(seed):
    assert evictions(Mark0(), bits("abac", "0010"), 2, seed=seed) == ["a"]
    assert evictions(Mark0(), bits("ababc", "11010"), 2, seed=seed) == ["b"]


@pytest.mark.parametrize("seed", range(8))
def test_without_a_bit_1_the_unmarked_page_leaves(seed):
    # c takes the place of one of a, b; the other one is the only unmarked page when d comes
    assert sorted(evictions(Mark0(), bits("abcd", "0000"), 2, seed=seed)) == ["a", "b"]


def test_eager_dropping_leaves_a_hole_that_the_next_page_fills():
    result = run(Mark0(eager=True), bits("abc", "100"), 2)
    assert (result.decisions.kind.tolist(), result.decisions.subject.tolist()) == ([RELEASE], [0])
    assert result.metrics["evictions"] == 0


def test_with_all_bits_1_eager_dropping_misses_always_and_the_lazy_form_does_not():
    trace = bits("aabbaabb", "11111111")
    assert misses(Mark0(eager=True), trace, 2) == 8
    assert misses(Mark0(), trace, 2) == 2


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize(("pages", "k", "opt"), [("abcab", 2, 4), ("abcabdab", 2, 6), ("abcdabeabcde", 3, 7)])
def test_perfect_bits_give_the_optimum_in_both_forms(pages, k, opt, eager):
    trace = trace_of(pages)
    assert misses(Mark0(eager=eager), trace.with_column("discard_bit", truth.discard_bits(trace, k)), k) == opt
