import numpy as np

from policies.paging.flush_all_zeros import FlushAllZeros
from sim.domains.paging import measures, truth
from tests.worked import evictions, misses, run, trace_of


def bits(pages, values):
    return trace_of(pages).with_column("discard_bit", np.array([value == "1" for value in values]))


def test_of_the_pages_with_bit_1_the_one_requested_longest_ago_leaves():
    assert evictions(FlushAllZeros(), bits("abcd", "0110"), 3) == ["b"]
    assert evictions(FlushAllZeros(), bits("abacd", "11100"), 3) == ["b"]


def test_a_request_replaces_the_bit_of_its_page():
    assert evictions(FlushAllZeros(), bits("abcad", "11000"), 3) == ["b"]


def test_without_a_bit_1_the_whole_cache_is_emptied():
    result = run(FlushAllZeros(), bits("abcda", "00000"), 3)
    assert sorted(result.decisions.subject.tolist()) == [0, 1, 2]
    assert (result.metrics["misses"], result.metrics["evictions"]) == (5, 1)


def test_the_loop_that_one_wrong_bit_makes_dear_stays_within_the_bound():
    # the optimum of abcab at 2 pages misses 4 times with bits 01100; kept instead, b costs a flush
    trace = bits("abcab", "00100")
    facts = measures.facts(trace, truth.furthest(trace, 2), ["discard_bit"])
    assert (facts.opt, facts.eta0, facts.eta1) == (4, 1, 0)
    assert misses(FlushAllZeros(), trace, 2) == FlushAllZeros().bound(facts) == 4 + 1
