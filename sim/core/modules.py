"""Generated modules on disk: text in, module out, machine code cached beside it.

A module's file name is the hash of its text and of the versions that turn text into machine code, so an edit anywhere gives
a new file and is never answered from stale code. Files are written whole and never edited; two processes that write the
same one write the same bytes.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import os
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

KEEP_DAYS = 30
KEEP_FILES = 400


def cache_folder(kind: str) -> Path:
    """Gives the folder for cached files of this kind: below `$AUGSIM_CACHE`, or the user's cache folder."""
    root = os.environ.get("AUGSIM_CACHE")
    if not root:
        import platformdirs

        root = platformdirs.user_cache_dir("augsim")
    return Path(root) / kind


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file under a temporary name in the same folder, then renames it, so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def keep(path: Path, data: bytes) -> None:
    """Writes a file that only saves time later, whole; where it cannot be written, there is none."""
    with suppress(OSError):
        write_whole(path, data)


def load(text: str, name: str) -> tuple[ModuleType, bool]:
    """Imports generated source text from the cache folder, writing it there first where it is new.

    Args:
        text: a whole module.
        name: readable start of its file name.

    Returns:
        The module, and whether its text was new to the cache. Where the cache cannot be written, a module that is kept nowhere.
    """
    import numba
    import numpy

    versions = f"{sys.version_info[:3]} numba {numba.__version__} numpy {numpy.__version__}"
    digest = hashlib.sha256(f"{versions}\n{text}".encode()).hexdigest()[:20]
    module_name = f"augsim_generated_{name}_{digest}"
    if module_name in sys.modules:
        return sys.modules[module_name], False
    path = cache_folder("compiled") / f"{name}_{digest}.py"
    is_new = not path.exists()
    try:
        if is_new:
            _prune(path.parent)
            write_whole(path, text.encode())
        else:
            _touch(path)
    except OSError:
        return _unkept(text, module_name, path), True
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[module_name]
        raise
    for value in vars(module).values():
        if hasattr(value, "_cache"):
            value._cache.save_overload = _forgiving(value._cache.save_overload)
    return module, is_new


def _unkept(text: str, module_name: str, path: Path) -> ModuleType:
    """The module straight from its text, its machine code in memory alone; `path` is where it would lie."""
    module = ModuleType(module_name)
    module.__file__ = str(path)
    sys.modules[module_name] = module
    exec(compile(text.replace("cache=True", "cache=False"), f"<{module_name}>", "exec"), module.__dict__)
    return module


def _forgiving(save: Callable[..., None]) -> Callable[..., None]:
    """Saves machine code if it can: on a full disk it is made again at the next start, and this run goes on."""

    def save_overload(*arguments: Any) -> None:
        with suppress(OSError):
            save(*arguments)

    return save_overload


def _touch(path: Path) -> None:
    """Marks a file as used now, at most once a day; the time stamp is part of numba's key, so machine code would be lost."""
    if time.time() - path.stat().st_mtime < 86400:
        return
    path.with_suffix(".used").touch()


def _last_use(path: Path) -> float:
    used = path.with_suffix(".used")
    try:
        return used.stat().st_mtime if used.exists() else path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _prune(folder: Path) -> None:
    """Drops modules unused for KEEP_DAYS, and the oldest beyond KEEP_FILES, with their machine code."""
    if not folder.is_dir():
        return
    by_age = sorted(folder.glob("*.py"), key=_last_use, reverse=True)
    limit = time.time() - KEEP_DAYS * 86400
    for position, path in enumerate(by_age):
        if position >= KEEP_FILES or _last_use(path) < limit:
            for old in [
                path,
                path.with_suffix(".used"),
                path.with_suffix(".refused"),
                *folder.glob(f"__pycache__/{path.stem}.*"),
            ]:
                old.unlink(missing_ok=True)


class Kernel:
    """A plain function that runs as machine code from its first call on; `.plain` is the interpreted one."""

    def __init__(self, function: Callable[..., Any]):
        self.plain = function
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self._compiled: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        if self._compiled is None:
            text = "import math\n\nimport numpy as np\nfrom numba import njit\n\n" + "\n\n".join(
                self._parts({}).values()
            )
            module, _ = load(text, self.__name__)
            self._compiled = getattr(module, self.__name__)
        return self._compiled(*arguments)

    def _parts(self, parts: dict[str, str]) -> dict[str, str]:
        for name in self.plain.__code__.co_names:
            value = self.plain.__globals__.get(name)
            if name in parts or value is None:
                continue
            if isinstance(value, Kernel):
                value._parts(parts)
            elif isinstance(value, int | float):
                parts[name] = f"{name} = {value!r}\n"
        tree = ast.parse(textwrap.dedent(inspect.getsource(self.plain)))
        function = tree.body[0]
        assert isinstance(function, ast.FunctionDef)
        function.decorator_list = []
        function.returns = None
        for argument in function.args.args:
            argument.annotation = None
        parts[self.__name__] = f"@njit(nogil=True, cache=True)\n{ast.unparse(function)}\n"
        return parts


def kernel(function: Callable[..., Any]) -> Kernel:
    """Decorates a numeric function (arrays and numbers in and out) to run as machine code, compiled at its first call.

    It may use `math`, `np`, numbers of its module, and other kernels; nothing else.
    """
    return Kernel(function)
