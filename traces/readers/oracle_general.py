"""oracleGeneral: 24 bytes a request, the format of libCacheSim's public traces."""

from __future__ import annotations

import numpy as np

from sim.core.trace import Trace
from traces.records import Records, read_trace
from traces.source import Source

ENDINGS = (".oraclegeneral", ".oraclegeneral.bin")

LAYOUT = np.dtype([("time_s", "<u4"), ("id", "<u8"), ("size_bytes", "<u4"), ("next_access", "<i8")])


def read(
    source: Source, *, check_next: bool = True, allow_truncated: bool = False, skip_zero_size: bool = False
) -> Trace:
    """Reads a file of packed little-endian records, see `LAYOUT`.

    Args:
        source: the file.
        check_next: hold the next-access field (the index of the id's next record, counting from 1; -1 or the largest
            int64: none) against the ids. It is not kept.
        allow_truncated: drop a last record that is cut short, and say so.
        skip_zero_size: drop requests of size 0, and say so.

    Returns:
        Columns `page` (int32), `time_s` and `size_bytes` (uint32); table `pages` (uint64).

    Raises:
        InputError: no record, half a record, or a next access that contradicts the ids.
    """
    records = Records(source, LAYOUT, allow_truncated=allow_truncated)
    return read_trace(records, check_next=check_next, skip_zero_size=skip_zero_size, format="oracle_general")
