"""oracleGeneralOpNS: one file by hand."""

import struct

from sim.core.operations import Operation
from tests.traces.files import written
from traces.readers import oracle_general_opns as reader


def test_operation_and_namespace_are_columns(tmp_path):
    rows = [(1, 77, 100, Operation.GET, 3, 3), (2, 78, 200, Operation.SET, 65535, -1), (3, 77, 100, 200, 3, -1)]
    data = b"".join(struct.pack("<IQIBHq", *row) for row in rows)
    assert len(data) == 3 * 27
    trace = reader.read(written(tmp_path, data))
    assert trace["page"].tolist() == [0, 1, 0]
    assert trace["op"].tolist() == [Operation.GET, Operation.SET, Operation.NOP]
    assert trace["tenant"].tolist() == [3, 65535, 3]
    assert trace["size_bytes"].tolist() == [100, 200, 100]
    assert trace.origin["notices"] == ("1 request of an unknown operation",)
