"""Generated modules on disk: text in, module out, machine code cached beside it.

A module's file name is the hash of its text and of the versions that turn text into machine code, so an edit anywhere gives
a new file and is never answered from stale code. Files are written whole and never edited; two processes that write the
same one write the same bytes.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import os
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from sim.core.memory import touch

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
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@cache
def _umask() -> int:
    """Which rights new files do not get; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


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
        The module, and whether its text was new to the cache. Its `is_kept` is False where the cache cannot be written: then its
        machine code lives in memory alone.
    """
    numba = _numba()
    import numpy

    versions = f"{sys.version_info[:3]} numba {numba.__version__} numpy {numpy.__version__}"
    digest = hashlib.sha256(f"{versions}\n{text}".encode()).hexdigest()[:20]
    module_name = f"augsim_generated_{name}_{digest}"
    if module_name in sys.modules:
        return sys.modules[module_name], False
    path = cache_folder("compiled") / f"{name}_{digest}.py"
    is_new, is_kept = not path.exists(), True
    try:
        if is_new:
            _prune(path.parent)
        if is_new or path.read_bytes() != text.encode():
            write_whole(path, text.encode())
        _drop_damaged(path)
        _touch(path)
    except OSError:
        is_new, is_kept, text = True, False, text.replace("cache=True", "cache=False")
    module = sys.modules[module_name] = ModuleType(module_name)
    module.__file__ = str(path)
    vars(module)["is_kept"] = is_kept
    try:
        exec(compile(text, str(path) if is_kept else f"<{module_name}>", "exec"), module.__dict__)
    except BaseException:
        del sys.modules[module_name]
        raise
    for value in vars(module).values():
        if hasattr(value, "_cache"):
            value._cache.save_overload = _forgiving(value._cache.save_overload, path)
    return module, is_new


@cache
def _numba() -> ModuleType:
    """Imports numba, but not scipy.linalg, which it loads only to see that it is there: a sixth of a short run's time.

    What needs it looks again.
    """
    import numba
    from numba.np import linalg

    look, linalg.ensure_blas = linalg.ensure_blas, lambda: None
    try:
        import numba.np.arraymath
    finally:
        linalg.ensure_blas = look
    return numba


def _forgiving(save: Callable[..., None], path: Path) -> Callable[..., None]:
    """Saves machine code if it can: on a full disk it is made again at the next start, and this run goes on."""

    def save_overload(*arguments: Any) -> None:
        with suppress(OSError):
            save(*arguments)
            keep(path.with_suffix(".sums"), json.dumps(_sums(path)).encode())

    return save_overload


def _machine_code(path: Path) -> list[Path]:
    return list(path.parent.glob(f"__pycache__/{path.stem}.*.nb[ic]"))


def _sums(path: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in _machine_code(path)}


def _drop_damaged(path: Path) -> None:
    """Removes machine code that is not, byte for byte, what was saved; it is made again."""
    try:
        saved = json.loads(path.with_suffix(".sums").read_bytes())
        is_whole = saved == _sums(path)
    except (OSError, ValueError):
        is_whole = False
    if not is_whole:
        for file in _machine_code(path):
            file.unlink(missing_ok=True)


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
            for old in [*folder.glob(f"{path.stem}.*"), *folder.glob(f"__pycache__/{path.stem}.*")]:
                old.unlink(missing_ok=True)
    for left in folder.glob(".*"):  # by a process that was killed while it wrote
        if _last_use(left) < time.time() - 86400:
            left.unlink(missing_ok=True)


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
            if value is touch:
                digest = hashlib.sha256(Path(__file__).with_name("arithmetic.py").read_bytes()).hexdigest()[:20]
                parts[name] = f"from sim.core.arithmetic import touch  # {digest}\n"
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

    It may use `math`, `np`, numbers of its module, other kernels, and `touch`; nothing else.
    """
    return Kernel(function)
