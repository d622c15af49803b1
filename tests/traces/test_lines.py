"""Lines of a stream and the fields of a line, against Python's own csv module where it agrees with RFC 4180."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.core.errors import InputError
from tests.traces.lines import Text, fields
from traces.lines import Lines, fields_of, split


def lines_of(text: str | bytes, delimiter: bytes = b"") -> tuple[list[bytes], list[int], list[str]]:
    """Lines, their numbers, notices."""
    lines = Lines(Text(text))
    found, numbers = [], []
    for chunk in lines.chunks(delimiter):
        found += chunk.texts()
        numbers += chunk.lines.tolist()
    return found, numbers, lines.notices


def table_of(text: str, n_columns: int, delimiter: bytes = b",") -> list[list[str]]:
    wanted = {str(i): i for i in range(n_columns)}
    rows = []
    for chunk in Lines(Text(text)).chunks(delimiter):
        found = split(chunk, delimiter, n_columns, wanted)
        rows += [[field.decode() for field in row] for row in zip(*(found[i].texts() for i in wanted), strict=True)]
    return rows


@pytest.fixture(params=[8, 100, 1 << 20])
def chunk(request, monkeypatch):
    """Bytes read at a time: most lines are cut, some are, none is."""
    monkeypatch.setattr("traces.lines.CHUNK", request.param)


@pytest.mark.usefixtures("chunk")
def test_lines_end_with_lf_or_cr_lf_or_the_file():
    assert lines_of("a\nbb\r\nccc") == ([b"a", b"bb", b"ccc"], [1, 2, 3], [])


@pytest.mark.usefixtures("chunk")
def test_blank_lines_are_counted_and_keep_their_numbers():
    assert lines_of("\n a\n\t\r\n\nb \n\n") == ([b" a", b"b "], [2, 5], ["4 blank lines"])
    assert lines_of("\n\n") == ([], [], ["2 blank lines"])


@pytest.mark.usefixtures("chunk")
def test_a_byte_order_mark_is_skipped():
    assert lines_of(b"\xef\xbb\xbfa\nb")[0] == [b"a", b"b"]


@pytest.mark.usefixtures("chunk")
def test_a_line_longer_than_a_chunk_is_whole():
    text = "x" * 1000 + "\n" + "y" * 3000
    assert lines_of(text)[0] == [b"x" * 1000, b"y" * 3000]


@pytest.mark.usefixtures("chunk")
def test_a_quoted_line_end_is_part_of_its_line():
    assert lines_of('a,"b\n\nc"\nd,"e"', b",") == ([b'a,"b\n\nc"', b'd,"e"'], [1, 4], [])
    assert lines_of('a,"b\nc"')[0] == [b'a,"b', b'c"']


@pytest.mark.usefixtures("chunk")
@pytest.mark.parametrize(
    ("text", "delimiter", "message"),
    [
        (b"a\nb\x00c\n", b"", "a.csv, line 2: a NUL byte; expected a trace in text, in UTF-8"),
        (b"a\nb\rc\n", b"", "a.csv, line 2: a carriage return without a line feed; expected lines that end with LF"),
        (b'a\nb\n"c\nd\n', b",", "a.csv, line 3: a quote opens and is not closed"),
        (b"\xff\xfea\0", b"", "a.csv is text in UTF-16; expected UTF-8"),
        (b"\xfe\xff\0a", b"", "a.csv is text in UTF-16; expected UTF-8"),
    ],
)
def test_what_is_no_text_is_refused_by_its_line(text, delimiter, message):
    with pytest.raises(InputError) as caught:
        lines_of(text, delimiter)
    assert str(caught.value).startswith(message)


def test_a_line_without_end_is_refused_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr("traces.lines.CHUNK", 64)
    monkeypatch.setattr("traces.lines.LONGEST", 1000)
    with pytest.raises(InputError, match=r"a\.csv, line 2: longer than 1,000 bytes; the file is no text trace"):
        lines_of("a\n" + "x" * 5000)


@pytest.mark.usefixtures("chunk")
@given(st.text("ab \r\n", max_size=60))
def test_any_lines_are_found_as_python_finds_them(text):
    text = text.replace("\r", "\r\n")
    plain = text.replace("\r\n", "\n").split("\n")
    expected = [(line.encode(), i) for i, line in enumerate(plain, 1) if line.strip()]
    found, numbers, _ = lines_of(text or " ")
    assert list(zip(found, numbers, strict=True)) == expected


@pytest.mark.usefixtures("chunk")
def test_fields_are_what_lies_between_delimiters():
    assert table_of("a,,b\n,1,\n", 3) == [["a", "", "b"], ["", "1", ""]]
    assert table_of("a::b\nc::d::\n".replace("d::", "d"), 2, b"::") == [["a", "b"], ["c", "d"]]


@pytest.mark.usefixtures("chunk")
def test_quoted_fields_hold_delimiters_line_ends_and_doubled_quotes():
    assert table_of('"a,b",c\n"d\ne","f""g"\n"",h"i\n', 2) == [["a,b", "c"], ["d\ne", 'f"g'], ["", 'h"i']]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,3", "3 columns; expected 2"),
        ("1", "1 column; expected 2"),
        ('"1"2,3', "text follows a closing quote; a quote within quotes must be doubled"),
    ],
)
def test_a_line_of_other_fields_is_refused_by_its_number(line, message):
    with pytest.raises(InputError) as caught:
        table_of(f"a,b\n\n{line}\n", 2)
    assert str(caught.value) == f"a.csv, line 3: {message}"


def test_all_fields_of_a_line_can_be_looked_at():
    assert fields_of(fields('a,"b,""c""",', "x"), 0, b",") == ["a", 'b,"c"', ""]
    with pytest.raises(InputError, match=r"a\.csv, line 2: text follows a closing quote"):
        fields_of(fields("a", '"b"c'), 1, b",")


FIELD = st.text('ab1 ,;"\n\N{LATIN SMALL LETTER E WITH ACUTE}', max_size=6)


@pytest.mark.usefixtures("chunk")
@given(st.lists(st.lists(FIELD, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from([",", ";", "|"]))
def test_what_python_writes_as_csv_is_read_the_same(rows, delimiter):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    assert table_of(text.getvalue(), 3, delimiter.encode()) == rows
