"""csv files: columns given and guessed, values exact, errors by line."""

import gzip
import io
import lzma
import sys

import numpy as np
import pytest
import zstandard

from sim.core.errors import InputError
from sim.core.operations import Operation
from tests.traces.files import written
from traces import formats
from traces.readers import csv
from traces.source import Source

TABLE = """\
time,lbn,size,op
0.5,7,512,read
1.5,8,1024,write
2.0,7,512,r
"""


def read(folder, text: str | bytes, **options):
    return csv.read(written(folder, text.encode() if isinstance(text, str) else text, "a.csv"), **options)


def refused(folder, text: str | bytes, **options) -> str:
    """The message, which must begin with the file's name, without that."""
    with pytest.raises(InputError) as caught:
        read(folder, text, **options)
    path, rest = str(folder / "a.csv"), str(caught.value)
    assert rest.startswith(path) and "\n" not in rest
    return rest.removeprefix(path)


def test_a_table_whose_header_tells_is_read_without_options(tmp_path):
    trace = read(tmp_path, TABLE)
    assert {name: column.tolist() for name, column in trace.columns.items()} == {
        "page": [0, 1, 0],
        "time_s": [0.5, 1.5, 2.0],
        "size_bytes": [512, 1024, 512],
        "op": [Operation.READ, Operation.WRITE, Operation.READ],
    }
    assert trace.tables["pages"].tolist() == [7, 8]
    assert trace.origin["notices"] == (
        'guessed: delimiter ",", a header, page in column 2 "lbn", time in column 1 "time", size in column 3 "size", '
        'op in column 4 "op"',
    )


def test_the_published_one_column_form_is_read(tmp_path):
    trace = read(tmp_path, gzip.compress(b"page\n519\n497\n519\n"))
    assert (trace["page"].tolist(), trace.tables["pages"].tolist()) == ([0, 1, 0], [519, 497])


@pytest.mark.parametrize(("delimiter", "given"), [(",", None), ("\t", "tab"), ("|", "|"), (":", "colon"), ("::", "::")])
@pytest.mark.parametrize("has_header", [True, False, None])
def test_any_delimiter_with_a_header_or_without_gives_the_same_requests(tmp_path, delimiter, given, has_header):
    rows = [["a", "9", "b"], ["b", "8", "c"], ["a", "9", "d"]]
    rows = [["when", "page", "who"], *rows] if has_header or has_header is None else rows
    text = "\n".join(delimiter.join(row) for row in rows)
    trace = read(tmp_path, text, page_column="2", delimiter=given, has_header=has_header)
    assert trace.tables["pages"][trace["page"]].tolist() == [9, 8, 9]


@pytest.mark.parametrize("column", ["2", "lbn"])
def test_columns_are_chosen_by_number_or_name(tmp_path, column):
    trace = read(tmp_path, TABLE, page_column=column, size_column="3")
    assert list(trace.columns) == ["page", "size_bytes"]
    assert trace.tables["pages"].tolist() == [7, 8]


def test_all_that_a_table_may_have_is_read(tmp_path):
    text = "9,x,60,1,set,4\n9,x,0.5,2,delete,0\n"
    options = {"ttl_column": "3", "tenant_column": "4", "op_column": "5", "size_column": "6", "time_column": "1"}
    trace = read(tmp_path, text, page_column="2", **options)
    assert (trace["ttl_s"].tolist(), trace["tenant"].tolist()) == ([60.0, 0.5], [1, 2])
    assert trace["op"].tolist() == [Operation.SET, Operation.DELETE]
    assert trace["time_s"].tolist() == [9, 9] and trace["time_s"].dtype == np.int64


def test_quoted_fields_may_hold_what_they_like(tmp_path):
    trace = read(tmp_path, 'page,size\n"a,b",1\n"say ""hi""",2\n"two\nlines",3\n"a,b",1\n')
    assert trace.tables["pages"].tolist() == ["a,b", 'say "hi"', "two\nlines"]
    assert trace["page"].tolist() == [0, 1, 2, 0]


def test_ids_are_text_or_numbers_as_wanted(tmp_path):
    text = "page\n07\n7\n"
    assert read(tmp_path, text).tables["pages"].tolist() == ["07", "7"]
    assert read(tmp_path, text, obj_id_is_num=False).tables["pages"].tolist() == ["07", "7"]
    assert read(tmp_path, text, obj_id_is_num=True).tables["pages"].tolist() == [7]
    assert read(tmp_path, text, ids="number").tables["pages"].tolist() == [7]
    with pytest.raises(InputError, match="options ids=text and obj_id_is_num=true contradict each other"):
        read(tmp_path, text, ids="text", obj_id_is_num=True)


def test_requests_of_size_0_are_kept_and_told_or_dropped_on_wish(tmp_path):
    text = "page,size\na,0\nb,5\na,0\n"
    kept, dropped = read(tmp_path, text), read(tmp_path, text, skip_zero_size=True)
    assert (len(kept), kept.origin["notices"][-1]) == (3, "2 requests of size 0")
    assert (dropped.tables["pages"].tolist(), dropped["size_bytes"].tolist()) == (["b"], [5])
    assert dropped.origin["notices"][-1] == "2 requests of size 0 dropped (skip_zero_size)"


def test_times_that_go_back_are_told(tmp_path):
    assert read(tmp_path, "page,time\na,5\nb,4\nc,4\n").origin["notices"][-1] == "time goes backwards at 1 request"


def test_blank_lines_cr_lf_a_byte_order_mark_and_no_last_line_end_are_accepted(tmp_path):
    trace = read(tmp_path, b"\xef\xbb\xbfpage,size\r\n\r\na,1\r\n\r\nb,2")
    assert (trace["size_bytes"].tolist(), trace.origin["notices"][-1]) == ([1, 2], "2 blank lines")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, " is empty; expected a trace"),
        ("\n\n", {}, " has no requests"),
        ("page,size\n", {}, " has no requests"),
        (
            TABLE,
            {"page_column": "5"},
            ' has 4 columns, in line 1: 1 "time", 2 "lbn", 3 "size", 4 "op" (guessed: delimiter',
        ),
        (TABLE, {"page_column": "0"}, " has 4 columns"),
        (TABLE, {"size_column": "bytes"}, " has 4 columns"),
        ("1,2\n3,4\n", {}, " has 2 columns"),
        (TABLE + "3,,512,read\n", {}, ', line 5: column "page" is empty'),
        (TABLE + "3,9,x,read\n", {}, ', line 5: size is "x"; expected an integer of at least 0'),
        (TABLE + "\n3,9,-512,read\n", {}, ', line 6: size is "-512"; expected an integer of at least 0'),
        (TABLE + "3,9,1.5,read\n", {}, ', line 5: size is "1.5"; expected an integer of at least 0'),
        (TABLE + "3,9,,read\n", {}, ', line 5: column "size" is empty; expected an integer of at least 0'),
        (TABLE + "noon,9,1,read\n", {}, ', line 5: time is "noon"; expected a number of at least 0'),
        (TABLE + "-1,9,1,read\n", {}, ', line 5: time is "-1"; expected a number of at least 0'),
        (TABLE + "3,9,1,trim\n", {}, ', line 5: op is "trim"; expected one of nop, get'),
        (
            TABLE + "3,nine,1,read\n",
            {"ids": "number", "page_column": "2"},
            ', line 5: page is "nine"; expected an integer',
        ),
        (TABLE + "3,9,1\n", {}, ", line 5: 3 columns; expected 4"),
        (TABLE + "3,9,1,read,5\n", {}, ", line 5: 5 columns; expected 4"),
        (TABLE + '3,9,1,"read', {}, ", line 5: a quote opens and is not closed"),
        (TABLE + '3,"9"9,1,read\n', {}, ", line 5: text follows a closing quote"),
        (TABLE[:-5], {}, ", line 4: 3 columns; expected 4"),
        (TABLE.encode() + b"3,9\0,1,read\n", {}, ", line 5: a NUL byte"),
        (TABLE.encode("utf-16"), {}, " is text in UTF-16; expected UTF-8"),
    ],
)
def test_what_is_no_trace_is_refused_by_file_and_line(tmp_path, text, options, message):
    assert refused(tmp_path, text, **options).startswith(message)


def test_an_error_far_down_names_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr("traces.lines.CHUNK", 64)
    lines = [f"{i},{i % 7},5" for i in range(500)] + ["500,1,five"] + ["501,1,5"] * 20
    assert refused(tmp_path, "time,page,size\n" + "\n".join(lines)).startswith(', line 502: size is "five"')


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress, zstandard.ZstdCompressor().compress])
def test_a_compressed_file_is_read_the_same_and_half_of_it_is_refused(tmp_path, compress):
    text = ("page,size\n" + "".join(f"{i * i % 9973},{i}\n" for i in range(5000))).encode()
    data = compress(text)
    plain, unfolded = read(tmp_path, text), read(tmp_path, data)
    assert all(np.array_equal(plain[name], unfolded[name]) for name in ("page", "size_bytes"))
    assert refused(tmp_path, data[: len(data) // 2]) == " ends inside compressed frame 1; the file was cut short"


def test_standard_input_is_a_file_like_any_other(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(lzma.compress(TABLE.encode())))))
    trace = csv.read(Source("-"))
    assert (trace.name, trace["page"].tolist()) == ("standard input", [0, 1, 0])


def test_the_ending_tells_the_format():
    for name in ("a.csv", "a.tsv.gz", "A.CSV"):
        assert formats.reader(Source(name)) is csv
