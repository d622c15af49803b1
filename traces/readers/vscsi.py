"""vscsi: block requests as VMware's tracer writes them, versions 1 and 2."""

from __future__ import annotations

import numpy as np

from sim.core.errors import InputError
from sim.core.operations import Operation
from sim.core.trace import Trace
from traces.records import Records, layout
from traces.requests import Requests, counted
from traces.source import Source

ENDINGS = (".vscsi", ".vscsi1", ".vscsi2")

LAYOUTS = {
    1: layout("<IIIHHQQ", {"size_bytes": 2, "command": 4, "version": 5, "id": 6, "time_us": 7}),
    2: layout("<HHIIIQQQ", {"size_bytes": 4, "command": 1, "version": 2, "id": 6, "time_us": 7}),
}
"""By version. The other fields are the serial number, the number of pieces, and in version 2 the response time."""

OPERATIONS = np.zeros(1 << 16, np.uint8)
OPERATIONS[[0x08, 0x28, 0x88, 0xA8]] = Operation.READ  # SCSI's READ(6), (10), (16), (12)
OPERATIONS[[0x0A, 0x2A, 0x8A, 0xAA]] = Operation.WRITE


def read(source: Source, *, allow_truncated: bool = False, skip_zero_size: bool = False) -> Trace:
    """Reads a file of packed little-endian records, see `LAYOUTS`; the high byte of `version` tells which.

    Args:
        source: the file.
        allow_truncated: drop a last record that is cut short, and say so.
        skip_zero_size: drop requests of size 0, and say so.

    Returns:
        Columns `page` (int32, of the logical block number), `time_s` (float64), `size_bytes` (uint32) and `op` (READ,
        WRITE, or NOP for other commands); table `pages` (uint64).

    Raises:
        InputError: no record, half a record, or one that is of neither version.
    """
    file = source.open()
    start = file.read(2 * max(fields.itemsize for fields in LAYOUTS.values()))
    version = _version(source, start)
    records = Records(source, LAYOUTS[version], file=file, begun=start, allow_truncated=allow_truncated)
    requests = Requests(source, n_expected=records.n_expected, skip_zero_size=skip_zero_size)
    n_other = 0
    for chunk in records:
        is_other = chunk["version"] >> 8 != version
        if is_other.any():
            record = requests.n_rows + int(is_other.argmax())
            found = chunk["version"][record - requests.n_rows] >> 8
            raise InputError(
                f"{source.name}, record {record + 1}: its version is {found}, that of the first is {version}"
            )
        operations = OPERATIONS[chunk["command"]]
        n_other += int(np.count_nonzero(operations == Operation.NOP))
        requests.add(chunk["id"], time_s=chunk["time_us"] / 1e6, size_bytes=chunk["size_bytes"], op=operations)
    if n_other:
        records.notices.append(f"{counted(n_other, 'request')} of other commands than reads and writes")
    return requests.trace(records.notices, format="vscsi", version=version)


def _version(source: Source, start: bytes) -> int:
    """The version that the first two records have, each read in the layout of that version."""
    for version, fields in LAYOUTS.items():
        n = min(2, len(start) // fields.itemsize)
        if n and (np.frombuffer(start, fields, n)["version"] >> 8 == version).all():
            return version
    raise InputError(
        f"{source.name}, record 1: neither of vscsi version 1 (32 bytes, 256 to 511 at byte 14) nor of version 2 "
        "(40 bytes, 512 to 767 at byte 2)"
    )
