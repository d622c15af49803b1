"""A user's policy file as a module. It may import modules beside it: its own, though another folder has some of the same names,
and as they are now, though this process has met them before."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import io
import linecache
import sys
import tokenize
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from sim.core.errors import InputError

PREFIX = "augsim_user_"
"""How the names of such modules begin. Each has, as `__beside__`, the modules that came with it, by name, with their hashes."""


def load(path: Path) -> ModuleType:
    """Imports a policy file as it is now.

    Raises:
        InputError: there is no such file, it is no Python, or it fails when loaded.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"no policy file {path}") from None
    except OSError as error:
        raise InputError(f"policy file {path} cannot be read: {error.strerror}") from None
    file = path.resolve()
    name = f"{PREFIX}{path.stem}_{hashlib.sha256(str(file).encode() + data).hexdigest()[:12]}"
    _put_aside_what_came_with_others()
    loaded = sys.modules.get(name)
    if loaded is None or any(_content(module) != hashed for module, hashed in loaded.__beside__.values()):
        loaded = _executed(path, file, name, data)
    # what is compiled later is what was loaded now, though the file may be edited in between
    linecache.cache[str(file)] = (len(data), None, io.StringIO(_text(data), newline=None).readlines(), str(file))
    sys.modules.update({beside: module for beside, (module, _) in loaded.__beside__.items()})
    return loaded


def _executed(path: Path, file: Path, name: str, data: bytes) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file, loader=SourceFileLoader(name, str(file)))
    assert spec is not None
    loaded = sys.modules[name] = importlib.util.module_from_spec(spec)
    vars(loaded)["__beside__"] = {}
    is_whole = False
    try:
        with _modules_beside(loaded, file.parent):
            exec(compile(_text(data), str(file), "exec"), vars(loaded))
        is_whole = True
    except SyntaxError as error:
        where = f"{path}, line {error.lineno}" if error.lineno else f"policy file {path}"
        raise InputError(f"{where}: {error.msg}") from None
    except Exception as error:
        raise InputError(f"policy file {path} fails when loaded: {type(error).__name__}: {error}") from error
    finally:
        if not is_whole:
            _put_aside_what_came_with_others()
            del sys.modules[name]
    return loaded


def _text(data: bytes) -> str:
    """A file's text, in the encoding that its first lines name, else UTF-8: whole, comments too, since it is read again later.

    Raises:
        SyntaxError: it has bytes that this encoding does not, or NUL.
    """
    if 0 in data:
        raise SyntaxError("a NUL byte; expected Python in UTF-8", ("", data.count(b"\n", 0, data.index(0)) + 1, 0, ""))
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SyntaxError(
            f"byte 0x{data[error.start]:02x} is not {encoding}; save it as UTF-8", ("", line, 0, "")
        ) from None


@contextmanager
def _modules_beside(loaded: ModuleType, folder: Path) -> Iterator[None]:
    """Lets a file import modules from its folder, and notes which came. Their byte code is not kept: it is told from that of
    an older file by size and whole seconds only."""
    linecache.checkcache()
    importlib.invalidate_caches()
    before, writes_none = set(sys.modules), sys.dont_write_bytecode
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes_none
        sys.path.remove(str(folder))
        for name in sys.modules.keys() - before:
            if _stands_in(folder, name):
                loaded.__beside__[name] = (sys.modules[name], _content(sys.modules[name]))


def _put_aside_what_came_with_others() -> None:
    for name in [name for name in sys.modules if name.startswith(PREFIX)]:
        for beside in sys.modules[name].__beside__:
            sys.modules.pop(beside, None)


def _stands_in(folder: Path, name: str) -> bool:
    """Whether a module, or the package that it is in, is directly in this folder."""
    top = sys.modules[name.partition(".")[0]]
    places = [getattr(top, "__file__", None) or "", *getattr(top, "__path__", [])]
    return folder in [Path(place).resolve().parent for place in places if place]


def _content(module: ModuleType) -> str:
    """The hash of a module's file; of a package without one, of nothing."""
    try:
        return hashlib.sha256(Path(str(module.__file__)).read_bytes()).hexdigest()
    except OSError:
        return ""
