"""Records that the user describes."""

import struct

import numpy as np
import pytest

from sim.core.errors import InputError
from tests.traces.files import vscsi_1, written
from traces.readers import binary, vscsi
from traces.source import Source


def test_the_vscsi_sample_can_be_described(shared_data):
    source = Source(shared_data / "cache" / "cloudPhysicsIO.vscsi")
    described = binary.read(source, record="<IIIHHQQ", obj_id_col=6, obj_size_col=2)
    assert np.array_equal(described["page"], vscsi.read(source)["page"])
    assert int(described["size_bytes"].sum()) == 4_205_978_112


def test_fields_are_packed_little_endian_and_padding_is_skipped(tmp_path):
    data = struct.pack("<Bxqfh", 1, -5, 0.5, 30) + struct.pack("<Bxqfh", 2, 6, 1.5, 40)
    trace = binary.read(
        written(tmp_path, data), record="<Bxqfh", obj_id_col=2, time_col=3, obj_size_col=4, tenant_col=1
    )
    assert trace.tables["pages"].tolist() == [-5, 6]
    assert trace["time_s"].tolist() == [0.5, 1.5]
    assert (trace["size_bytes"].tolist(), trace["tenant"].tolist()) == ([30, 40], [1, 2])


def test_a_number_repeats_its_letter_and_a_header_is_skipped(tmp_path):
    data = b"header!" + struct.pack("<3I", 1, 2, 3)
    assert binary.read(written(tmp_path, data), record="3I", obj_id_col=3, header_bytes=7).tables["pages"].tolist() == [
        3
    ]


def test_next_accesses_are_held_against_the_ids(tmp_path):
    data = struct.pack("<QqQq", 5, 3, 5, -1)
    with pytest.raises(InputError, match="record 1: its next access is given as 3, but its id comes next at 2"):
        binary.read(written(tmp_path, data), record="<Qq", obj_id_col=1, next_access_col=2)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"record": "<IIIHHQQ", "obj_id_col": 8}, "id: record format .* has columns 1 to 7, got 8"),
        ({"record": "<IIIHHQQ", "obj_id_col": 0}, "id: record format .* has columns 1 to 7, got 0"),
        ({"record": "<IZ", "obj_id_col": 1}, 'has "Z"; expected < and then letters of'),
        ({"record": ">IQ", "obj_id_col": 1}, 'has ">"; expected <'),
        ({"record": "<", "obj_id_col": 1}, "has columns 1 to 0, got 1"),
        ({"record": "<d", "obj_id_col": 1}, "id: column 1 .* is real; expected an integer one"),
        ({"record": "<9999999Q", "obj_id_col": 1}, "more than 65,536 bytes"),
        ({"record": "<Q", "obj_id_col": 1, "header_bytes": -1}, "header_bytes must be at least 0, got -1"),
    ],
)
def test_a_description_that_is_none_is_refused(tmp_path, options, line):
    with pytest.raises(InputError, match=line):
        binary.read(written(tmp_path, vscsi_1([1])), **options)


@pytest.mark.parametrize(
    ("record", "value", "line"),
    [
        ("<Qi", -3, "record 2: size is -3; expected an integer of at least 0"),
        ("<QQ", 2**64 - 1, "record 2: size is 18446744073709551615"),
    ],
)
def test_a_size_out_of_range_is_named(tmp_path, record, value, line):
    data = struct.pack(record, 1, 5) + struct.pack(record, 1, value)
    with pytest.raises(InputError, match=line):
        binary.read(written(tmp_path, data), record=record, obj_id_col=1, obj_size_col=2)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_a_time_that_is_no_time_is_named(tmp_path, value):
    with pytest.raises(InputError, match=r"record 1: time is .*; expected a number of at least 0"):
        binary.read(written(tmp_path, struct.pack("<Qd", 1, value)), record="<Qd", obj_id_col=1, time_col=2)
