import numpy as np
import pytest

from policies.paging.discard_bit import DiscardBit
from tests.worked import evictions, trace_of


def bits(pages, values):
    return trace_of(pages).with_column("discard_bit", np.array([value == "1" for value in values]))


@pytest.mark.parametrize("seed", range(8))
def test_a_page_of_bit_1_leaves_first(seed):
    assert evictions(DiscardBit(), bits("abcd", "0100"), 3, seed=seed) == ["b"]


@pytest.mark.parametrize("seed", range(8))
def test_a_hit_replaces_the_bit_and_a_load_brings_a_new_one(seed):
    assert evictions(DiscardBit(), bits("abcbad", "110010"), 3, seed=seed) == ["a"]
    # b leaves for d and comes back with bit 0: then nothing tells the pages apart but a, whose bit is 1 by now
    assert evictions(DiscardBit(), bits("abcdab", "010010"), 3, seed=seed) == ["b", "a"]


def test_without_a_bit_1_any_page_leaves():
    assert {evictions(DiscardBit(), bits("abcd", "0000"), 3, seed=seed)[0] for seed in range(40)} == {"a", "b", "c"}
