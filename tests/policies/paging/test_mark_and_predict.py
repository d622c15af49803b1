import numpy as np
import pytest

from policies.paging.mark_and_predict import MarkAndPredict
from tests.worked import evictions, trace_of


def bits(pages, values):
    return trace_of(pages).with_column("phase_bit", np.array([value == "1" for value in values]))


@pytest.mark.parametrize("seed", range(8))
def test_an_unmarked_page_of_bit_1_leaves_first(seed):
    assert evictions(MarkAndPredict(), bits("abcd", "0100"), 3, seed=seed) == ["b"]


def test_then_any_unmarked_page_and_never_a_marked_one_even_of_bit_1():
    # d takes the place of b and is marked; for e one of a and c leaves
    second = {evictions(MarkAndPredict(), bits("abcde", "01010"), 3, seed=seed)[1] for seed in range(30)}
    assert second == {"a", "c"}


@pytest.mark.parametrize("seed", range(8))
def test_the_bit_of_the_last_request_counts(seed):
    assert evictions(MarkAndPredict(), bits("abcabd", "111000"), 3, seed=seed) == ["c"]
    assert evictions(MarkAndPredict(), bits("abcabcd", "1100010"), 3, seed=seed) == ["c"]


@pytest.mark.parametrize("seed", range(8))
def test_bits_of_an_earlier_phase_hold_until_the_page_is_requested_again(seed):
    # d takes the place of b; a and c are marked again with bit 0, so for e, in the next phase, d leaves by its bit of then
    assert evictions(MarkAndPredict(), bits("abcdace", "0101000"), 3, seed=seed) == ["b", "d"]
