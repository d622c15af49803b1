"""twitter files, line by line."""

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.operations import Operation
from tests.traces.files import written
from traces import formats
from traces.readers import twitter
from traces.source import Source

LINES = """\
0,yDqF:3q:1AJrrJ1nnCJKKrnGx1A,27,80,9,get,0
0,users:17,8,1000,2,set,86400
1,yDqF:3q:1AJrrJ1nnCJKKrnGx1A,27,80,10,gets,0
3,users:17,8,0,2,delete,0
"""


def read(folder, text: str, **options):
    return twitter.read(written(folder, text.encode(), "a.twitter"), **options)


def test_each_line_is_a_request_of_key_and_value(tmp_path):
    trace = read(tmp_path, LINES)
    assert trace.tables["pages"].tolist() == ["yDqF:3q:1AJrrJ1nnCJKKrnGx1A", "users:17"]
    assert {name: column.tolist() for name, column in trace.columns.items()} == {
        "page": [0, 1, 0, 1],
        "time_s": [0, 0, 1, 3],
        "size_bytes": [107, 1008, 107, 8],
        "tenant": [9, 2, 10, 2],
        "op": [Operation.GET, Operation.SET, Operation.GETS, Operation.DELETE],
        "ttl_s": [0.0, 86400.0, 0.0, 0.0],
    }
    assert trace.origin["notices"] == ("1 request of another size than at first",)


def test_commas_and_quotes_belong_to_the_key(tmp_path):
    trace = read(tmp_path, '0,a,b,,3,1,2,get,0\n1,"c,5,1,2,get,0\n2, ,1,1,2,get,0\n')
    assert trace.tables["pages"].tolist() == ["a,b,", '"c', " "]


def test_all_operations_of_the_format_are_known(tmp_path):
    names = ["get", "gets", "set", "add", "replace", "cas", "append", "prepend", "delete", "incr", "decr"]
    trace = read(tmp_path, "".join(f"{i},k,1,1,1,{name},0\n" for i, name in enumerate(names)))
    assert trace["op"].tolist() == [Operation[name.upper()] for name in names]


def test_keys_are_text_unless_asked_otherwise(tmp_path):
    lines = "0,007,1,1,1,get,0\n1,7,1,1,1,get,0\n"
    assert read(tmp_path, lines).tables["pages"].tolist() == ["007", "7"]
    assert read(tmp_path, lines, ids="number").tables["pages"].tolist() == [7]


def test_a_file_without_a_last_line_end_and_with_blank_lines_is_whole(tmp_path):
    trace = read(tmp_path, "0,a,1,1,1,get,0\r\n\r\n1,b,1,1,1,get,0")
    assert (len(trace), trace.origin["notices"]) == (2, ("1 blank line",))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "5,a,1,1,1,get",
            "6 fields between commas; expected 7: time, key, key size, value size, client, operation, TTL",
        ),
        ("5", "1 field between commas; expected 7"),
        (",,,,,", "6 fields between commas; expected 7"),
        ("now,a,1,1,1,get,0", 'time is "now"; expected a number of at least 0'),
        ("-5,a,1,1,1,get,0", 'time is "-5"; expected a number of at least 0'),
        ("5,,1,1,1,get,0", 'column "key" is empty'),
        ("5,a,big,1,1,get,0", 'key size is "big"; expected an integer of at least 0'),
        ("5,a,1,-1,1,get,0", 'value size is "-1"; expected an integer of at least 0'),
        ("5,a,1,1.5,1,get,0", 'value size is "1.5"; expected an integer of at least 0'),
        ("5,a,1,1,me,get,0", 'client is "me"; expected an integer of at least 0'),
        ("5,a,1,1,2147483648,get,0", 'client is "2147483648"; expected an integer below 2,147,483,647'),
        ("5,a,1,1,1,read,0", 'operation is "read"; expected one of get, gets, set, add, cas, replace'),
        ("5,a,1,1,1,get,", 'column "TTL" is empty; expected a number of at least 0'),
    ],
)
def test_a_bad_line_is_named_with_what_it_should_hold(tmp_path, line, message):
    with pytest.raises(InputError) as caught:
        read(tmp_path, f"{LINES}\n{line}\n{LINES}")
    assert str(caught.value).startswith(f"{tmp_path / 'a.twitter'}, line 6: {message}")


def test_lines_beyond_a_chunk_are_split_as_the_first_ones(tmp_path, monkeypatch):
    monkeypatch.setattr("traces.lines.CHUNK", 100)
    lines = "".join(f"{i},key:{i % 7},5,{i},1,get,0\n" for i in range(500))
    trace = read(tmp_path, lines)
    assert np.array_equal(trace["size_bytes"], 5 + np.arange(500))
    assert np.array_equal(trace["page"], np.arange(500) % 7)


def test_the_ending_tells_the_format():
    for name in ("cluster52.twitter", "cluster52.twitter.csv.zst"):
        assert formats.reader(Source(name)) is twitter
