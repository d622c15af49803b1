"""Ids to dense codes: exact, in order of first appearance, however the ids are cut into chunks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from sim.core.errors import InputError
from traces.intern import Interner, TextInterner


def interned(*chunks, dtype=np.int64):
    interner = Interner()
    codes = [interner.codes(np.asarray(chunk, dtype)) for chunk in chunks]
    return np.concatenate(codes).tolist(), interner.labels()


def test_codes_follow_the_order_of_first_appearance():
    codes, labels = interned([70, 3, 70, 5], [5, 9, 3])
    assert codes == [0, 1, 0, 2, 2, 3, 1]
    assert labels.tolist() == [70, 3, 5, 9]


def test_negative_ids_are_exact():
    ids = [-1, 2**63 - 1, -(2**63), 2**53, 2**53 + 1, 0]
    assert interned(ids)[1].tolist() == ids


def test_ids_of_all_64_bits_are_exact():
    ids = [2**64 - 1, 2**63, 2**63 + 1, 0]
    codes, labels = interned(ids, dtype=np.uint64)
    assert (codes, labels.tolist()) == ([0, 1, 2, 3], ids)


def test_small_ids_are_the_same_signed_or_unsigned():
    interner = Interner()
    first = interner.codes(np.array([5, 6], np.int64))
    then = interner.codes(np.array([6, 2**63], np.uint64))
    last = interner.codes(np.array([5], np.int32))
    assert (first.tolist(), then.tolist(), last.tolist()) == ([0, 1], [1, 2], [0])
    assert interner.labels().tolist() == [5, 6, 2**63]


@pytest.mark.parametrize("order", [1, -1])
def test_negative_ids_beside_those_above_the_signed_range_are_refused(order):
    first, second = [np.array([-1], np.int64), np.array([2**64 - 1], np.uint64)][::order]
    interner = Interner()
    interner.codes(first)
    with pytest.raises(InputError, match="negative ids and ids of 2"):
        interner.codes(second)


@given(npst.arrays(np.int64, st.integers(0, 300), elements=st.integers(-(2**63), 2**63 - 1)), st.integers(1, 50))
def test_labels_of_the_codes_are_the_ids_however_they_are_cut(ids, piece):
    interner = Interner()
    codes = [interner.codes(ids[start : start + piece]) for start in range(0, len(ids), piece)]
    codes = np.concatenate(codes) if codes else np.empty(0, np.int32)
    assert np.array_equal(interner.labels()[codes], ids)
    assert list(dict.fromkeys(codes.tolist())) == list(range(len(interner)))


@pytest.mark.parametrize("step", [1, 512, 2**20 + 2**8, 2**40])
def test_regular_ids_agree_with_a_dictionary_while_the_table_grows(step):
    numbers = np.random.default_rng(1).integers(0, 2**22, 200_000)
    ids = numbers * step
    index: dict[int, int] = {}
    expected = [index.setdefault(i, len(index)) for i in ids.tolist()]
    interner = Interner()
    assert interner.codes(ids).tolist() == expected
    assert interner.labels().tolist() == list(index)


def test_text_ids_are_numbered_like_numbers():
    interner = TextInterner()
    assert interner.codes(["b", "a", "b"]).tolist() == [0, 1, 0]
    assert interner.codes(["ü", "a"]).tolist() == [2, 1]
    assert interner.labels().tolist() == ["b", "a", "ü"]


def test_bytes_are_labelled_as_the_text_they_encode():
    interner = TextInterner()
    interner.codes(["ü".encode(), b"\xff"])
    labels = interner.labels().tolist()
    assert labels[0] == "ü"
    assert labels[1].encode("utf-8", "surrogateescape") == b"\xff"


def test_one_long_text_does_not_make_all_of_them_long():
    interner = TextInterner()
    interner.codes([str(i) for i in range(10_000)] + ["x" * 10_000])
    labels = interner.labels()
    assert labels.nbytes < 1 << 20
    assert (str(labels[17]), len(labels[10_000])) == ("17", 10_000)


def test_nothing_yet_has_no_labels():
    assert len(Interner().labels()) == len(TextInterner().labels()) == 0


def test_a_table_that_has_to_grow_midway_forgets_nothing():
    ids = np.random.default_rng(4).integers(-(2**63), 2**63 - 1, 20_000)[
        np.random.default_rng(5).integers(0, 20_000, 60_000)
    ]
    codes, labels = interned(ids[:50_000], ids[50_000:])
    assert np.array_equal(labels[codes], ids)
    assert list(dict.fromkeys(codes)) == list(range(len(labels)))
