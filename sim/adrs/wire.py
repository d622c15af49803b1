"""Messages between a trusted process and a jailed one: length-limited JSON with arrays behind it, and a nonce in front.

A message is a document (JSON) and the arrays that it speaks of, as raw numbers. What comes from the jailed side is only ever
parsed: never unpickled, never executed, never longer than the limit.
"""

from __future__ import annotations

import json
import os
import select
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

HEADER = struct.Struct("<8sQQ")
"""Nonce, bytes of the document, bytes of the arrays."""

MOST_TEXT = 16 << 20
"""Bytes of a document: read, it takes many times its length in memory."""

TOGETHER = 1 << 16
"""Bytes of arrays that are copied so that all of a message is written at once, and the other side woken once."""

TYPES = frozenset({"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8"})


class Garbled(Exception):
    """What came is no message: the other side, or somebody in its place, wrote something else."""


class Closed(Exception):
    """The other side is gone."""


class Overdue(Exception):
    """The time is over."""


class Channel:
    """One end of a pair of pipes.

    Args:
        reading, writing: descriptors.
        nonce: 8 bytes that both sides put before each message.
        most_bytes: the longest message that is accepted.
        deadline: by `time.monotonic()`; None: waits for ever.
    """

    def __init__(self, reading: int, writing: int, nonce: bytes, most_bytes: int, deadline: float | None = None):
        self.reading = reading
        self.writing = writing
        self.nonce = nonce
        self.most_bytes = most_bytes
        self.deadline = deadline
        self._come = bytearray()
        self._to_read = self._poller(reading, select.POLLIN)
        self._to_write = self._poller(writing, select.POLLOUT)

    @staticmethod
    def _poller(descriptor: int, event: int) -> Callable[[float | None], Any]:
        poller = select.poll()
        poller.register(descriptor, event)
        return poller.poll

    def send(self, document: Any, arrays: Sequence[np.ndarray] = ()) -> None:
        """Sends a document with the arrays that follow it."""
        blobs = [np.ascontiguousarray(array) for array in arrays]
        specs = [[blob.dtype.str, blob.shape] for blob in blobs]
        text = _written([document, specs] if specs else [document]).encode()
        n_raw = sum(blob.nbytes for blob in blobs)
        parts: list[Any] = [HEADER.pack(self.nonce, len(text), n_raw), text]
        parts += [memoryview(blob.reshape(-1).view(np.uint8)) for blob in blobs if blob.nbytes]  # type: ignore[arg-type]
        for part in [b"".join(parts)] if n_raw <= TOGETHER else parts:
            self._write(part)

    def receive(self) -> tuple[Any, list[np.ndarray]]:
        """The next message: its document, and its arrays.

        Raises:
            Garbled: it is none, or too long.
            Closed, Overdue: there will be none.
        """
        nonce, n_text, n_raw = HEADER.unpack(self._read(HEADER.size))
        if nonce != self.nonce:
            raise Garbled("a message without the nonce")
        if n_text > MOST_TEXT or n_text + n_raw > self.most_bytes:
            raise Garbled(
                f"a message of {n_text + n_raw:,} bytes; at most {min(MOST_TEXT, self.most_bytes):,} are taken"
            )
        text, raw = self._read(n_text), self._read(n_raw)
        try:
            document, *specs = json.loads(text)
            return document, _arrays(specs[0], raw) if specs else []
        except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
            raise Garbled(f"a message that cannot be read ({type(error).__name__})") from None

    def _read(self, n: int) -> bytes:
        while len(self._come) < n:
            self._wait(self._to_read)
            part = os.read(self.reading, max(1 << 16, min(n - len(self._come), 1 << 20)))
            if not part:
                raise Closed
            self._come += part
        part = bytes(self._come[:n])
        del self._come[:n]
        return part

    def _write(self, data: bytes | memoryview) -> None:
        try:
            while len(data):
                self._wait(self._to_write)
                data = data[os.write(self.writing, data[: 1 << 16]) :]
        except (BrokenPipeError, ConnectionResetError):
            raise Closed from None

    def _wait(self, poll: Callable[[float | None], Any]) -> None:
        if self.deadline is None:
            return
        left = self.deadline - time.monotonic()
        if left <= 0 or not poll(1000 * left):
            raise Overdue


_written = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def _arrays(specs: Any, raw: bytes) -> list[np.ndarray]:
    found, start = [], 0
    for kind, shape in specs:
        if kind not in TYPES or len(shape) > 4 or any(type(n) is not int or n < 0 for n in shape):
            raise ValueError
        size = int(np.prod(shape, dtype=object)) * np.dtype(kind).itemsize
        if start + size > len(raw):
            raise ValueError
        found.append(np.frombuffer(raw, kind, size // np.dtype(kind).itemsize, start).reshape(shape))
        start += size
    if start != len(raw):
        raise ValueError
    return found
