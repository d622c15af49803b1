"""Records from a stream: those cut short, and those longer than a chunk."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.core.errors import InputError
from tests.traces.files import written
from traces.readers import binary, oracle_general_opns, twr
from traces.readers import oracle_general as oracle

READERS = {
    "oracle_general": (24, lambda source, **o: oracle.read(source, check_next=False, **o)),
    "oracle_general_opns": (27, lambda source, **o: oracle_general_opns.read(source, check_next=False, **o)),
    "twr": (20, twr.read),
    "binary": (9, lambda source, **o: binary.read(source, record="<BQ", obj_id_col=2, obj_size_col=1, **o)),
}

any_input = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("name", READERS)
@any_input
@given(data=st.binary(max_size=300))
def test_a_dropped_tail_is_less_than_a_record(tmp_path, name, data):
    size, read = READERS[name]
    try:
        trace = read(written(tmp_path, data), allow_truncated=True)
    except InputError:
        assert len(data) < size
    else:
        assert len(trace) == len(data) // size


def test_records_longer_than_a_chunk_are_read(tmp_path):
    data = bytes(60_000) + (7).to_bytes(8, "little")
    trace = binary.read(written(tmp_path, 40 * data), record="<60000xQ", obj_id_col=1)
    assert (len(trace), trace.tables["pages"].tolist()) == (40, [7])
