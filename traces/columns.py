"""A trace as a folder: one `.npy` file per array, and `trace.json` that says what they are."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Interned, Ragged, Trace

VERSION = 1
"""Of what is written here; another version is not read."""

HEADER_BYTES = 128
"""Every `.npy` header of format 1.0 that is written here has this length, so that it can be written last."""

PIECE = 1 << 20
"""Values turned into another type at a time."""


class Growing:
    """A column that grows in memory, or in a `.npy` file where a folder for it is given.

    Args:
        dtype: of its values.
        path: the file, or None.
        n_expected: how long it may become; no more than a hint.
    """

    def __init__(self, dtype: np.dtype, path: Path | None = None, n_expected: int = 0):
        self.path = path
        self.n = 0
        self.dtype = dtype
        self._values = np.empty(0 if path else min(max(n_expected, 1 << 10), 1 << 28), dtype)
        self._file: BinaryIO | None = path.open("wb", buffering=0) if path else None
        if self._file:
            self._file.write(bytes(HEADER_BYTES))

    def append(self, values: np.ndarray) -> None:
        """Adds values, shape (n,)."""
        stop = self.n + len(values)
        if self._file:
            _write(self._file, values)
        else:
            if stop > len(self._values):
                self._values.resize(max(stop, 2 * len(self._values)), refcheck=False)
            self._values[self.n : stop] = values
        self.n = stop

    def widen(self, dtype: np.dtype) -> None:
        """Turns the values so far, and those to come, into another type."""
        if self._file is None or self.path is None:
            self._values = self._values.astype(dtype)
            self.dtype = dtype
            return
        self._file.close()
        narrow = self.path.replace(self.path.with_suffix(".narrow"))
        values = np.memmap(narrow, self.dtype, "r", HEADER_BYTES, self.n) if self.n else np.empty(0)
        wide = Growing(dtype, self.path)
        for start in range(0, self.n, PIECE):
            wide.append(values[start : start + PIECE].astype(dtype))
        narrow.unlink()
        self.dtype, self._file = dtype, wide._file

    def array(self) -> np.ndarray:
        """All values; of a file, mapped and read-only. Nothing can be added any more."""
        if self._file is None or self.path is None:
            self._values.resize(self.n, refcheck=False)
            return self._values
        self._file.seek(0)
        self._file.write(_header(self.dtype, self.n))
        self._file.close()
        return _load(self.path)


def write(trace: Trace, folder: Path, **facts: Any) -> None:
    """Writes a trace into a folder; columns that lie there already, as `Growing` files, are left as they are.

    Args:
        trace: its columns and tables are arrays, `Ragged`, `Interned`, or plain JSON values.
        folder: must exist.
        facts: what else `trace.json` should tell a reader of it; numbers and text.

    Raises:
        InputError: something in the trace cannot be kept in a file.
    """
    text = {
        "version": VERSION,
        **facts,
        "requests": len(trace),
        "name": trace.name,
        "domain": trace.domain,
        "columns": {name: _put(folder, name, column) for name, column in trace.columns.items()},
        "tables": {name: _put(folder, f"table.{name}", table) for name, table in trace.tables.items()},
        "origin": dict(trace.origin),
        "about": {name: dict(about) for name, about in trace.about.items()},
    }
    try:
        (folder / DESCRIPTION).write_text(json.dumps(text, indent=1))
    except TypeError as error:
        raise InputError(f"trace {trace.name} cannot be kept on disk: {error}") from None


DESCRIPTION = "trace.json"


def describe(folder: Path) -> dict[str, Any]:
    """What `trace.json` says."""
    return json.loads((folder / DESCRIPTION).read_text())


def read(folder: Path) -> Trace:
    """Opens a trace that `write` wrote; numbers and texts of fixed width are mapped, not read.

    Raises:
        OSError, ValueError, KeyError: it is not whole, or of another version.
    """
    text = describe(folder)
    if text["version"] != VERSION:
        raise ValueError(f"{folder} has version {text['version']}, expected {VERSION}")
    origin = {key: tuple(value) if isinstance(value, list) else value for key, value in text["origin"].items()}
    return Trace(
        text["name"],
        text["domain"],
        {name: _get(folder, what) for name, what in text["columns"].items()},
        {name: _get(folder, what) for name, what in text["tables"].items()},
        origin,
        text["about"],
    )


def _put(folder: Path, name: str, value: Any) -> dict[str, Any]:
    """Writes a column or table; gives what to say of it in `trace.json`."""
    if isinstance(value, Ragged | Interned):
        first, second = ("values", "offsets") if isinstance(value, Ragged) else ("codes", "labels")
        parts = {part: _put(folder, f"{name}.{part}", getattr(value, part)) for part in (first, second)}
        return {"kind": type(value).__name__, "parts": parts}
    if not isinstance(value, np.ndarray):
        return {"kind": "json", "value": value}
    if value.dtype.kind in "TO":  # text of any length
        rows = value.tolist()
        if not all(isinstance(row, str) for row in rows):
            raise InputError(f"{name} cannot be kept on disk: it holds objects that are not text")
        encoded = [row.encode("utf-8", "surrogatepass") for row in rows]
        offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        parts = {
            "utf8": _put(folder, f"{name}.utf8", np.frombuffer(b"".join(encoded), np.uint8)),
            "offsets": _put(folder, f"{name}.offsets", offsets),
        }
        return {"kind": "text", "parts": parts}
    path = folder / f"{name}.npy"
    if not (isinstance(value, np.memmap) and Path(str(value.filename)) == path):
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(
                file, np.lib.format.header_data_from_array_1_0(np.ascontiguousarray(value))
            )
            _write(file, value)
    return {"kind": "array", "file": path.name}


def _get(folder: Path, what: dict[str, Any]) -> Any:
    kind = what["kind"]
    if kind == "json":
        return what["value"]
    if kind == "array":
        return np.asarray(_load(folder / what["file"]))
    parts = {name: _get(folder, part) for name, part in what["parts"].items()}
    if kind == "text":
        data, offsets = parts["utf8"].tobytes(), parts["offsets"].tolist()
        rows = [data[a:b].decode("utf-8", "surrogatepass") for a, b in itertools.pairwise(offsets)]
        return np.array(rows, object)
    return Ragged(**parts) if kind == "Ragged" else Interned(**parts)


def _header(dtype: np.dtype, n: int) -> bytes:
    """The `.npy` header of n values in one dimension, `HEADER_BYTES` long whatever n is."""
    file = io.BytesIO()
    description = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (n,)}
    np.lib.format.write_array_header_1_0(file, description)
    return file.getvalue()


def _write(file: BinaryIO, values: np.ndarray) -> None:
    view = np.ascontiguousarray(values).reshape(-1).view(np.uint8).data
    while view:
        view = view[file.write(view) :]


def _load(path: Path) -> np.ndarray:
    """Maps a `.npy` file, read-only; one without values is read, as nothing can be mapped."""
    if path.stat().st_size <= HEADER_BYTES:
        return np.load(path)
    return np.load(path, mmap_mode="r")
