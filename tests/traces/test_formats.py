"""Formats by name and by ending, and the options of readers from text."""

import pytest

from sim.core.errors import InputError, UnknownName
from traces import formats
from traces.readers import binary, oracle_general
from traces.source import Source


def name_of(file: str, wanted: str = "auto") -> str:
    return formats.reader(Source(file), wanted).__name__.rpartition(".")[2]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a.oracleGeneral.bin", "oracle_general"),
        ("a.oracleGeneral.zst.22", "oracle_general"),
        ("A.ORACLEGENERALOPNS.BIN.ZST", "oracle_general_opns"),
        ("a.vscsi", "vscsi"),
        ("a.lcs.zst", "lcs"),
        ("a.twr", "twr"),
    ],
)
def test_the_ending_tells_the_format(file, name):
    assert name_of(file) == name


@pytest.mark.parametrize("wanted", ["oracleGeneral", "oracle_general", "oracle-general", "ORACLEGENERAL"])
def test_a_format_may_be_spelled_as_its_users_do(wanted):
    assert name_of("-", wanted) == "oracle_general"


def test_an_unknown_ending_lists_the_known_ones():
    with pytest.raises(
        UnknownName, match=r"format of a\.dat is not known by its ending \(known: .*\.vscsi.*give one of"
    ):
        name_of("a.dat")


def test_the_format_of_standard_input_must_be_given():
    with pytest.raises(UnknownName, match="format of standard input must be given"):
        name_of("-")


def test_an_unknown_format_names_the_nearest():
    with pytest.raises(UnknownName, match='no trace format named "vscsl"; did you mean "vscsi"'):
        name_of("a", "vscsl")


def test_text_is_converted_to_what_the_reader_declares():
    found = formats.arguments(binary, {"record": "<Q", "obj_id_col": "1", "time-col": "none", "allow_truncated": "yes"})
    assert (found["record"], found["obj_id_col"], found["time_col"], found["allow_truncated"]) == ("<Q", 1, None, True)
    assert found["header_bytes"] == 0


@pytest.mark.parametrize("key", ["obj-id-col", "obj_id_field", "id_col", "id-field"])
def test_options_may_be_spelled_as_their_users_do(key):
    assert formats.arguments(binary, {"record": "<Q", key: "1"})["obj_id_col"] == 1


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"chek_next": "1"}, r'no option of format oracle_general named "chek_next"; did you mean "check_next"\?'),
        ({"check_next": "perhaps"}, 'option check_next of format oracle_general must be true or false, got "perhaps"'),
    ],
)
def test_an_option_that_is_none_is_refused_with_the_list(given, line):
    with pytest.raises(InputError, match=line):
        formats.arguments(oracle_general, given)


def test_a_number_that_is_none_is_refused():
    with pytest.raises(InputError, match='option obj_id_col of format binary must be an integer, got "first"'):
        formats.arguments(binary, {"record": "<Q", "obj_id_col": "first"})


def test_an_option_without_default_must_be_given():
    with pytest.raises(InputError, match="format binary needs the option record"):
        formats.arguments(binary, {})
