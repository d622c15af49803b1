"""Small binary trace files, written field by field."""

from __future__ import annotations

import struct
from pathlib import Path

from traces.source import Source

NONE = -1
"""No next access, in files."""


def written(folder: Path, data: bytes, name: str = "trace") -> Source:
    """A file of these bytes."""
    path = folder / name
    path.write_bytes(data)
    return Source(path)


def next_accesses(ids, base: int = 1) -> list[int]:
    """For each record the index of the next one with its id, counting from `base`; -1 for none."""
    found, following = [], {}
    for i in reversed(range(len(ids))):
        found.append(following.get(ids[i], NONE))
        following[ids[i]] = i + base
    return found[::-1]


def oracle_general(ids, *, times=None, sizes=None, next_access=None) -> bytes:
    """Records of oracleGeneral; by default one a second, of 1 byte, with right next accesses."""
    times = times or range(len(ids))
    sizes = sizes or [1] * len(ids)
    next_access = next_access or next_accesses(ids)
    rows = zip(times, ids, sizes, next_access, strict=True)
    return b"".join(struct.pack("<IQIq", *row) for row in rows)


def vscsi_1(blocks, *, times=None, sizes=None, commands=None) -> bytes:
    n = len(blocks)
    rows = zip(blocks, times or range(n), sizes or [512] * n, commands or [0x28] * n, strict=True)
    return b"".join(
        struct.pack("<IIIHHQQ", i, size, 1, command, 0x0100, block, time)
        for i, (block, time, size, command) in enumerate(rows)
    )


def vscsi_2(blocks, *, times=None, sizes=None, commands=None) -> bytes:
    n = len(blocks)
    rows = zip(blocks, times or range(n), sizes or [512] * n, commands or [0x28] * n, strict=True)
    return b"".join(
        struct.pack("<HHIIIQQQ", command, 0x0200, i, size, 1, block, time, 7)
        for i, (block, time, size, command) in enumerate(rows)
    )


def lcs_header(letters: str, *, n_requests: int = 0, version: int = 1, **fields: int) -> bytearray:
    """A header of 1024 bytes; `fields` by the names of the columns, counting from 1."""
    at = {"id": 248, "size_bytes": 249, "time_s": 250, "next_access": 252, "op": 253, "ttl_s": 254, "tenant": 255}
    header = bytearray(1024)
    struct.pack_into("<Q240s", header, 0, 0x123456789ABCDEF0, letters.encode())
    for name, field in fields.items():
        header[at[name]] = field
    struct.pack_into("<q", header, 488, n_requests)
    struct.pack_into("<IIQQ", header, 1000, len(letters) - 1, struct.calcsize(letters), version, 0x123456789ABCDEF0)
    return header
