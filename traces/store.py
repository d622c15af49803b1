"""Opens traces. A file is read once, and its columns kept under the hash of its content; later it is not even read again.

What is kept depends on the bytes of the file, the reader's options and the reader's code: a change of any gives a new trace.
A note per file tells the content that its path, size, times and inode stood for.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import Any

import numpy as np

import traces
from sim.core.errors import InputError, UnknownName
from sim.core.modules import cache_folder, kernel, write_whole
from sim.core.trace import Trace
from traces import columns, formats
from traces.shelf import Shelf
from traces.source import Source

LIMIT_GB = 20.0
"""How much is kept on disk where `$AUGSIM_CACHE_GB` says nothing; the least recently used traces go first."""

TICK_S = 0.02
"""Longer than the steps of a file's time stamps: an older file cannot change and look the same."""


def open_trace(
    text: str | Path, *, cache: bool = True, format: str = "auto", domain: str | None = None, **options: Any
) -> Trace:
    """Opens a recorded trace.

    Args:
        text: path of a file, plain or compressed, or "-" for standard input.
        cache: keep the columns on disk, and take them from there if they are; of regular files only.
        format: name of a reader in `traces/readers/`, or "auto": by the file's ending.
        domain: what the trace is for; its own reader is preferred where an ending fits several.
        options: of the reader; text is converted to the option's type.

    Returns:
        The trace. Its origin has `format`, `file`, `options`, `notices` and, if it is kept on disk, `sha256` and `bytes` of
        the file; its columns are then read-only maps of files.

    Raises:
        InputError: the file cannot be read, is not of the format, or the options are not usable.
    """
    source = Source(text)
    if source.path is not None and (not source.path.exists() or source.path.is_dir()):
        source.open_raw()  # says what is wrong, before the ending is looked at
    reader = formats.reader(source, format, domain)
    arguments = formats.arguments(reader, options)
    limit_bytes = _limit_bytes()
    if cache and limit_bytes and source.path is not None and source.path.is_file():
        trace = _open_kept(source, reader, arguments, Shelf(cache_folder("traces"), limit_bytes))
    else:
        trace = reader.read(source, **arguments)
    origin = {**trace.origin, "file": source.name, "options": arguments}
    return replace(trace, name=source.plain_name or source.name, origin=origin)


def sample(name: str, domain: str, *, cache: bool = True) -> Trace:
    """Opens a trace that comes with the package: `traces/<domain>/<name>.*`; `cache` as in `open_trace`.

    Raises:
        UnknownName: there is none of this name; the known ones are listed.
    """
    known = samples(domain)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise UnknownName(f'no {domain} sample named "{name}"{hint} (samples: {", ".join(known) or "none"})')
    return replace(open_trace(known[name], cache=cache), name=name)


def samples(domain: str) -> dict[str, Path]:
    """The traces of a domain that come with the package: name -> file."""
    folder = Path(traces.__path__[0]) / domain.partition("/")[0]
    return {path.name.partition(".")[0]: path for path in sorted(folder.glob("[!_.]*.*")) if path.suffix != ".md"}


def _limit_bytes() -> float:
    text = os.environ.get("AUGSIM_CACHE_GB", str(LIMIT_GB))
    try:
        limit = float(text)
    except ValueError:
        limit = -1.0
    if not limit >= 0:
        raise InputError(f'AUGSIM_CACHE_GB must be a number of at least 0, got "{text}"')
    return limit * 1e9


def _open_kept(source: Source, reader: ModuleType, arguments: dict[str, Any], shelf: Shelf) -> Trace:
    """Finds the file's columns on the shelf, or reads the file and puts them there; where it cannot, says so and reads."""
    assert source.path is not None
    way = _digest(_code(reader), reader.__name__, arguments)
    note = shelf.root / "files" / f"{_digest(str(source.path.resolve()), way)}.json"
    looks = _looks(source.path)
    with suppress(OSError, ValueError, KeyError, TypeError):
        noted = json.loads(note.read_text())
        if noted["looks"] == looks and (trace := shelf.get(noted["name"])):
            return trace
    time.sleep(min(max(looks[2] / 1e9 + TICK_S - time.time(), 0.0), TICK_S))
    try:
        trace, name = _read(source, reader, arguments, shelf, way, looks)
        if looks[2] % 10**9:  # otherwise time stamps are coarse here, and tell too little
            write_whole(note, json.dumps({"file": source.name, "looks": looks, "name": name}).encode())
    except OSError as error:
        trace = reader.read(source, **arguments)
        return _with_notice(trace, f"not kept on disk: {error.strerror or error}")
    return trace


def _read(
    source: Source, reader: ModuleType, arguments: dict[str, Any], shelf: Shelf, way: str, looks: list[int]
) -> tuple[Trace, str]:
    """Reads the file while a second thread hashes it; gives the trace and its name on the shelf."""
    assert source.path is not None
    n_bytes, stop = looks[0], Event()
    with shelf.workplace() as folder, ThreadPoolExecutor(1) as pool:
        content = pool.submit(_sha256, source, stop)
        try:
            if shelf.names(f"{n_bytes}-"):  # perhaps the same content by another name: reading can wait
                name = f"{n_bytes}-{_digest(content.result(), way)}"
                if (trace := shelf.get(name)) and _looks(source.path) == looks:
                    return trace, name
            trace = reader.read(Source(source.name, scratch=folder), **arguments)
            origin = {**trace.origin, "sha256": content.result(), "bytes": n_bytes}
        finally:
            stop.set()
        if _looks(source.path) != looks:
            raise InputError(f"{source.name} changed while it was read; open it again once it is complete")
        trace = replace(trace, origin=origin)
        name = f"{n_bytes}-{_digest(origin['sha256'], way)}"
        try:
            columns.write(trace, folder, file=source.name, options=arguments, tool=_tool(), **_facts(trace))
        except InputError as error:
            return _with_notice(trace, str(error)), name
        kept = shelf.put(folder, name)
    if kept is None:
        limit = f"{shelf.limit_bytes / 1e9:g} GB"
        return _with_notice(trace, f"not kept on disk: AUGSIM_CACHE_GB allows {limit} in all"), name
    return kept, name


def _with_notice(trace: Trace, text: str) -> Trace:
    return replace(trace, origin={**trace.origin, "notices": (*trace.origin.get("notices", ()), text)})


def _looks(path: Path) -> list[int]:
    """What a file looks like from outside: size, and times in ns (of the content, of any change), inode and device."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_dev]


def _sha256(source: Source, stop: Event) -> str:
    """The hash of the file as it is stored; given up when `stop` is set."""
    digest, buffer = hashlib.sha256(), bytearray(1 << 22)
    with source.open_raw() as file:
        while not stop.is_set() and (n := file.readinto(buffer)):
            digest.update(memoryview(buffer)[:n])
    return digest.hexdigest()


def _code(reader: ModuleType) -> str:
    """The hash of the code that reads: an edited reader never meets the columns of the old one."""
    folder = Path(traces.__path__[0])
    return _digest(*(path.read_text() for path in sorted([*folder.glob("*.py"), *folder.glob("readers/*.py")])))


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _tool() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"augsim {version('augsim')}"
    except PackageNotFoundError:
        return "augsim"


def _facts(trace: Trace) -> dict[str, Any]:
    """What one wants to know of a paging trace without opening its columns."""
    if "page" not in trace or "pages" not in trace.tables:
        return {}
    n_pages = len(trace.tables["pages"])
    facts: dict[str, Any] = {
        "pages": n_pages,
        "one_hit_pages": int(_one_hits(trace["page"], np.zeros(n_pages, np.uint8))),
    }
    if "time_s" in trace:
        facts |= {"first_time_s": trace["time_s"][0].item(), "last_time_s": trace["time_s"][-1].item()}
    return facts


@kernel
def _one_hits(pages, counts):
    """Pages requested once; `counts`, all 0, is overwritten."""
    for i in range(len(pages)):
        counts[pages[i]] = min(counts[pages[i]] + 1, 2)
    n = 0
    for page in range(len(counts)):
        n += counts[page] == 1
    return n
