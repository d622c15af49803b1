"""oracleGeneral: 24 bytes a request, next accesses counted from 1."""

import struct

import numpy as np
import pytest

from sim.core.errors import InputError
from tests.traces.files import oracle_general as by_hand
from tests.worked import trace_of
from traces.readers import oracle_general as reader
from traces.source import Source
from traces.writers import oracle_general


def test_next_accesses_are_counted_from_1_and_minus_1_is_none(tmp_path):
    path = tmp_path / "a.oracleGeneral"
    oracle_general.write(trace_of([7, 8, 7, 7], time_s=[0, 1, 1, 2], size_bytes=[10, 20, 10, 11]), path)
    records = list(struct.iter_unpack("<IQIq", path.read_bytes()))
    assert records == [(0, 7, 10, 3), (1, 8, 20, -1), (1, 7, 10, 4), (2, 7, 11, -1)]


def test_what_is_written_reads_back_equal(tmp_path, monkeypatch):
    monkeypatch.setattr(oracle_general, "CHUNK", 4)
    monkeypatch.setattr("traces.sink.CHUNK", 4)
    ids = [3, 2**64 - 1, 3, 5, 5, 3, 9, 2**64 - 1, 4]
    path = tmp_path / "a.oracleGeneral.zst"
    trace = trace_of(ids)
    trace = type(trace)("t", "paging", trace.columns, {"pages": np.array([3, 2**64 - 1, 5, 9, 4], np.uint64)})
    assert oracle_general.write(trace, path) == []
    again = reader.read(Source(path))
    assert again["page"].tolist() == trace["page"].tolist()
    assert again.tables["pages"].tolist() == trace.tables["pages"].tolist()
    assert Source(path).open().read() == by_hand(ids, times=[0] * len(ids))


def test_the_cloudphysics_sample_is_written_byte_for_byte(shared_data, tmp_path):
    original = shared_data / "cache" / "cloudPhysicsIO.oracleGeneral.bin"
    path = tmp_path / "copy.oracleGeneral.bin"
    oracle_general.write(reader.read(Source(original)), path)
    assert path.read_bytes() == original.read_bytes()


def test_what_the_format_has_no_place_for_is_said(tmp_path):
    trace = trace_of([1, 1], time_s=[0.0, 0.5], tenant=[0, 1])
    assert oracle_general.write(trace, tmp_path / "a.oracleGeneral") == [
        "oracleGeneral has no place for the column tenant",
        "oracleGeneral has whole seconds only: times are rounded down",
    ]


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"time_s": [0, 2**32]}, "request 2: time_s is 4294967296; oracleGeneral holds 0 to 4294967295 s"),
        ({"time_s": [0.0, np.nan]}, "request 2: time_s is nan"),
        ({"size_bytes": [-1, 5]}, "request 1: size_bytes is -1; oracleGeneral holds 0 to 4294967295 bytes"),
    ],
)
def test_values_that_do_not_fit_are_refused_and_nothing_is_written(tmp_path, columns, found):
    with pytest.raises(InputError, match=found):
        oracle_general.write(trace_of([1, 1], **columns), tmp_path / "a.oracleGeneral")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ids", [["a", "b"], [-1, 4]])
def test_ids_that_are_no_unsigned_integers_are_refused(tmp_path, ids):
    with pytest.raises(InputError, match=r"page ids that oracleGeneral cannot hold"):
        oracle_general.write(trace_of(ids), tmp_path / "a.oracleGeneral")
