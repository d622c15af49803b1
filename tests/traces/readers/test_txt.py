"""txt files: an id a line."""

import gzip
import io
import lzma
import sys

import numpy as np
import pytest
import zstandard

from sim.core.errors import InputError
from tests.traces.files import written
from traces import formats
from traces.readers import txt
from traces.source import Source


def read(folder, text: str | bytes, **options):
    return txt.read(written(folder, text.encode() if isinstance(text, str) else text, "a.txt"), **options)


def test_each_line_is_a_request(tmp_path):
    trace = read(tmp_path, "7\n-3\n7\n9")
    assert trace["page"].tolist() == [0, 1, 0, 2]
    assert (trace.tables["pages"].dtype, trace.tables["pages"].tolist()) == (np.int64, [7, -3, 9])
    assert (list(trace.columns), trace.origin["notices"]) == (["page"], ())


def test_ids_are_text_where_one_is(tmp_path):
    trace = read(tmp_path, "7\ntea, \N{SNOWMAN}\n07\n7\n")
    assert trace["page"].tolist() == [0, 1, 2, 0]
    assert trace.tables["pages"].tolist() == ["7", "tea, \N{SNOWMAN}", "07"]
    assert trace.origin["notices"] == ('ids are text (guessed): line 2 has "tea, \N{SNOWMAN}"',)


def test_blanks_blank_lines_cr_lf_and_a_byte_order_mark_do_not_count(tmp_path):
    trace = read(tmp_path, b"\xef\xbb\xbf 7\t\r\n\r\n8\r\n  \r\n7 ")
    assert trace.tables["pages"][trace["page"]].tolist() == [7, 8, 7]
    assert trace.origin["notices"] == ("2 blank lines",)


def test_bytes_that_are_no_utf8_are_kept(tmp_path):
    trace = read(tmp_path, b"caf\xe9\ncaf\xc3\xa9\ncaf\xe9\n")
    assert trace["page"].tolist() == [0, 1, 0]
    assert trace.tables["pages"][0].encode("utf-8", "surrogateescape") == b"caf\xe9"


def test_huge_ids_are_exact(tmp_path):
    assert read(tmp_path, f"{2**64 - 1}\n{2**53 + 1}\n").tables["pages"].tolist() == [2**64 - 1, 2**53 + 1]
    assert read(tmp_path, f"{-(2**63)}\n{2**53 + 1}\n").tables["pages"].tolist() == [-(2**63), 2**53 + 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; expected a trace"),
        ("\n \n", "has no requests"),
        ("7\n\nseven\n", 'line 3: line is "seven"; expected an integer of 64 bits'),
        ("7\n1.5\n", 'line 2: line is "1.5"; expected an integer of 64 bits'),
        ("-7\n9223372036854775808\n", 'line 2: line is "9223372036854775808"; expected an integer of 64 bits'),
        ("7\n\0\n", "line 2: a NUL byte"),
    ],
)
def test_what_is_no_trace_of_numbers_is_refused_by_file_and_line(tmp_path, text, message):
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, ids="number")
    assert str(caught.value).startswith(str(tmp_path / "a.txt")) and message in str(caught.value)


def test_a_file_of_many_chunks_is_read_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr("traces.lines.CHUNK", 50)
    ids = [i * i % 101 for i in range(1000)]
    trace = read(tmp_path, "\n".join(map(str, ids)))
    assert trace.tables["pages"][trace["page"]].tolist() == ids


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress, zstandard.ZstdCompressor().compress])
def test_a_compressed_file_is_read_the_same_and_half_of_it_is_refused(tmp_path, compress):
    text = "".join(f"{i * i % 9973}\n" for i in range(5000)).encode()
    data = compress(text)
    assert np.array_equal(read(tmp_path, data)["page"], read(tmp_path, text)["page"])
    with pytest.raises(InputError, match="ends inside compressed frame 1; the file was cut short"):
        read(tmp_path, data[: len(data) // 2])


def test_standard_input_is_a_file_like_any_other(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"7\n8\n7\n"))))
    trace = txt.read(Source("-"))
    assert (trace.name, trace["page"].tolist()) == ("standard input", [0, 1, 0])


def test_the_ending_tells_the_format():
    for name in ("a.txt", "A.TXT.xz", "a.txt.zst.22"):
        assert formats.reader(Source(name)) is txt
