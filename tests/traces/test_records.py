"""Binary readers on any bytes: an error for the user, or a trace with a request for each record; never anything else."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.core.errors import InputError
from tests.traces.files import lcs_header, oracle_general, vscsi_1, vscsi_2, written
from traces.readers import binary, lcs, oracle_general_opns, twr, vscsi
from traces.readers import oracle_general as oracle

READERS = {
    "oracle_general": (24, lambda source, **o: oracle.read(source, check_next=False, **o)),
    "oracle_general, checked": (24, oracle.read),
    "oracle_general_opns": (27, lambda source, **o: oracle_general_opns.read(source, check_next=False, **o)),
    "twr": (20, twr.read),
    "binary": (9, lambda source, **o: binary.read(source, record="<BQ", obj_id_col=2, obj_size_col=1, **o)),
}

GOOD = {
    "vscsi 1": (vscsi_1([5, 6, 5, 7]), vscsi.read, 0, 32),
    "vscsi 2": (vscsi_2([5, 6, 5, 7]), vscsi.read, 0, 40),
    "lcs": (bytes(lcs_header("<IQIq", id=2, next_access=4)) + oracle_general([5, 6, 5, 7]), lcs.read, 1024, 24),
    "oracle_general": (oracle_general([5, 6, 5, 7]), oracle.read, 0, 24),
}

any_input = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def requests_or_error(read, source, **options) -> int | str:
    try:
        return len(read(source, **options))
    except InputError as error:
        return str(error)


@pytest.mark.parametrize("name", READERS)
@any_input
@given(data=st.binary(max_size=300))
def test_any_bytes_are_an_error_or_one_request_for_each_record(tmp_path, name, data):
    size, read = READERS[name]
    found = requests_or_error(read, written(tmp_path, data))
    if isinstance(found, int):
        assert found * size == len(data)
    else:
        assert str(tmp_path / "trace") in found


@pytest.mark.parametrize("name", READERS)
@any_input
@given(data=st.binary(min_size=1, max_size=300))
def test_a_dropped_tail_is_less_than_a_record(tmp_path, name, data):
    size, read = READERS[name]
    found = requests_or_error(read, written(tmp_path, data), allow_truncated=True)
    if isinstance(found, int):
        assert found == len(data) // size


@pytest.mark.parametrize("name", GOOD)
@any_input
@given(data=st.data())
def test_a_damaged_file_is_an_error_or_as_long_as_it_was(tmp_path, name, data):
    good, read, header, size = GOOD[name]
    damaged = bytearray(good)
    at = data.draw(st.integers(0, len(good) - 1))
    patch = data.draw(st.binary(min_size=1, max_size=12))
    damaged[at : at + len(patch)] = patch
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    found = requests_or_error(read, written(tmp_path, bytes(damaged)))
    if isinstance(found, int):
        assert header + found * size == len(damaged) or header + found * size == len(good)


def test_records_longer_than_a_chunk_are_read(tmp_path):
    data = bytes(60_000) + (7).to_bytes(8, "little")
    trace = binary.read(written(tmp_path, 40 * data), record="<60000xQ", obj_id_col=1)
    assert (len(trace), trace.tables["pages"].tolist()) == (40, [7])
