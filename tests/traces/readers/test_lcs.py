"""lcs files: the header decides, and is held against itself."""

import struct

import pytest

from sim.core.errors import InputError
from tests.traces.files import lcs_header, written
from traces.readers import lcs

RECORDS = b"".join(struct.pack("<IQIqB", *row) for row in [(1, 70, 5, 3, 1), (2, 80, 6, -1, 3), (3, 70, 5, -1, 1)])
FIELDS = {"time_s": 1, "id": 2, "size_bytes": 3, "next_access": 4, "op": 5}


def test_the_header_tells_where_the_columns_are(tmp_path):
    trace = lcs.read(written(tmp_path, bytes(lcs_header("<IQIqB", n_requests=3, **FIELDS)) + RECORDS))
    assert trace["page"].tolist() == [0, 1, 0]
    assert trace["time_s"].tolist() == [1, 2, 3]
    assert trace["size_bytes"].tolist() == [5, 6, 5]
    assert trace["op"].tolist() == [1, 3, 1]
    assert trace.tables["pages"].tolist() == [70, 80]
    assert trace.origin["notices"] == ()


def test_fields_that_are_absent_are_no_columns(tmp_path):
    trace = lcs.read(written(tmp_path, bytes(lcs_header("<IQIqB", id=2)) + RECORDS))
    assert list(trace.columns) == ["page"]


def test_next_accesses_are_held_against_the_ids(tmp_path):
    wrong = RECORDS[:16] + struct.pack("<q", 1) + RECORDS[24:]
    with pytest.raises(InputError, match="record 1: its next access is given as 1, but its id comes next at 3"):
        lcs.read(written(tmp_path, bytes(lcs_header("<IQIqB", **FIELDS)) + wrong))


def test_fewer_records_than_promised_are_an_error(tmp_path):
    source = written(tmp_path, bytes(lcs_header("<IQIqB", n_requests=4, **FIELDS)) + RECORDS)
    with pytest.raises(InputError, match="promises 4 requests, the file holds 3"):
        lcs.read(source)
    notices = lcs.read(source, allow_truncated=True).origin["notices"]
    assert notices == ("the header promises 4 requests, the file holds 3",)


@pytest.mark.parametrize(
    ("at", "value", "line"),
    [
        (0, b"\0", "does not begin with the magic number"),
        (1016, b"\0", "an lcs header of another kind"),
        (8, b">", "an lcs header of another kind"),
        (8, b"<IQIqZ", 'has "Z"'),
        (8, b"<IQ\nIq", "format in the lcs header is no text of letters"),
        (1000, b"\x04", "counts 4 fields"),
        (1004, b"\x18", "records of 24 bytes, its format .* 25"),
        (1008, b"\x09", "lcs version 9 is not known"),
        (248, b"\0", "names no field for the ids"),
        (249, b"\x06", "has columns 1 to 5, got 6"),
    ],
)
def test_a_header_that_contradicts_itself_is_refused(tmp_path, at, value, line):
    header = lcs_header("<IQIqB", n_requests=3, **FIELDS)
    header[at : at + len(value)] = value
    with pytest.raises(InputError, match=line):
        lcs.read(written(tmp_path, bytes(header) + RECORDS))


def test_a_file_shorter_than_the_header_is_refused(tmp_path):
    with pytest.raises(InputError, match="is no lcs file"):
        lcs.read(written(tmp_path, bytes(lcs_header("<IQIqB", **FIELDS))[:900]))
