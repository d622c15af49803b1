"""twr files: the packed sizes, operations and times to live."""

import struct

from sim.core.operations import Operation
from tests.traces.files import written
from traces.readers import twr


def test_sizes_operation_and_time_to_live_are_unpacked(tmp_path):
    rows = [(10, 2**63 + 1, 1023 << 22 | 5, Operation.SET << 24 | 3600), (11, 7, 40 << 22 | 2**22 - 1, 1 << 24)]
    trace = twr.read(written(tmp_path, b"".join(struct.pack("<IQII", *row) for row in rows)))
    assert trace["size_bytes"].tolist() == [1028, 40 + 2**22 - 1]
    assert trace["op"].tolist() == [Operation.SET, Operation.GET]
    assert trace["ttl_s"].tolist() == [3600.0, 0.0]
    assert trace["time_s"].tolist() == [10, 11]
    assert trace.tables["pages"].tolist() == [2**63 + 1, 7]
