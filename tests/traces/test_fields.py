"""Fields of text: exact values, and errors with their line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.core.errors import InputError
from tests.traces.lines import fields
from traces.fields import shown


def refused(method: str, *texts, **arguments) -> str:
    with pytest.raises(InputError) as caught:
        getattr(fields(*texts), method)(**arguments)
    return str(caught.value)


def test_naturals_may_have_blanks_around_them():
    assert fields("0", " 17\t", "0042", str(2**62 - 1)).naturals().tolist() == [0, 17, 42, 2**62 - 1]


@pytest.mark.parametrize("text", ["-1", "+1", "1.0", "1e3", "0x10", "1 2", "1_000", "ten", "٣", "\N{SUPERSCRIPT TWO}"])
def test_what_is_no_natural_is_refused_by_its_line(text):
    assert refused("naturals", "5", text) == f'a.csv, line 2: size is "{text}"; expected an integer of at least 0'


def test_a_natural_beyond_its_limit_is_refused():
    assert fields("9").naturals(10).tolist() == [9]
    assert refused("naturals", "9", "10", limit=10) == 'a.csv, line 2: size is "10"; expected an integer below 10'
    assert refused("naturals", str(2**64 + 1)).endswith("expected an integer below 4,611,686,018,427,387,904")


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_field_is_called_empty(text):
    assert refused("naturals", "1", text) == 'a.csv, line 2: column "size" is empty; expected an integer of at least 0'
    assert refused("numbers", "1", text) == 'a.csv, line 2: column "size" is empty; expected a number of at least 0'


def test_numbers_stay_integers_as_long_as_all_are():
    integers, reals = fields("1", str(2**62 + 1)).numbers(), fields("1", "2.5").numbers()
    assert (integers.dtype, integers.tolist()) == (np.int64, [1, 2**62 + 1])
    assert (reals.dtype, reals.tolist()) == (np.float64, [1.0, 2.5])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.", 12.0),
        (".5", 0.5),
        ("+1", 1.0),
        (" 1.5 ", 1.5),
        ("1e3", 1000.0),
        ("25E-1", 2.5),
        ("0.1", 0.1),
        ("-0", 0.0),
    ],
)
def test_numbers_are_written_in_many_ways(text, value):
    assert fields("0.25", text).numbers()[1] == value


@given(st.lists(st.floats(0, 1e300), min_size=1, max_size=20))
def test_each_number_is_the_nearest_one(values):
    assert fields(*map(repr, values)).numbers().tolist() == values
    assert fields(*(f"{value:.30f}" for value in values)).numbers().tolist() == [float(f"{v:.30f}") for v in values]


@pytest.mark.parametrize("text", ["-1", "-0.5", "nan", "inf", "1e999", "1_0", "1,5", ".", "1e", "1.2.3", "--1", "٣.٥"])
def test_what_is_no_number_is_refused_by_its_line(text):
    assert refused("numbers", "5", text) == f'a.csv, line 2: size is "{text}"; expected a number of at least 0'


def test_words_are_known_in_any_case():
    assert fields("get", "GET", " Set ").words({"get": 1, "set": 3}).tolist() == [1, 1, 3]


@pytest.mark.parametrize("text", ["", "ge", "gett", "prependget"])
def test_an_unknown_word_is_refused_with_the_known_ones(text):
    assert "a.csv, line 2" in (said := refused("words", "get", text, codes={"get": 1, "set": 3}))
    assert said.endswith("expected one of get, set")


def test_ids_tell_how_far_they_are_integers_of_one_kind():
    for texts, n, known, dtype in [
        (["1", "2"], 2, 0, np.int64),
        (["1", "-2"], 2, -1, np.int64),
        (["1", str(2**63)], 2, 1, np.uint64),
        (["-1", str(2**63)], 1, -1, np.int64),
        (["1", "x", "2"], 1, 0, np.int64),
        ([str(2**64 - 1), str(2**64)], 1, 1, np.uint64),
        ([str(-(2**63)), str(-(2**63) - 1)], 1, -1, np.int64),
    ]:
        values, row, found = fields(*texts).ids(0, is_strict=True)
        assert (row, found, values.dtype) == (n, known, dtype)
        assert values.tolist() == [int(text) for text in texts[:n]]


@pytest.mark.parametrize("text", [" 1", "1 ", "01", "-0", "-01", "00"])
def test_strict_ids_are_only_what_the_integer_would_be_written_as(text):
    assert fields(text).ids(0, is_strict=True)[1] == 0
    values, n, _ = fields(text).ids(0, is_strict=False)
    assert (n, values.tolist()) == (1, [int(text)])


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_ids_of_64_bits_are_exact(ids):
    values, n, _ = fields(*map(str, ids)).ids(0, is_strict=True)
    assert n == len(ids) and values.tolist() == ids


def test_texts_are_the_bytes_as_they_are_and_stripped_ones_without_blanks():
    some = fields(" a ", "", "\t b c", "\xe9")
    assert some.texts() == [b" a ", b"", b"\t b c", "\xe9".encode()]
    assert some.stripped().texts() == [b"a", b"", b"b c", "\xe9".encode()]
    assert some[1:3].texts() == [b"", b"\t b c"] and some[4:].texts() == []


def test_none_may_be_empty_where_it_matters():
    assert len(fields("a", " ").none_empty()) == 2
    assert refused("none_empty", "a", "") == 'a.csv, line 2: column "size" is empty'


def test_a_field_is_shown_on_one_short_line():
    assert shown(b"a\nb\x00") == '"a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"'
    assert shown(b"\xff") == '"\N{REPLACEMENT CHARACTER}"'
    assert shown(b"x" * 41) == '"' + "x" * 40 + '..."'
