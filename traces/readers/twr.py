"""twr: Twitter's cache requests, 20 bytes each."""

from __future__ import annotations

import numpy as np

from sim.core.trace import Trace
from traces.records import Records
from traces.requests import Requests
from traces.source import Source

ENDINGS = (".twr", ".twr.bin")

LAYOUT = np.dtype([("time_s", "<u4"), ("id", "<u8"), ("sizes", "<u4"), ("op_ttl", "<u4")])


def read(source: Source, *, allow_truncated: bool = False, skip_zero_size: bool = False) -> Trace:
    """Reads a file of packed little-endian records, see `LAYOUT`.

    `sizes` holds the size of the key in its upper 10 bits and of the value in the lower 22; `op_ttl` the operation in the
    upper 8 and the time to live in seconds in the lower 24, 0 for none.

    Args:
        source: the file.
        allow_truncated: drop a last record that is cut short, and say so.
        skip_zero_size: drop requests of size 0, and say so.

    Returns:
        Columns `page` (int32), `time_s`, `size_bytes` (uint32, key and value), `op` (uint8), `ttl_s` (float64); table
        `pages` (uint64).

    Raises:
        InputError: no record, or half a record.
    """
    records = Records(source, LAYOUT, allow_truncated=allow_truncated)
    requests = Requests(source, n_expected=records.n_expected, skip_zero_size=skip_zero_size)
    for chunk in records:
        sizes, op_ttl = chunk["sizes"], chunk["op_ttl"]
        requests.add(
            chunk["id"],
            time_s=chunk["time_s"],
            size_bytes=(sizes >> 22) + (sizes & 0x3FFFFF),
            op=op_ttl >> 24,
            ttl_s=op_ttl & 0xFFFFFF,
        )
    return requests.trace(records.notices, format="twr")
