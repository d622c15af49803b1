"""oracleGeneral files: the published sample, and small ones by hand."""

import gzip
import io
import sys

import numpy as np
import pytest
import zstandard

from sim.core.errors import InputError
from tests.traces.files import NONE, next_accesses, oracle_general, written
from traces.readers import oracle_general as reader
from traces.source import Source


def read(folder, ids, *, name: str = "trace", cut: int = 0, options=None, **columns):
    data = oracle_general(ids, **columns)
    return reader.read(written(folder, data[: len(data) - cut], name), **(options or {}))


def test_the_cloudphysics_sample_has_its_published_facts(shared_data):
    trace = reader.read(Source(shared_data / "cache" / "cloudPhysicsIO.oracleGeneral.bin"))
    counts = np.bincount(trace["page"])
    assert (len(trace), len(counts), np.count_nonzero(counts == 1)) == (113_872, 48_974, 21_049)
    assert (trace["time_s"][0], trace["time_s"][-1]) == (5_633_898, 5_641_098)
    assert int(trace["size_bytes"].sum()) == 4_368_040_448
    labels = trace.tables["pages"]
    assert (labels[trace["page"][0]], trace["size_bytes"][0]) == (42_932_745, 512)
    assert (labels[trace["page"][6]], trace["size_bytes"][6], trace["time_s"][6]) == (6_160_447, 4096, 5_633_899)
    assert labels[trace["page"][18]] == 6_160_447
    assert trace.origin["notices"] == ()


def test_columns_are_small_and_pages_are_numbered_as_they_appear(tmp_path):
    trace = read(tmp_path, [2**64 - 1, 5, 2**64 - 1], times=[7, 7, 2**32 - 1], sizes=[1, 2**32 - 1, 3])
    assert trace["page"].tolist() == [0, 1, 0]
    assert trace["time_s"].tolist() == [7, 7, 2**32 - 1]
    assert trace["size_bytes"].tolist() == [1, 2**32 - 1, 3]
    assert trace.tables["pages"].tolist() == [2**64 - 1, 5]
    assert (trace["page"].dtype, trace["time_s"].dtype, trace["size_bytes"].dtype) == (np.int32, np.uint32, np.uint32)


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor(22).compress])
def test_a_compressed_file_gives_the_same_trace(tmp_path, compress):
    ids = list(np.random.default_rng(1).integers(0, 500, 5000))
    plain = read(tmp_path, ids)
    packed = reader.read(written(tmp_path, compress(oracle_general(ids)), "packed"))
    assert all(np.array_equal(plain[name], packed[name]) for name in plain.columns)


def test_a_file_of_many_chunks_is_one_trace(tmp_path):
    ids = list(np.random.default_rng(2).integers(0, 2**63, 1000)[np.random.default_rng(3).integers(0, 1000, 150_000)])
    trace = read(tmp_path, ids)
    assert np.array_equal(trace.tables["pages"][trace["page"]], np.array(ids, np.uint64))


def test_standard_input_is_read_too(monkeypatch):
    data = oracle_general([4, 5, 4])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(data))))
    trace = reader.read(Source("-"))
    assert (trace["page"].tolist(), trace.name) == ([0, 1, 0], "standard input")


def test_next_accesses_counted_from_0_are_accepted_with_a_notice(tmp_path):
    trace = read(tmp_path, [4, 5, 4], next_access=next_accesses([4, 5, 4], base=0))
    assert trace.origin["notices"] == ("next accesses are counted from 0, not from 1 as is customary",)


def test_the_largest_number_means_no_next_access(tmp_path):
    assert read(tmp_path, [4, 5], next_access=[2**63 - 1, NONE]).origin["notices"] == ()


@pytest.mark.parametrize(
    ("claims", "line"),
    [
        ([NONE, 4, NONE, NONE, NONE], "record 1: its next access is given as -1, but its id comes next at 3"),
        ([3, 4, NONE, 5, NONE], "record 4: its next access is given as 5, but its id does not come again"),
        ([3, 5, NONE, NONE, NONE], "record 2: its next access is given as 5, but its id comes next at 4"),
        ([3, 4, 1, NONE, NONE], "record 3: its next access is given as 1, but its id does not come again"),
        ([2, 2, NONE, NONE, NONE], "record 2: its next access is given as 2"),  # distances, not indexes
    ],
)
def test_a_next_access_that_contradicts_the_ids_is_named_with_its_record(tmp_path, claims, line):
    with pytest.raises(InputError, match=line):
        read(tmp_path, [4, 5, 4, 5, 6], next_access=claims)


def test_the_next_accesses_may_be_left_unread(tmp_path):
    assert len(read(tmp_path, [4, 4], next_access=[9, 9], options={"check_next": False})) == 2


def test_the_start_of_a_longer_trace_is_accepted_with_a_notice(tmp_path):
    trace = read(tmp_path, [4, 5, 4], next_access=[3, 700, 800])
    assert trace.origin["notices"] == (
        "next accesses of 2 pages lie behind the last record: the start of a longer trace",
    )


def test_half_a_record_is_an_error_that_names_it(tmp_path):
    with pytest.raises(InputError, match="trace, record 3: 20 left-over bytes, a record has 24"):
        read(tmp_path, [4, 5, 4], cut=4)


def test_half_a_record_is_dropped_on_wish_and_said(tmp_path):
    trace = read(tmp_path, [4, 5, 4], cut=4, next_access=[NONE] * 3, options={"allow_truncated": True})
    assert len(trace) == 2
    assert trace.origin["notices"] == ("dropped 20 left-over bytes after record 2 (allow_truncated)",)


def test_requests_of_size_0_are_kept_and_counted(tmp_path):
    trace = read(tmp_path, [4, 5, 5], sizes=[1, 0, 0])
    assert trace["size_bytes"].tolist() == [1, 0, 0]
    assert trace.origin["notices"] == ("2 requests of size 0",)


def test_requests_of_size_0_are_dropped_on_wish_and_pages_numbered_anew(tmp_path):
    trace = read(tmp_path, [4, 5, 6, 5], sizes=[0, 1, 1, 1], options={"skip_zero_size": True})
    assert (trace["page"].tolist(), trace.tables["pages"].tolist()) == ([0, 1, 0], [5, 6])
    assert trace.origin["notices"] == ("1 request of size 0 dropped (skip_zero_size)",)


def test_times_that_go_backwards_are_counted(tmp_path):
    assert read(tmp_path, [4, 5, 6, 7], times=[5, 4, 9, 8]).origin["notices"] == ("time goes backwards at 2 requests",)


def test_times_that_go_backwards_between_chunks_are_counted(tmp_path):
    trace = read(tmp_path, range(200_000), times=[9] * 65_536 + [8] * 134_464)
    assert trace.origin["notices"] == ("time goes backwards at 1 request",)


@pytest.mark.parametrize(("data", "line"), [(b"", "is empty"), (gzip.compress(b"", mtime=0), "has no requests")])
def test_a_file_without_requests_is_named(tmp_path, data, line):
    with pytest.raises(InputError, match=f"nothing.bin.* {line}|nothing.bin {line}"):
        reader.read(written(tmp_path, data, "nothing.bin"))


def test_dropping_all_requests_leaves_no_trace(tmp_path):
    with pytest.raises(InputError, match="has no requests of a size above 0"):
        read(tmp_path, [4, 4], sizes=[0, 0], options={"skip_zero_size": True})
