"""Where a trace goes: a file, plain or compressed by its ending, there whole or not at all."""

from __future__ import annotations

import difflib
import importlib
import os
import pkgutil
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np

import traces.writers
from sim.core.errors import InputError, UnknownName
from sim.core.trace import Trace

COMPRESSED = re.compile(r"\.(gz|zst|zstd|xz)(?:\.(\d{1,2}))?$", re.IGNORECASE)
"""The ending that names a compression, perhaps with its level: ".gz", ".zst.19"."""

LEVELS = {"gz": (6, 9), "zst": (10, 22), "zstd": (10, 22), "xz": (6, 9)}
"""Level where the ending names none, and the highest."""

CHUNK = 1 << 16
"""Rows turned into text at a time."""


def save(trace: Trace, path: str | Path, format: str = "auto") -> list[str]:
    """Writes a trace to a file, in the format of a module in `traces/writers/`.

    Args:
        trace: any trace that the format can hold.
        path: where to; a file that is there already is replaced once the new one is whole.
        format: name of a writer, or "auto": by the file's ending.

    Returns:
        What the format cannot hold and the file therefore lacks, a line each.

    Raises:
        InputError: the format is unknown, the trace does not go into it, or the file cannot be written.
    """
    return writer(path, format).write(trace, Path(path))


def formats() -> list[str]:
    """Names of all formats that are written."""
    return sorted(module.name for module in pkgutil.iter_modules(traces.writers.__path__))


def writer(path: str | Path, format: str = "auto") -> ModuleType:
    """The writer of a format by its name, or by the ending of the file.

    Raises:
        UnknownName: there is no such format, or none has this ending; the known ones are listed.
    """
    if format != "auto":
        plain = {name.replace("_", ""): name for name in formats()}
        name = plain.get(format.lower().replace("_", "").replace("-", ""))
        if name is None:
            near = difflib.get_close_matches(format.lower(), formats(), n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise UnknownName(f'no trace format named "{format}" is written{hint} (formats: {", ".join(formats())})')
        return _module(name)
    plain_name = COMPRESSED.sub("", Path(path).name.lower())
    endings = {ending: name for name in formats() for ending in _module(name).ENDINGS}
    for ending, name in endings.items():
        if plain_name.endswith(ending):
            return _module(name)
    raise UnknownName(
        f"no trace format has the ending of {path} (known: {', '.join(endings)}; each also with .gz, .zst or .xz)"
    )


def check(path: str | Path) -> None:
    """Looks whether a file can be written there, before much work is done for it.

    Raises:
        InputError: its folder is missing or may not be written, or a folder has its name.
    """
    path = Path(path)
    folder = path.resolve().parent
    if path.is_dir():
        raise InputError(f"{path} is a folder; expected a file to write")
    if not folder.is_dir():
        raise InputError(f"{path} cannot be written: there is no folder {folder}")
    if not os.access(path if _is_device(path) else folder, os.W_OK):
        raise InputError(f"{path} cannot be written: no permission")
    _level(path)


@contextmanager
def whole(path: str | Path) -> Iterator[BinaryIO]:
    """Opens a file to be written, compressed as its ending says; it takes its name only once all went well.

    A device or a pipe, such as /dev/stdout, is written directly.

    Raises:
        InputError: the file cannot be written (no space, no permission, no such folder); nothing of it is left.
    """
    path = Path(path)
    check(path)
    target = path.resolve()
    working = path if _is_device(path) else target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with working.open("wb") as file, _compressed(file, path) as stream:
            yield stream
        if working is not path:
            working.replace(target)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}; nothing of it is kept") from None
    finally:
        if working is not path:
            with suppress(OSError):
                working.unlink(missing_ok=True)


def chunks(trace: Trace) -> Iterator[Trace]:
    """The trace in pieces of `CHUNK` rows."""
    for start in range(0, len(trace), CHUNK):
        yield trace.rows(start, start + CHUNK)


def page_ids(trace: Trace) -> np.ndarray:
    """The original ids of the requested pages, shape (n,); the pages themselves where the trace knows none."""
    labels = trace.tables.get("pages")
    page = np.asarray(trace["page"])
    return page if labels is None else np.asarray(labels)[page]


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"traces.writers.{name}")


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def _level(path: Path) -> tuple[str, int] | None:
    """The compression that the ending names, and its level; None for a plain file."""
    match = COMPRESSED.search(path.name)
    if match is None:
        return None
    kind = match[1].lower()
    usual, highest = LEVELS[kind]
    level = usual if match[2] is None else int(match[2])
    if not 1 <= level <= highest:
        raise InputError(f"{path}: the level of .{kind} must be from 1 to {highest}, got {level}")
    return kind, level


def _compressed(file: BinaryIO, path: Path) -> Any:
    """A stream that compresses into the file. Nothing but the content goes into it: equal traces give equal files."""
    wanted = _level(path)
    if wanted is None:
        return nullcontext(file)
    kind, level = wanted
    if kind == "gz":
        import gzip

        return gzip.GzipFile("", "wb", level, file, mtime=0)
    if kind == "xz":
        import lzma

        return lzma.LZMAFile(file, "wb", preset=level)
    import zstandard

    compressor = zstandard.ZstdCompressor(level, write_checksum=True)
    return compressor.stream_writer(file, closefd=False)
