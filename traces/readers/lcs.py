"""lcs: libCacheSim's own format, a header that describes the records, then the records."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Trace
from traces.records import Records, layout, read_trace
from traces.source import Source

ENDINGS = (".lcs",)

MAGIC = (0x123456789ABCDEF0).to_bytes(8, "little")
HEADER_BYTES = 1024
VERSIONS = (0, 1)
"""Versions of the header that have been seen; another may mean other fields."""

COLUMNS = {"id": 248, "size_bytes": 249, "time_s": 250, "next_access": 252, "op": 253, "ttl_s": 254, "tenant": 255}
"""The byte of the header that holds the number of a column's field."""


def read(
    source: Source, *, check_next: bool = True, allow_truncated: bool = False, skip_zero_size: bool = False
) -> Trace:
    """Reads a file of packed little-endian records; its header tells their layout and their number.

    Args:
        source: the file.
        check_next: hold the next-access field, where there is one, against the ids.
        allow_truncated: accept fewer records than the header promises, and a last one cut short; and say so.
        skip_zero_size: drop requests of size 0, and say so.

    Returns:
        A column `page` (int32), and `time_s`, `size_bytes`, `op`, `ttl_s`, `tenant` where the header has them; table
        `pages` (int64 or uint64).

    Raises:
        InputError: the header is not of this format or contradicts itself or the records.
    """
    file = source.open()
    header = file.read(HEADER_BYTES)
    fields = _layout(source, header)
    records = Records(source, fields, file=file, allow_truncated=allow_truncated)
    trace = read_trace(records, check_next=check_next, skip_zero_size=skip_zero_size, format="lcs")
    n_promised = int.from_bytes(header[488:496], "little", signed=True)
    if n_promised <= 0 or n_promised == records.n_records:
        return trace
    found = f"the header promises {n_promised:,} requests, the file holds {records.n_records:,}"
    if not allow_truncated:
        raise InputError(f"{source.name}: {found} (allow_truncated=true takes them)")
    return replace(trace, origin={**trace.origin, "notices": (*trace.origin["notices"], found)})


def _layout(source: Source, header: bytes) -> np.dtype:
    """The record type that the header describes, once it has been found to agree with itself."""
    if len(header) < HEADER_BYTES or header[:8] != MAGIC:
        raise InputError(f"{source.name} is no lcs file: it does not begin with the magic number of a 1024-byte header")
    if header[8:9] != b"<" or header[1016:] != MAGIC:
        raise InputError(
            f"{source.name}: an lcs header of another kind; expected a format string and 1024 bytes in all"
        )
    n_fields, record_bytes, version = struct.unpack("<IIQ", header[1000:1016])
    if version not in VERSIONS:
        raise InputError(f"{source.name}: lcs version {version} is not known (known: {VERSIONS})")
    letters = header[8:248].rstrip(b"\0").decode("latin-1")
    if not (letters.isascii() and letters.isprintable()):
        raise InputError(f"{source.name}: the format in the lcs header is no text of letters")
    if n_fields != len(letters) - 1:
        raise InputError(f'{source.name}: the lcs header counts {n_fields} fields, its format is "{letters}"')
    try:
        fields = layout(letters, {name: header[at] for name, at in COLUMNS.items() if header[at]})
    except InputError as error:
        raise InputError(f"{source.name}: {error}") from None
    if record_bytes != fields.itemsize:
        raise InputError(
            f'{source.name}: the lcs header has records of {record_bytes} bytes, its format "{letters}" {fields.itemsize}'
        )
    if "id" not in (fields.names or ()):
        raise InputError(f"{source.name}: the lcs header names no field for the ids")
    return fields
