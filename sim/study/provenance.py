"""Where a result came from: the content of its trace, the code that made it, the machine it ran on."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from sim.core.policy import Policy, parts_of
from sim.core.trace import Interned, Ragged, Trace
from sim.study import catalog, experiment, spec

HOUSE = Path(str(catalog.__file__)).resolve().parents[2]

OURS = ("sim", "policies", "workloads", "traces")
"""Packages of this house."""

OUR_FOLDERS = tuple(f"{HOUSE / name}{os.sep}" for name in OURS)

LIBRARIES = ("numpy", "numba", "scipy", "simpy", "lightgbm", "highspy", "pyscipopt")
"""Packages whose version may show in a result."""


def digest(*parts: Any) -> str:
    """SHA-256 of what these values are as JSON, in hexadecimal."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def content_of(trace: Trace) -> str:
    """The hash of a trace's columns and tables: whatever it was read or invented from, and by whatever code."""
    content = hashlib.sha256()
    for name, part in sorted([*trace.columns.items(), *trace.tables.items()], key=lambda named: named[0]):
        for array in _arrays(part):
            content.update(f"{name} {array.dtype} {array.shape} ".encode())
            content.update("\0".join(map(str, array.flat)).encode() if array.dtype == object else array.tobytes())
    return content.hexdigest()


def _arrays(part: Any) -> list[np.ndarray]:
    if isinstance(part, Ragged):
        return [part.values, part.offsets]
    if isinstance(part, Interned):
        return [part.codes, np.asarray(part.labels)]
    return [np.asarray(part)]


def code_of(domain: str, policy: Policy, is_predicted: bool) -> str:
    """The hash of all code of ours that makes a result of a trace: the core, the domain's rules, and of policies and predictors
    those that take part, with all that they import of ours or beside them. An edit of one policy changes it for the runs of that
    policy only."""
    parts = parts_of(policy)
    files = {*_package("sim.core"), Path(str(experiment.__file__))}
    for word in {domain, *filter(None, (catalog.domain_of_class(type(part)) for part in parts))}:
        rules = catalog.module("sim.domains", word)
        files |= _package(rules.__name__) if hasattr(rules, "__path__") else {Path(str(rules.__file__))}
    for part in parts:
        files |= _reached(sys.modules[type(part).__module__], files)
    if is_predicted:
        files |= _reached(catalog.module("workloads", catalog.predictors_module(domain)), files)
    return digest(*sorted(_hash(path, _look(path)) for path in files))


@cache
def _package(name: str) -> frozenset[Path]:
    """All files of a package."""
    folder = Path(next(iter(catalog.module(name).__path__)))
    return frozenset(folder.rglob("*.py"))


def _look(path: Path) -> tuple[int, int]:
    """What tells from outside that a file was edited. Ours are loaded once: what a process saw first, it goes by."""
    if str(path).startswith(OUR_FOLDERS):
        return 0, 0
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


@cache
def _hash(path: Path, _: tuple[int, int]) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _reached(module: ModuleType, known: Iterable[Path]) -> set[Path]:
    """The module's file and what it imports of ours or beside it, however indirectly, but for the files known already."""
    first = Path(str(module.__file__)).resolve()
    files, waiting = set(known), [first]
    while waiting:
        path = waiting.pop()
        if path not in files:
            files.add(path)
            waiting += _imported(path, first, module.__package__ or "", _look(path))
    return files


@cache
def _imported(path: Path, first: Path, package: str, _: tuple[int, int]) -> list[Path]:
    """The files of ours, or beside the first one, that may be what this file imports."""
    names = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = [node.module] if node.module else []
            names += [(node.level, ".".join([*start, *end])) for end in ([], *([alias.name] for alias in node.names))]
    top = package.partition(".")[0]
    beside = first.parents[len(package.split(".")) if package else 0]
    found = []
    for n_dots, name in names:
        own = name.partition(".")[0]
        if n_dots:
            found += _files(path.parents[n_dots - 1], name)
        elif own in OURS:
            found += _files(HOUSE, name)
        elif own == top or not top:
            found += _files(beside, name)
    return found


def _files(folder: Path, name: str) -> list[Path]:
    """The files in which a module of this name may be; a name inside a module gives none."""
    place = folder.joinpath(*name.split(".")) if name else folder
    return [path for path in (place.with_name(f"{place.name}.py"), place / "__init__.py") if path.is_file()]


def machine() -> dict[str, Any]:
    """The host and the versions a result was made with."""
    return {
        "host": platform.node(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "augsim": _version("augsim"),
        **{name: _version(name) for name in LIBRARIES},
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def file_label(text: str) -> str:
    """A policy as tables and figures call it: a user's file by its name alone, parameters as they were given."""
    wanted = spec.parse_policy(text)
    if not wanted.name.endswith(".py"):
        return _without_folders(text)
    arguments = (f"{key}={_without_folders(value)}" for key, value in wanted.arguments.items())
    return ",".join([Path(wanted.name).stem, *arguments])


def _without_folders(text: str) -> str:
    """Parameters with the files among them by their names alone: `of=[/home/me/mine.py;lru]` is `of=[mine.py;lru]`."""
    return re.sub(r"(?<=[\[;=])/[^\[\];,=]*/", "", text)


def trace_label(text: str) -> str:
    """A trace as tables call it: a file by its name without the ending of its compression, others without their prefix."""
    kind, colon, name = text.partition(":")
    if colon and kind in ("sample", "workload"):
        return _without_folders(name)
    path = Path(text)
    return path.stem if path.suffix in (".gz", ".xz", ".zst") else path.name


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain Python values, as JSON and a database hold them."""
    return {key: value.item() if isinstance(value, np.generic) else value for key, value in values.items()}
