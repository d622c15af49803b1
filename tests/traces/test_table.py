"""What is guessed of a table's layout, what is taken as given, and what is refused."""

import pytest

from sim.core.errors import InputError
from tests.traces.lines import fields
from traces.table import Table, delimiter_in_bytes, guessed_delimiter, look


def layout(*lines: str, delimiter: bytes = b",", **options) -> Table:
    return look(fields(*lines), delimiter, **{"given": {}, **options})


def refused(*lines: str, **options) -> str:
    with pytest.raises(InputError) as caught:
        layout(*lines, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("head", "delimiter"),
    [
        (b"a,b\n1,2\n", b","),
        (b"a\tb\n1\t2\n", b"\t"),
        (b"a;b,c\n1;2\n", b";"),
        (b"a|b\n", b"|"),
        (b"1 2\n3 4\n", b" "),
        (b"1:2\n3:4\n", b":"),
        (b"a,b;c\n1,2;3\n", b","),
        (b'"a,b";c\n"1,2";3\n', b";"),
        (b"a,b\n1,2,3\n", b","),
        (b"New York\nRome\n", b","),
        (b"a\nb\n", b","),
        (b"", b","),
    ],
)
def test_the_delimiter_is_what_all_lines_have_equally_often(head, delimiter):
    assert guessed_delimiter(head) == delimiter


def test_a_line_cut_at_the_end_of_what_is_looked_at_does_not_count(monkeypatch):
    monkeypatch.setattr("traces.table.LOOKED_AT", 10)
    assert guessed_delimiter(b"a;1,2\nb;1,2\n") == b","
    assert guessed_delimiter(b"a;b\nc;d\ne;f;g\n") == b";"


@pytest.mark.parametrize(
    ("given", "found"), [("tab", b"\t"), ("\\t", b"\t"), ("Pipe", b"|"), ("::", b"::"), (" ", b" "), ("·", b"\xc2\xb7")]
)
def test_a_delimiter_is_given_as_it_is_or_by_a_word(given, found):
    assert delimiter_in_bytes(given) == found


@pytest.mark.parametrize("given", ["", '"', "a\n", "\0"])
def test_a_delimiter_that_cannot_be_one_is_refused(given):
    with pytest.raises(InputError, match="option delimiter must be one character or more, no quote and no line end"):
        delimiter_in_bytes(given)


def test_columns_are_known_by_their_names():
    found = layout("Timestamp,obj-id,Obj Size,op,ttl,tenant", "1,a,2,get,60,3")
    assert found.columns == {"page": 1, "time": 0, "size": 2, "op": 3, "ttl": 4, "tenant": 5}
    assert (found.n_columns, found.has_header) == (6, True)
    assert found.guesses[0].startswith('guessed: a header, page in column 2 "obj-id", time in column 1 "Timestamp"')


def test_a_column_whose_values_do_not_fit_its_name_is_not_guessed_which_is_said():
    found = layout("page,size,op", "a,large,trim")
    assert found.columns == {"page": 0}
    assert found.guesses == [
        'guessed: a header, page in column 1 "page", no size in column 2 "size", where line 2 has "large", '
        'no op in column 3 "op", where line 2 has "trim"'
    ]
    assert layout("page,size,op", "a,7,Read").columns == {"page": 0, "size": 1, "op": 2}


def test_the_surest_name_is_taken():
    assert layout("id,page", "1,2").columns == {"page": 1}
    assert layout("key,id", "1,2").columns == {"page": 1}


def test_the_only_column_holds_the_pages():
    assert layout("station", "519").columns == {"page": 0}
    assert layout("519").columns == {"page": 0}


@pytest.mark.parametrize(
    ("lines", "has_header"),
    [
        (("page", "a"), True),
        (("a", "b"), False),
        (("station", "519"), True),
        (("17", "18"), False),
        (("page,17", "1,2"), False),
        (("page",), True),
        (("a",), False),
    ],
)
def test_a_header_is_a_first_line_without_numbers_that_names_something(lines, has_header):
    assert layout(*lines, given={"page": "1"}).has_header == has_header


def test_a_header_is_what_one_says_it_is():
    assert not layout("page", "1", has_header=False).has_header
    assert layout("17", "18", has_header=True).has_header


@pytest.mark.parametrize("column", ["2", 2, "lbn", " lbn ", "LBN"])
def test_a_column_is_given_by_its_number_or_its_name(column):
    assert layout("time,lbn", "1,2", given={"page": column}).columns == {"page": 1}


def test_where_some_columns_are_given_no_others_are_guessed_but_the_pages():
    assert layout("time,lbn,size", "1,2,3", given={"size": "size"}).columns == {"page": 1, "size": 2}


@pytest.mark.parametrize("column", ["0", "3", "-1", "obj", "", "1.0"])
def test_a_column_that_is_not_there_is_refused_with_those_that_are(column):
    assert refused("time,lbn", "1,2", given={"page": column}) == (
        'a.csv has 2 columns, in line 1: 1 "time", 2 "lbn" (guessed: a header); '
        f"page_column must be a number or a name of one of these, got {column}"
    )


def test_a_name_needs_a_header_and_must_be_clear():
    assert refused("1,2", "3,4", given={"page": "lbn"}).endswith(
        "page_column must be the number of one of these, got lbn"
    )
    assert "page_column must be" in refused("id,id", "3,4", given={"page": "id"})


def test_where_the_pages_cannot_be_guessed_one_is_asked_for_them():
    assert refused("1,2", "3,4") == (
        'a.csv has 2 columns, in line 1: 1 "1", 2 "2" (guessed: no header); give the page\'s as page_column, by its number'
    )
    assert refused("x,y", "3,4").endswith("give the page's as page_column, by its number or name")


def test_only_the_first_of_many_columns_are_listed():
    said = refused(",".join(f"c{i}" for i in range(1, 31)), ",".join("1" * 30), given={"page": "no"})
    assert '20 "c20", ... (guessed' in said and "c21" not in said
