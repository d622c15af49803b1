"""Traces kept on disk, by name, up to a size; safe against a crash midway and against several processes at once."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sim.core.trace import Trace
from traces import columns

ABANDONED_S = 3600.0
"""What is half written and untouched for so long was left behind by a process that died."""


class Shelf:
    """A folder of traces. Each is a folder of its own, written elsewhere and renamed, so that it is whole or not there.

    Args:
        root: the folder; it need not exist.
        limit_bytes: most that is kept; the least recently used go first.
    """

    def __init__(self, root: Path, limit_bytes: float):
        self.root = root
        self.limit_bytes = limit_bytes

    @contextmanager
    def workplace(self) -> Iterator[Path]:
        """Gives a new folder to write a trace in; what is still there at the end is removed."""
        (self.root / "unfinished").mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self.root / "unfinished"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def names(self, start: str) -> list[str]:
        """Names of the traces kept that begin so."""
        return [path.name for path in (self.root / "whole").glob(f"{start}*")]

    def get(self, name: str) -> Trace | None:
        """Opens the trace of this name, and marks it as used; None where there is none, or it is damaged."""
        folder = self.root / "whole" / name
        try:
            trace = columns.read(folder)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        with suppress(OSError):  # it may lie on a disk that cannot be written, or be gone by now
            os.utime(folder / columns.DESCRIPTION)
        return trace

    def put(self, folder: Path, name: str) -> Trace | None:
        """Moves a finished folder in under this name, and opens it; None where it is larger than the shelf."""
        n_bytes = _size(folder)
        if n_bytes > self.limit_bytes:
            return None
        self._make_room(n_bytes)
        whole = self.root / "whole" / name
        whole.parent.mkdir(exist_ok=True)
        try:
            folder.rename(whole)
        except OSError:  # another process was faster, or an earlier one left a damaged trace
            trace = self.get(name)
            if trace is not None:
                return trace
            self._discard(whole)
            folder.rename(whole)
        return self.get(name)

    def _make_room(self, n_bytes: int) -> None:
        """Discards the least recently used traces until so many bytes fit, and what dead processes left behind."""
        for left in (self.root / "unfinished").iterdir():
            if time.time() - max((path.stat().st_mtime for path in _with_files(left)), default=0.0) > ABANDONED_S:
                shutil.rmtree(left, ignore_errors=True)
        kept = [(_last_use(folder), _size(folder), folder) for folder in (self.root / "whole").glob("*")]
        total = sum(size for _, size, _ in kept)
        for _, size, folder in sorted(kept):
            if total + n_bytes <= self.limit_bytes:
                return
            self._discard(folder)
            total -= size

    def _discard(self, folder: Path) -> None:
        """Takes a trace away at one stroke, then removes its files; whoever has them open can go on."""
        with self.workplace() as rubbish, suppress(FileNotFoundError):
            folder.rename(rubbish / folder.name)


def _with_files(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return [folder, *folder.iterdir()]
    return []


def _size(folder: Path) -> int:
    total = 0
    for path in _with_files(folder)[1:]:
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def _last_use(folder: Path) -> float:
    with suppress(OSError):
        return (folder / columns.DESCRIPTION).stat().st_mtime
    return 0.0
