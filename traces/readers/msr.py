"""msr: the block requests of Microsoft Research Cambridge's servers, in lines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.core.errors import InputError
from sim.core.modules import kernel
from sim.core.operations import Operation
from sim.core.trace import Trace
from traces.fields import Fields
from traces.intern import Interner, TextInterner, text_array
from traces.lines import Lines, fields_of, split
from traces.requests import Requests, counted
from traces.source import Source

ENDINGS = (".msr", ".msr.csv")

FIELDS = ("Timestamp", "Hostname", "DiskNumber", "Type", "Offset", "Size", "ResponseTime")

OPERATIONS = {"read": int(Operation.READ), "write": int(Operation.WRITE)}

TICKS_PER_S = 10_000_000
"""Windows file time counts 100 ns."""

LARGEST_BLOCK = 1 << 40

MOST_BLOCKS = 1 << 20
"""Blocks that one line may touch; more are no disk's request."""

BATCH = 1 << 20
"""Requests made at a time, or those of one line."""


def read(source: Source, *, block_bytes: int | None = 4096, skip_zero_size: bool = False) -> Trace:
    """Reads lines of `FIELDS`, perhaps below a header that names them; blank lines are left out and counted.

    A page is a block of one disk of one host. A line that touches several blocks becomes one request for each, in the order
    of their offsets; one of size 0 touches the block of its offset.

    Args:
        source: the file, in UTF-8.
        block_bytes: size of a block, from 1 to 2**40. None: a page is an offset, and a line one request.
        skip_zero_size: drop lines of size 0, and say so.

    Returns:
        Columns `page` (int32), `time_s` (float64, since the first line), `size_bytes` (int64: `block_bytes`, or 0 for a line of
        size 0; without blocks the line's own) and `op` (uint8, READ or WRITE); table `pages`: the block numbers or offsets
        (int64) where the file has one disk, else text: "host,disk,block". The origin's `volumes` lists the disks.

    Raises:
        InputError: no request; a line with more or fewer fields; a value that is not what its field should hold; a line that
            touches more than 1,048,576 blocks.

    Reference: Narayanan, Donnelly and Rowstron, "Write Off-Loading: Practical Power Management for Enterprise Storage",
    FAST 2008.
    """
    if block_bytes is not None and not 1 <= block_bytes <= LARGEST_BLOCK:
        raise InputError(f"option block_bytes must be from 1 to {LARGEST_BLOCK:,}, or none, got {block_bytes}")
    pages = _Blocks()
    requests = Requests(source, interner=pages, skip_zero_size=skip_zero_size, earliest_s=-np.inf)
    lines = Lines(source)
    first_tick, n_lines = None, 0
    for chunk in lines.chunks(b","):
        rows = chunk[int(first_tick is None and _is_header(chunk)) :]
        if not len(rows):
            continue
        fields = split(rows, b",", len(FIELDS), {what: i for i, what in enumerate(FIELDS)})
        ticks = fields["Timestamp"].naturals()
        first_tick = ticks[0] if first_tick is None else first_tick
        time_s, op = (ticks - first_tick) / TICKS_PER_S, fields["Type"].words(OPERATIONS)
        volumes = pages.volumes_of(fields["Hostname"].none_empty(), fields["DiskNumber"].none_empty())
        offsets, sizes = fields["Offset"].naturals(), fields["Size"].naturals()
        n_lines += len(rows)
        if block_bytes is None:
            requests.add((volumes, offsets), time_s=time_s, size_bytes=sizes, op=op)
            continue
        first = offsets // block_bytes
        counts = (offsets + np.maximum(sizes, 1) - 1) // block_bytes - first + 1
        if counts.max() > MOST_BLOCKS:
            expected = f"at most {MOST_BLOCKS:,} blocks of {block_bytes:,} bytes (option block_bytes)"
            raise fields["Size"].bad(int((counts > MOST_BLOCKS).argmax()), expected)
        sizes = np.where(sizes == 0, 0, block_bytes)
        for of, blocks in _touched(first, counts):
            requests.add((volumes[of], blocks), time_s=time_s[of], size_bytes=sizes[of], op=op[of])
    notices = list(lines.notices)
    if requests.n_rows > n_lines:
        notices.append(f"{counted(n_lines, 'line')} touch {requests.n_rows:,} blocks of {block_bytes:,} bytes")
    return requests.trace(notices, format="msr", volumes=tuple(pages.volumes))


def _is_header(lines: Fields) -> bool:
    return [name.strip().lower() for name in fields_of(lines, 0, b",")] == [name.lower() for name in FIELDS]


def _touched(first: np.ndarray, counts: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Gives the blocks that rows touch, `counts[i]` from `first[i]` on, and the row that each is of; `BATCH` at a time."""
    stops = np.cumsum(counts)
    start = 0
    while start < len(counts):
        done = stops[start] - counts[start]
        stop = max(int(np.searchsorted(stops, done + BATCH, "right")), start + 1)
        of = np.repeat(np.arange(start, stop), counts[start:stop])
        yield of, first[of] + np.arange(done, stops[stop - 1]) - (stops - counts)[of]
        start = stop


class _Blocks:
    """Numbers blocks of several disks as they come, like an `Interner`: by block as long as there is one disk, then by both."""

    def __init__(self) -> None:
        self._volumes = TextInterner()
        self._blocks = Interner()
        self._pairs: Interner | None = None

    @property
    def volumes(self) -> list[str]:
        """The disks so far, as "host,disk"."""
        return self._volumes.labels().tolist() if len(self._volumes) else []

    def volumes_of(self, hosts: Fields, disks: Fields) -> np.ndarray:
        """The numbers of the disks, int64, shape (n,)."""
        is_new = np.ones(len(hosts), np.bool_)
        _unlike_above(hosts.text, hosts.starts, hosts.ends, disks.starts, disks.ends, is_new)
        rows = np.flatnonzero(is_new)
        codes = self._volumes.codes([hosts.field(row) + b"," + disks.field(row) for row in rows.tolist()])
        return np.repeat(codes.astype(np.int64), np.diff(rows, append=len(hosts)))

    def codes(self, ids: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Numbers the next blocks, given as numbers of disks and of blocks; int32, shape (n,)."""
        volumes, blocks = ids
        n_before = len(self._blocks)
        codes = self._blocks.codes(blocks)
        if self._pairs is None and volumes.any():
            self._pairs = Interner()
            self._pairs.codes(np.arange(n_before))  # those of disk 0, under the codes that they have
        return codes if self._pairs is None else self._pairs.codes(volumes << 32 | codes)

    def labels(self) -> np.ndarray:
        """The blocks by code, shape (n_distinct,): int64, or text where there are several disks."""
        blocks = self._blocks.labels()
        if self._pairs is None:
            return blocks
        keys = self._pairs.labels()
        volumes = self.volumes
        pairs = zip((keys >> 32).tolist(), blocks[keys & 0xFFFFFFFF].tolist(), strict=True)
        return text_array([f"{volumes[volume]},{block}" for volume, block in pairs])


@kernel
def _unlike_above(text, starts, ends, other_starts, other_ends, is_unlike):
    """Marks the rows of which one of two fields differs from that of the row above."""
    for row in range(1, len(starts)):
        is_unlike[row] = not (
            _are_equal(text, starts[row], ends[row], starts[row - 1], ends[row - 1])
            and _are_equal(text, other_starts[row], other_ends[row], other_starts[row - 1], other_ends[row - 1])
        )


@kernel
def _are_equal(text, start, end, other, other_end):
    i = 0
    while start + i < end and other + i < other_end and text[start + i] == text[other + i]:
        i += 1
    return start + i == end and other + i == other_end
