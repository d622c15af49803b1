"""Every reader on any bytes: one error that names the file, or a trace that accounts for every record; nothing else.

Readers are found in their folder. A new one needs a line in `EXAMPLES`: valid files, how many requests the bytes
of any file that it accepts should be, and the options it is read with.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import lzma
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.core.errors import InputError
from sim.core.trace import Interned, Ragged, Trace
from tests.traces.files import lcs_header, oracle_general, vscsi_1, vscsi_2
from traces import formats
from traces.source import Source

QUOTED = re.compile(rb'(?<![^,;\n])"(?:[^"]|"")*"(?=[,;]|\r?\n|\Z)')
BLANK = b" \t\v\f\r"


def lines(data: bytes, trace: Trace) -> int:
    """Lines that are not blank."""
    return sum(bool(line.strip(BLANK)) for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"))


def rows(data: bytes, trace: Trace) -> int:
    """Lines that are not blank, with the line ends in quoted fields taken out, and without a header."""
    has_header = any("a header" in notice for notice in trace.origin["notices"])
    return lines(QUOTED.sub(b"quoted", data), trace) - has_header


def msr_lines(data: bytes, trace: Trace) -> int:
    text = QUOTED.sub(b"quoted", data).lstrip(b"\n" + BLANK)
    return lines(text, trace) - text.lower().startswith(b"timestamp")


def msr_blocks(data: bytes, trace: Trace) -> int:
    touched = 0
    for row in csv.reader(io.StringIO(data.decode("utf-8", "surrogateescape"), newline="")):
        if len(row) == 7 and row[0].strip().isdecimal():
            offset, size = int(row[4]), int(row[5])
            touched += (offset + max(size, 1) - 1) // 4096 - offset // 4096 + 1
    return touched


def records(size: int, header: int = 0) -> Callable[[bytes, Trace], float]:
    """Records of so many bytes behind a header; half a record is no number of requests."""
    return lambda data, trace: (len(data) - header) / size


def vscsi_records(data: bytes, trace: Trace) -> float:
    return len(data) / {1: 32, 2: 40}[trace.origin["version"]]


@dataclass(frozen=True)
class Example:
    """Valid files of a format, how many requests the bytes of any file should be, and the options it is read with."""

    files: list[bytes] = field(repr=False)
    n_requests: Callable[[bytes, Trace], float]
    options: dict[str, Any] = field(default_factory=dict)


PAGES = [5, 6, 5, 7]

LCS = bytes(lcs_header("<IQIq", id=2, time_s=1, size_bytes=3, next_access=4)) + oracle_general(PAGES)

MSR = [
    b"128166372003061629,hm,1,Read,383496192,32768,413\n128166372016382155,hm,0,Write,8192,4096,2\n",
    b"Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime\n\n7,usr,2,read,0,512,1\r\n",
]

CSV = [
    b"page,size,time\n5,1,0.5\n6,2,1\n5,1,2\n",
    b'page\n5\n"a,""b"\n"two\nlines"\n',
    b"7\r\n\r\n9\r\n",
    b"time;lbn;op;ttl;tenant\n0;5;get;60;1\n1;6;delete;0;2",
]

ARMS = [
    b"reward_a,reward_b,cost_a,cost_b,context_x\n1,0.5,2,1,-3\n0,.25,1,1,4e-1\n",
    b"predicted_arm,pull_a,mean_a\r\n0,1,.5\r\n\r\n5,0,.5",
]

JOBS = [
    b"time,size,key\n0,1.5,a\n0.5,2,b\n3,1e-1,a\n",
    b"client,think,size,predicted_size\r\n0,1,2,3\r\n\r\n1,0,5,.5",
]

TRANSACTIONS = [
    b'{"transactions": [{"id": "t0", "ops": ["r-1", "w-2", "*"], "arrival": 1}, {"ops": ["w-1"], "arrival": 3}]}',
    b'{"txn0": "r-1 w-2 *", "txn1": "w-1"}',
]


def transactions(data: bytes, trace: Trace) -> int:
    """Those of a list, or the names of an object, one that stands twice counted twice."""
    pairs = json.loads(data, object_pairs_hook=list)
    listed = [value for name, value in pairs if name == "transactions"]
    return len(listed[-1]) if listed and isinstance(listed[-1], list) else len(pairs)


LNS = [
    b"""{"instance": "bag", "arms": ["mutation_10"], "dropped": [], "states": ["a", "b"], "objectives": [20.0, 12.5], "first": 0,
"opening": [20.0], "opening_at": [5.0], "opening_work": 5.0, "maximise": false, "column state": [0, 0], "column arm": [0, 0],
"column draw": [0, 1], "column status": [2, 0], "column before": [20.0, 20.0], "column after": [12.5, null],
"column delta": [7.5, null], "column work": [10.0, 10.0], "column nodes": [3, 1], "column iterations": [9, 2],
"column seconds": [0.1, 0.1], "column next": [1, 0]}"""
]

MPS = [
    b"NAME bag\nROWS\n N cost\n L room\nCOLUMNS\n m 'MARKER' 'INTORG'\n"
    b" x cost -1 room 2\n y cost -3 room 1\n m 'MARKER' 'INTEND'\n"
    b"RHS\n rhs room 2\nBOUNDS\n BV b x\n UP b y 9\nENDATA\n"
]

LP = [b"\\ optimum 7\nMaximize\n worth: x + 3 y\nSubject To\n room: 2 x + y <= 2\nBounds\n y <= 9\nBinaries\n x\nEnd\n"]


def variables(data: bytes, trace: Trace) -> int:
    """Those with a name of their own that stands in the file: what else a model must have is the solver's to say."""
    return sum(name.encode() in data for name in set(trace["name"].labels))


EXAMPLES = {
    "jobs": [Example(JOBS, lambda data, trace: lines(QUOTED.sub(b"quoted", data), trace) - 1)],
    "transactions": [Example(TRANSACTIONS, transactions)],
    "arms": [Example(ARMS, lambda data, trace: lines(QUOTED.sub(b"quoted", data), trace) - 1)],
    "binary": [
        Example([struct.pack("<BQ", 3, 5) * 4], records(9), {"record": "<BQ", "obj_id_col": 2, "obj_size_col": 1}),
        Example([struct.pack("<dh", 0.5, -3) * 4], records(10), {"record": "<dh", "obj_id_col": 2, "time_col": 1}),
    ],
    "csv": [
        Example(CSV, rows),
        Example(
            [b"5;1;get\n6;2;set\n"], lines,
            {"page_column": "1", "size_column": "2", "op_column": "3", "delimiter": ";", "has_header": False},
        ),
    ],
    "lcs": [Example([LCS], records(24, 1024)), Example([LCS], records(24, 1024), {"check_next": False})],
    "lns": [Example(LNS, lambda data, trace: len(json.loads(data)["column state"]))],
    "lp": [Example(LP, variables)],
    "mps": [Example(MPS, variables)],
    "msr": [Example(MSR, msr_lines, {"block_bytes": None}), Example(MSR, msr_blocks)],
    "oracle_general": [
        Example([oracle_general(PAGES)], records(24)),
        Example([oracle_general(PAGES)], records(24), {"check_next": False}),
    ],
    "oracle_general_opns": [
        Example([struct.pack("<IQIBHq", 1, 5, 1, 1, 2, following) for following in (-1, 2)], records(27), options)
        for options in ({}, {"check_next": False})
    ],
    "twitter": [Example([b"0,a:1,3,10,1,get,0\n1,b,c,3,10,2,set,60\n\n2,a:1,3,10,1,delete,0"], lines)],
    "twr": [Example([b"".join(struct.pack("<IQII", i, 5, 1 << 22 | 9, 3 << 24 | 60) for i in range(4))], records(20))],
    "txt": [Example([b"5\n6\n5\n\n7", b"tea\r\n 7\n\xe2\x98\x83\n"], lines)],
    "vscsi": [Example([vscsi_1(PAGES), vscsi_2(PAGES)], vscsi_records)],
}  # fmt: skip
"""By format. None of the options drops anything."""

COMPRESS = {"gz": gzip.compress, "xz": lzma.compress, "zst": zstandard.ZstdCompressor(write_checksum=True).compress}

MAGIC = (b"\x1f\x8b\x08", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")

any_input = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

every_reader = pytest.mark.parametrize("name", formats.formats())


def opened(folder: Path, name: str, data: bytes, example: Example) -> Trace | None:
    """The trace of these bytes; None where the reader refuses them, in one line with the file's name."""
    path = folder / "any.trace"
    path.write_bytes(data)
    source = Source(path)
    reader = formats.reader(source, name)
    try:
        return reader.read(source, **formats.arguments(reader, example.options))
    except InputError as error:
        said = str(error)
        assert str(path) in said and "\n" not in said, said
        return None


def accounted(data: bytes, trace: Trace | None, example: Example) -> bool:
    """Whether there is a request for each record, and a page for each request."""
    if trace is None:
        return True
    assert "page" not in trace or set(trace["page"].tolist()) == set(range(len(trace.tables["pages"])))
    return len(trace) == example.n_requests(data, trace)


@st.composite
def damaged(draw, files: list[bytes]) -> bytes:
    """A valid file with bytes replaced, inserted, taken out, or its end cut off."""
    data = draw(st.sampled_from(files))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        stop = draw(st.one_of(st.just(start), st.integers(start, min(start + 12, len(data))), st.just(len(data))))
        data = data[:start] + draw(st.one_of(st.just(b""), PATCHES)) + data[stop:]
    return data


WORDS = [
    "",
    "5",
    "-5",
    "1.5",
    "a",
    "get",
    "Read",
    "page",
    "nan",
    str(2**63),
    str(-(2**63)),
    str(2**64),
    "9" * 30,
    " ",
    "☃",
]

PATCHES = st.one_of(
    st.binary(min_size=1, max_size=12),
    st.sampled_from(
        [word.encode() for word in WORDS] + [b",", b"\n", b"\r\n", b"\r", b'"', b'""', b"\0", b",,", b"\xff"]
    ),
)

TEXTS = st.builds(
    lambda rows, comma, end: end.join(comma.join(row) for row in rows).encode(),
    st.lists(st.lists(st.sampled_from([*WORDS, '"', '"a,b"', "a\nb"]), min_size=1, max_size=8), min_size=1, max_size=6),
    st.sampled_from([",", ";", "\t", " "]),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)


def test_every_reader_has_an_example():
    assert sorted(EXAMPLES) == formats.formats()


def examples(name: str) -> st.SearchStrategy[Example]:
    return st.sampled_from(EXAMPLES[name])


@every_reader
def test_the_examples_are_read_whole(tmp_path, name):
    for example in EXAMPLES[name]:
        traces = [opened(tmp_path, name, data, example) for data in example.files]
        assert any(traces) and all(map(accounted, example.files, traces, [example] * len(traces)))


@every_reader
@any_input
@given(data=st.binary(max_size=200), draw=st.data())
def test_any_bytes_are_an_error_or_a_trace_of_all_records(tmp_path, name, data, draw):
    example = draw.draw(examples(name))
    assert accounted(data, opened(tmp_path, name, data, example), example)


@every_reader
@any_input
@given(data=TEXTS, draw=st.data())
def test_any_lines_are_an_error_or_a_trace_of_all_records(tmp_path, name, data, draw):
    example = draw.draw(examples(name))
    assert accounted(data, opened(tmp_path, name, data, example), example)


@every_reader
@any_input
@given(draw=st.data())
def test_a_damaged_file_is_an_error_or_a_trace_of_all_records(tmp_path, name, draw):
    example = draw.draw(examples(name))
    data = draw.draw(damaged(example.files))
    assert accounted(data, opened(tmp_path, name, data, example), example)


def same(one: Any, other: Any) -> bool:
    """Whether two columns or tables are equal, ragged ones and text by their parts."""
    if isinstance(one, Ragged):
        return same(one.values, other.values) and same(one.offsets, other.offsets)
    if isinstance(one, Interned):
        return same(one.codes, other.codes) and same(one.labels, other.labels)
    one, other = np.asarray(one), np.asarray(other)
    return np.array_equal(one, other, equal_nan=one.dtype.kind == other.dtype.kind == "f")


@every_reader
@any_input
@given(draw=st.data(), kind=st.sampled_from(sorted(COMPRESS)))
def test_a_damaged_file_is_the_same_trace_when_it_is_compressed(tmp_path, name, draw, kind):
    example = draw.draw(examples(name))
    data = draw.draw(damaged(example.files))
    plain, unfolded = (opened(tmp_path, name, it, example) for it in (data, COMPRESS[kind](data)))
    assert (plain is None) == (unfolded is None)
    if plain is not None and unfolded is not None:
        assert plain.columns.keys() == unfolded.columns.keys()
        assert all(same(plain[name], unfolded[name]) for name in plain.columns)
        assert all(same(plain.tables[name], unfolded.tables[name]) for name in plain.tables)


@every_reader
@any_input
@given(draw=st.data(), kind=st.sampled_from(sorted(COMPRESS)))
def test_a_damaged_compressed_file_is_never_a_shorter_trace(tmp_path, name, draw, kind):
    example = draw.draw(examples(name))
    packed = draw.draw(damaged([COMPRESS[kind](data) for data in example.files]))
    trace = opened(tmp_path, name, packed, example)
    if trace is not None:
        data = unpacked(packed) if packed.startswith(MAGIC) else packed
        assert data is not None and accounted(data, trace, example)


def unpacked(data: bytes) -> bytes | None:
    """The bytes of whole frames by their own libraries; None where they are not whole."""
    try:
        if data.startswith(MAGIC[0]):
            return gzip.decompress(data)
        if data.startswith(MAGIC[1]):
            return lzma.decompress(data)
        return zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError):
        return None
