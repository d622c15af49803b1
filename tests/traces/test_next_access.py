"""The quick sum and the look at each page agree about any next-access fields."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.errors import InputError
from tests.traces.files import next_accesses
from traces.intern import Interner
from traces.next_access import NEVER, Agreement, NextAccess


def judged(judge, ids, claims, piece: int):
    interner, claims = Interner(), np.array(claims, np.int64)
    for start in range(0, len(ids), piece):
        codes = interner.codes(np.array(ids[start : start + piece], np.int64))
        judge.see(codes, claims[start : start + piece])
    return judge


def is_right(ids, claims) -> bool:
    """As the definition says: -1, or the largest integer, or the 1-based index."""
    right = next_accesses(ids)
    return all(claim == truth or (truth == -1 and claim == NEVER) for claim, truth in zip(claims, right, strict=True))


@settings(deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.data(), st.integers(1, 7))
def test_the_quick_sum_finds_what_the_definition_finds(ids, data, piece):
    claims = next_accesses(ids)
    for _ in range(data.draw(st.integers(0, 2))):
        claims[data.draw(st.integers(0, len(ids) - 1))] = data.draw(st.integers(-2, len(ids) + 2) | st.just(NEVER))
    assert bool(judged(Agreement(), ids, claims, piece)) == is_right(ids, claims)


@settings(deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.data(), st.integers(1, 7))
def test_the_look_at_each_page_names_the_first_wrong_record(ids, data, piece):
    claims, right = next_accesses(ids), next_accesses(ids)
    at = data.draw(st.integers(0, len(ids) - 1))
    inside = st.integers(-2, len(ids) - 1)
    claims[at] = data.draw(inside.filter(lambda claim: claim not in (right[at], right[at] - 1)))
    with pytest.raises(InputError, match=rf"record {at + 1}: .*counting from 1|counting from 0"):
        judged(NextAccess(), ids, claims, piece).notices("the file")


def test_two_claims_that_are_swapped_are_seen():
    ids = [1, 2, 1, 2]
    assert next_accesses(ids) == [3, 4, -1, -1]
    assert judged(Agreement(), ids, [3, 4, -1, -1], 4)
    assert not judged(Agreement(), ids, [4, 3, -1, -1], 4)


def test_a_claim_that_skips_a_record_is_seen_though_each_record_is_named_once():
    assert not judged(Agreement(), [1, 1, 1], [3, 2, -1], 3)
