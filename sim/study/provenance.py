"""Where a result came from: the content of its trace, the code that made it, the machine it ran on."""

from __future__ import annotations

import ast
import hashlib
import json
import platform
import sys
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from sim.core.policy import Policy, parts_of
from sim.core.trace import Interned, Ragged, Trace
from sim.study import catalog, spec

LIBRARIES = ("numpy", "numba", "scipy", "simpy", "lightgbm")
"""Packages whose version may show in a result."""


def digest(*parts: Any) -> str:
    """SHA-256 of what these values are as JSON, in hexadecimal."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def content_of(trace: Trace, text: str, seed: int) -> str:
    """What tells this trace's content apart: the hash of its file, or how a workload was invented.

    Args:
        trace: as opened.
        text: as it was named.
        seed: of a workload's draws.
    """
    if text.startswith("workload:"):
        return f"{text} seed {seed}"
    if "sha256" in trace.origin:
        return digest(trace.origin["sha256"], len(trace), trace.origin.get("options"), trace.origin.get("format"))
    content = hashlib.sha256()
    for name, column in trace.columns.items():
        content.update(name.encode())
        for array in _arrays(column):
            content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()


def _arrays(column: Any) -> list[np.ndarray]:
    if isinstance(column, Ragged):
        return [column.values, column.offsets]
    if isinstance(column, Interned):
        return [column.codes, np.asarray(column.labels).astype("S")]
    return [column]


def code_of(domain: str, policy: Policy, is_workload: bool, is_predicted: bool) -> str:
    """The hash of all code of ours that shapes a run: the core, the domain's rules, and of policies, predictors and workloads
    those that take part. An edit of one policy changes it for the runs of that policy only."""
    files = {*_package("sim.core"), *_domain(domain)}
    for part in parts_of(policy):
        files |= _reached(sys.modules[type(part).__module__])
    if is_predicted:
        files |= _reached(catalog.module("workloads", catalog.predictors_module(domain)))
    if is_workload:
        files |= _reached(catalog.module("workloads", domain))
    return digest(*sorted(_hash(path, path.stat().st_mtime_ns, path.stat().st_size) for path in files))


def _domain(domain: str) -> frozenset[Path]:
    module = catalog.module("sim.domains", domain)
    return _package(module.__name__) if hasattr(module, "__path__") else frozenset([Path(str(module.__file__))])


@cache
def _package(name: str) -> frozenset[Path]:
    """All files of a package."""
    folder = Path(next(iter(catalog.module(name).__path__)))
    return frozenset(folder.rglob("*.py"))


@cache
def _hash(path: Path, *_: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _reached(module: ModuleType) -> set[Path]:
    """The module's file and those beside it (in its folder and below) that it imports, however indirectly."""
    first = Path(str(module.__file__)).resolve()
    files, waiting = {first}, [module]
    for each in waiting:
        for name in _imported(Path(str(each.__file__))):
            other = sys.modules.get(name)
            path = Path(str(getattr(other, "__file__", None) or "/")).resolve()
            if isinstance(other, ModuleType) and path.is_relative_to(first.parent) and path not in files:
                files.add(path)
                waiting.append(other)
    return files


def _imported(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


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
        return text
    return ",".join([Path(wanted.name).stem, *(f"{key}={value}" for key, value in wanted.arguments.items())])


def trace_label(text: str) -> str:
    """A trace as tables call it: a file by its name without the ending of its compression, others without their prefix."""
    kind, colon, name = text.partition(":")
    if colon and kind in ("sample", "workload"):
        return name
    path = Path(text)
    return path.stem if path.suffix in (".gz", ".xz", ".zst") else path.name


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain Python values, as JSON and a database hold them."""
    return {key: value.item() if isinstance(value, np.generic) else value for key, value in values.items()}
