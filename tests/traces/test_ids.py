"""Ids of text traces: integers while all of them are, then text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.core.errors import InputError
from tests.traces.lines import fields
from traces.ids import Ids


def numbered(kind: str, *chunks: list) -> tuple[list, list, list]:
    """Codes, labels, and notices of ids that come in chunks."""
    ids = Ids(kind)
    codes = [code for chunk in chunks for code in ids.codes(fields(*chunk, what="page")).tolist()]
    return codes, ids.labels().tolist(), ids.notices


def test_integers_are_kept_as_integers():
    assert numbered("auto", ["7", "-3"], ["7", "9"]) == ([0, 1, 0, 2], [7, -3, 9], [])


def test_one_text_turns_the_earlier_integers_into_text_under_their_codes():
    codes, labels, notices = numbered("auto", ["7", "8"], ["7", "a", "8"], ["b", "7"])
    assert (codes, labels) == ([0, 1, 0, 2, 1, 3, 0], ["7", "8", "a", "b"])
    assert notices == ['ids are text (guessed): line 2 has "a"']


def test_ids_that_differ_as_text_are_never_one():
    assert numbered("auto", ["7", "07", "+7", " 7", "7.0", "-0"])[1] == ["7", "07", "+7", " 7", "7.0", "-0"]


def test_integers_that_no_type_holds_together_become_text():
    assert numbered("auto", [str(2**63), "-1"])[1] == [str(2**63), "-1"]
    assert numbered("auto", [str(2**64)])[1] == [str(2**64)]


def test_numbers_wanted_are_numbers_however_written():
    assert numbered("number", ["7", "07", " 7", str(2**64 - 1)]) == ([0, 0, 0, 1], [7, 2**64 - 1], [])


@pytest.mark.parametrize("text", ["a", "7.0", "0x7", "-1"])
def test_a_text_where_a_number_is_wanted_is_refused_by_its_line(text):
    with pytest.raises(InputError) as caught:
        numbered("number", [str(2**63), text])
    assert str(caught.value).startswith(f'a.csv, line 2: page is "{text}"; expected an integer of 64 bits')
    assert "ids=text takes any" in str(caught.value)


def test_text_wanted_stays_text():
    assert numbered("text", ["7", "07", "7"]) == ([0, 1, 0], ["7", "07"], [])


@pytest.mark.parametrize("kind", ["auto", "number", "text"])
def test_an_empty_id_is_refused_by_its_line(kind):
    with pytest.raises(InputError, match=r'a\.csv, line 2: column "page" is empty'):
        numbered(kind, ["7", ""])


def test_an_unknown_kind_lists_the_known_ones():
    with pytest.raises(InputError, match='option ids must be one of auto, number, text, got "hex"'):
        Ids("hex")


@given(st.lists(st.lists(st.from_regex(r"-?[0-9]{1,3}|[ab]{1,2}", fullmatch=True), max_size=8), max_size=4))
def test_equal_texts_have_equal_codes_in_order_of_first_appearance(chunks):
    codes, labels, _ = numbered("auto", *chunks)
    texts = [text for chunk in chunks for text in chunk]
    first_seen = list(dict.fromkeys(texts))
    assert codes == [first_seen.index(text) for text in texts]
    assert np.array(labels).astype(str).tolist() == first_seen
