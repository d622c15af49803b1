"""oracleGeneralOpNS: oracleGeneral with the operation and the namespace (the tenant), 27 bytes a request."""

from __future__ import annotations

import numpy as np

from sim.core.trace import Trace
from traces.records import Records, read_trace
from traces.source import Source

ENDINGS = (".oraclegeneralopns", ".oraclegeneralopns.bin")

LAYOUT = np.dtype(
    [("time_s", "<u4"), ("id", "<u8"), ("size_bytes", "<u4"), ("op", "u1"), ("tenant", "<u2"), ("next_access", "<i8")]
)


def read(
    source: Source, *, check_next: bool = True, allow_truncated: bool = False, skip_zero_size: bool = False
) -> Trace:
    """Reads a file of packed little-endian records, see `LAYOUT`; arguments and errors as for `oracle_general`.

    Returns:
        Columns `page`, `tenant` (int32), `time_s`, `size_bytes` (uint32) and `op` (uint8); table `pages` (uint64).
    """
    records = Records(source, LAYOUT, allow_truncated=allow_truncated)
    return read_trace(records, check_next=check_next, skip_zero_size=skip_zero_size, format="oracle_general_opns")
