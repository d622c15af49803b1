"""msr files, line by line."""

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.operations import Operation
from tests.traces.files import written
from traces import formats
from traces.readers import msr
from traces.source import Source

LINES = """\
128166372003061629,hm,1,Read,383496192,32768,413
128166372016382155,hm,1,Write,8192,4096,2165
128166372026382245,hm,1,Read,383500287,2,500
"""
"""Blocks of 4096 bytes: 93627 to 93634 | 2 | 93627 and 93628, a byte of each."""


def read(folder, text: str, **options):
    return msr.read(written(folder, text.encode(), "hm_1.msr"), **options)


def pages(trace) -> list:
    return trace.tables["pages"][trace["page"]].tolist()


def test_a_line_is_one_request_for_each_block_that_it_touches(tmp_path):
    trace = read(tmp_path, LINES)
    assert pages(trace) == [*range(93627, 93635), 2, 93627, 93628]
    assert trace["size_bytes"].tolist() == [4096] * 11
    assert trace["op"].tolist() == [Operation.READ] * 8 + [Operation.WRITE] + [Operation.READ] * 2
    assert trace["time_s"].tolist() == [0.0] * 8 + [1.3320526] + [2.3320616] * 2
    assert trace.origin["notices"] == ("3 lines touch 11 blocks of 4,096 bytes",)


def test_without_blocks_a_line_is_a_request_for_its_offset(tmp_path):
    trace = read(tmp_path, LINES, block_bytes=None)
    assert pages(trace) == [383496192, 8192, 383500287]
    assert trace["size_bytes"].tolist() == [32768, 4096, 2]
    assert trace.origin["notices"] == ()


def test_the_same_block_of_two_disks_is_two_pages(tmp_path):
    lines = ["0,hm,0,Read,4096,1,0", "1,hm,1,Read,4096,1,0", "2,h,m0,Read,4096,1,0", "3,hm,0,Read,4096,1,0"]
    trace = read(tmp_path, "\n".join(lines))
    assert trace["page"].tolist() == [0, 1, 2, 0]
    assert trace.tables["pages"].tolist() == ["hm,0,1", "hm,1,1", "h,m0,1"]
    assert trace.origin["volumes"] == ("hm,0", "hm,1", "h,m0")


def test_a_second_disk_may_come_after_many_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("traces.lines.CHUNK", 100)
    one = "".join(f"{i},hm,0,Read,{4096 * (i % 50)},4096,0\n" for i in range(200))
    two = "".join(f"{i},hm,{i % 2},Read,{4096 * (i % 50)},4096,0\n" for i in range(200, 300))
    trace = read(tmp_path, one + two)
    expected = [(0 if i < 200 else i % 2, i % 50) for i in range(300)]
    assert pages(trace) == [f"hm,{disk},{block}" for disk, block in expected]
    assert len(trace.tables["pages"]) == 50 + 25


def test_wide_lines_are_split_a_batch_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(msr, "BATCH", 4)
    lines = [(0, 3), (5, 1), (2, 9), (1, 1), (7, 4), (3, 2)]
    text = "".join(f"7,hm,0,Read,{first},{n},0\n" for first, n in lines)
    assert pages(read(tmp_path, text, block_bytes=1)) == [first + i for first, n in lines for i in range(n)]


def test_time_counts_from_the_first_line_and_may_go_back(tmp_path):
    trace = read(tmp_path, "128166372003061629,a,0,Read,0,1,0\n128166372003061628,a,0,Read,0,1,0\n")
    assert trace["time_s"].tolist() == [0.0, -1e-7]
    assert trace.origin["notices"] == ("time goes backwards at 1 request",)


def test_a_line_of_size_0_touches_its_block_and_may_be_dropped(tmp_path):
    text = "0,hm,0,Read,4096,0,0\n1,hm,0,Read,0,4097,0\n"
    trace = read(tmp_path, text)
    assert (pages(trace), trace["size_bytes"].tolist()) == ([1, 0, 1], [0, 4096, 4096])
    assert "1 request of size 0" in trace.origin["notices"]
    dropped = read(tmp_path, text, skip_zero_size=True)
    assert pages(dropped) == [0, 1]
    assert "1 request of size 0 dropped (skip_zero_size)" in dropped.origin["notices"]


def test_a_header_that_names_the_fields_is_no_request(tmp_path):
    header = "Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime\n"
    assert pages(read(tmp_path, header + LINES)) == pages(read(tmp_path, LINES))
    with pytest.raises(InputError, match="has no requests"):
        read(tmp_path, header)
    with pytest.raises(InputError, match='line 2: Timestamp is "Timestamp"'):
        read(tmp_path, header * 2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,hm,0,Read,0,4096", "6 columns; expected 7"),
        ("1,hm,0,Read,0,4096,0,0", "8 columns; expected 7"),
        ("noon,hm,0,Read,0,4096,0", 'Timestamp is "noon"; expected an integer of at least 0'),
        ("1.5,hm,0,Read,0,4096,0", 'Timestamp is "1.5"; expected an integer of at least 0'),
        ("1,,0,Read,0,4096,0", 'column "Hostname" is empty'),
        ("1,hm,,Read,0,4096,0", 'column "DiskNumber" is empty'),
        ("1,hm,0,Trim,0,4096,0", 'Type is "Trim"; expected one of read, write'),
        ("1,hm,0,Read,-1,4096,0", 'Offset is "-1"; expected an integer of at least 0'),
        ("1,hm,0,Read,0,-4096,0", 'Size is "-4096"; expected an integer of at least 0'),
        ("1,hm,0,Read,0,4k,0", 'Size is "4k"; expected an integer of at least 0'),
        ("1,hm,0,Read,1,4294967296,0", 'Size is "4294967296"; expected at most 1,048,576 blocks of 4,096 bytes'),
    ],
)
def test_a_bad_line_is_named_with_what_it_should_hold(tmp_path, line, message):
    with pytest.raises(InputError) as caught:
        read(tmp_path, f"{LINES}\n{line}\n{LINES}")
    assert str(caught.value).startswith(f"{tmp_path / 'hm_1.msr'}, line 5: {message}")


@pytest.mark.parametrize("block_bytes", [0, -4096, 2**70])
def test_a_block_has_a_byte_at_least_and_a_tebibyte_at_most(tmp_path, block_bytes):
    with pytest.raises(InputError, match=f"option block_bytes must be from 1 to .* got {block_bytes}"):
        read(tmp_path, LINES, block_bytes=block_bytes)


def test_the_largest_offsets_are_exact(tmp_path):
    trace = read(tmp_path, f"0,hm,0,Read,{2**62 - 1},{2**62 - 1},0\n", block_bytes=None)
    assert (pages(trace), trace["size_bytes"].tolist()) == ([2**62 - 1], [2**62 - 1])


def test_options_come_as_text():
    assert formats.arguments(msr, {"block-bytes": "none"})["block_bytes"] is None
    assert formats.arguments(msr, {"block_bytes": "512"})["block_bytes"] == 512


def test_the_ending_tells_the_format():
    for name in ("hm_1.msr", "hm_1.msr.csv.gz"):
        assert formats.reader(Source(name)) is msr


def test_times_are_exact_to_a_tick(tmp_path):
    ticks = 128166372003061629 + np.array([0, 1, 10_000_001, 6 * 10**12])
    trace = read(tmp_path, "".join(f"{tick},hm,0,Read,0,1,0\n" for tick in ticks))
    assert trace["time_s"].tolist() == [0.0, 1e-7, 1.0000001, 600_000.0]
