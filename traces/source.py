"""Where a trace comes from: a file or standard input, plain or compressed, as a stream of bytes."""

from __future__ import annotations

import io
import re
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.core.errors import InputError

PIECE = 1 << 15
"""Compressed bytes read at a time; they can unfold to a thousand times as many, and more."""

COMPRESSED = re.compile(r"(\.(gz|zst|zstd|xz)(\.\d+)?)+$", re.IGNORECASE)
"""Endings that name a compression, with its level where the file was named so: ".gz", ".zst", ".zst.22"."""


class Source:
    """One input of a reader.

    Args:
        text: path of a file, or "-" for standard input.
        scratch: a folder where a reader may put columns while they grow; None: it keeps them in memory.
    """

    def __init__(self, text: str | Path, scratch: Path | None = None):
        self.path = None if str(text) == "-" else Path(text)
        self.scratch = scratch
        self.name = "standard input" if self.path is None else str(text)

    @property
    def plain_name(self) -> str:
        """The file's name without the endings that name a compression, "" for standard input."""
        return "" if self.path is None else COMPRESSED.sub("", self.path.name)

    @property
    def ending(self) -> str:
        """The file ending without the compression's, in lower case: ".csv" of "a.csv.zst.22"; "" where there is none."""
        return Path(self.plain_name).suffix.lower()

    @property
    def size_bytes(self) -> int:
        """Length of the file as it is stored; 0 where it is unknown."""
        return self.path.stat().st_size if self.path is not None and self.path.exists() else 0

    def open(self) -> io.BufferedReader:
        """Opens the bytes of the trace, decompressed where they begin like a gzip, zstd or xz file.

        Several frames one after the other are read as one stream. Standard input can be opened once.

        Raises:
            InputError: the file is missing, unreadable or empty; later, while reading: a compressed frame is broken.
        """
        file = self.open_raw()
        start = file.peek(6)[:6]
        if not start:
            file.close()
            raise InputError(f"{self.name} is empty; expected a trace")
        decompressor = _decompressor(start)
        return io.BufferedReader(_Frames(file, decompressor, self.name), 1 << 20) if decompressor else file

    def open_raw(self) -> io.BufferedReader:
        """Opens the bytes as they are stored, compressed or not; errors as `open`."""
        if self.path is None:
            return sys.stdin.buffer  # type: ignore[return-value]
        try:
            return self.path.open("rb")
        except FileNotFoundError:
            raise InputError(f"no trace file {self.name}") from None
        except IsADirectoryError:
            raise InputError(f"{self.name} is a folder; expected a trace file") from None
        except OSError as error:
            raise InputError(f"trace file {self.name} cannot be read: {error.strerror}") from None


def _decompressor(start: bytes) -> Callable[[], Any] | None:
    """What makes a decompressor for one frame of the stream that begins so; None where it is not compressed."""
    if start.startswith(b"\x1f\x8b\x08"):
        return lambda: zlib.decompressobj(wbits=31)
    if start.startswith(b"\xfd7zXZ\x00"):
        import lzma

        return lzma.LZMADecompressor
    is_skippable = start[1:4] == b"\x2a\x4d\x18" and start[0] >> 4 == 5
    if start.startswith(b"\x28\xb5\x2f\xfd") or is_skippable:
        import zstandard

        return lambda: zstandard.ZstdDecompressor(max_window_size=2**31).decompressobj()
    return None


class _Frames(io.RawIOBase):
    """Compressed frames, one after the other, as one readable stream; half a frame is an error, never an early end."""

    def __init__(self, file: io.BufferedReader, decompressor: Callable[[], Any], name: str):
        self.file = file
        self.decompressor = decompressor
        self.name = name
        self.frame = decompressor()
        self.n_frames = 1
        self.rest = b""
        self.output = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        while not self.output and self._refill():
            pass
        n = min(len(buffer), len(self.output))
        buffer[:n] = self.output[:n]
        self.output = self.output[n:]
        return n

    def close(self) -> None:
        if self.file is not sys.stdin.buffer:
            self.file.close()
        super().close()

    def _refill(self) -> bool:
        """Decompresses one more piece; False at the end of the last frame."""
        data = self.rest or self.file.read(PIECE)
        if self.frame.eof:
            while data and not (data := data.lstrip(b"\0")):  # gzip and xz files may be padded with zeros
                data = self.file.read(PIECE)
            if not data:
                return False
            self.frame = self.decompressor()
            self.n_frames += 1
        if not data:
            raise InputError(f"{self.name} ends inside compressed frame {self.n_frames}; the file was cut short")
        try:
            self.output = memoryview(self.frame.decompress(data))
        except Exception as error:
            raise InputError(f"{self.name}: compressed frame {self.n_frames} is broken ({error})") from None
        self.rest = self.frame.unused_data if self.frame.eof else b""
        return True
