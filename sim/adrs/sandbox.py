"""A jail for one candidate: its own process, with as many walls as the kernel has, and a way to talk to it.

Fresh interpreter, empty environment, own session, killed with all its threads when its time is over. See docs/safety.md for
what each layer holds.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from sim.adrs.candidate import Status
from sim.adrs.layers import landlock, rlimits, seccomp
from sim.adrs.wire import Channel, Closed, Garbled, Overdue
from sim.core.errors import InputError
from sim.core.modules import write_whole

ALL = (rlimits.NAME, seccomp.NAME, landlock.NAME)
"""The walls of a process, in the order they are reported in."""


@dataclass(frozen=True)
class Limits:
    """What one process of a candidate may use.

    Args:
        wall_s: seconds from its start to its end.
        cpu_s: seconds of processor time.
        memory_mb: memory beside that of the interpreter, in MiB.
        answer_mb: the longest message it may send, in MiB.
        all_s: seconds from the start of the candidate's first process to the end of its last.
    """

    wall_s: float = 60.0
    cpu_s: int = 60
    memory_mb: int = 2048
    answer_mb: int = 256
    all_s: float = math.inf

    def __post_init__(self):
        for name in ("wall_s", "cpu_s", "memory_mb", "answer_mb", "all_s"):
            if not getattr(self, name) > 0:
                raise InputError(f"limit {name} must be above 0, got {getattr(self, name)}")


@dataclass(frozen=True)
class Layers:
    """Which walls must stand before an untrusted candidate runs.

    Args:
        without: layers that may be missing, by name; each is still raised where the kernel has it.
        off: layers that are not raised at all; for tests, which show what the others hold.
        allowlist: look at the source before anything runs.
    """

    without: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    allowlist: bool = True

    def __post_init__(self):
        for name in (*self.without, *self.off):
            if name not in ALL:
                raise InputError(f'no layer named "{name}" (layers: {", ".join(ALL)})')

    def check(self, active: Sequence[str]) -> None:
        """Refuses where too little is active.

        Raises:
            InputError: a layer is missing that was not given up by name.
        """
        have = {name.rstrip("0123456789") for name in active}
        missing = [name for name in ALL if name not in have and name not in (*self.without, *self.off)]
        if missing:
            raise InputError(
                f"untrusted candidates are not run here: {', '.join(missing)} not active (layers={','.join(active)}); "
                f"{' '.join(f'--without {name}' for name in missing)} runs them with less protection"
            )


@cache
def standing(layers: Layers) -> tuple[str, ...]:
    """Names of the layers that hold around a candidate on this machine, tried out by a process that has none.

    Raises:
        InputError: too little stands.
    """
    with Jail("", Limits(), layers) as jail:
        return jail.active


class Ended(Exception):
    """A candidate's process is over, or the candidate failed in it."""

    def __init__(self, status: Status, detail: str):
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Interpreted(Exception):
    """This candidate has no machine-code form, or its state cannot be told; it runs where it is asked."""


class Jail:
    """A running jailed process with one candidate's file in its room. Use it in a `with` statement.

    Args:
        source: the candidate's file.
        limits: of the process.
        layers: walls that must stand.
        hash_seed: the interpreter's, for the order of sets.

    Attributes:
        active: names of the layers that hold, as the process found before the candidate was loaded.

    Raises:
        InputError: too little is active.
        Ended: the process did not come up.
    """

    def __init__(self, source: str, limits: Limits, layers: Layers, hash_seed: int = 0):
        self.limits = limits
        self.active: tuple[str, ...] = ()
        self.room = Path(tempfile.mkdtemp(prefix="augsim-candidate-"))
        try:
            write_whole(self.room / "candidate.py", source.encode())
            self._start(layers, hash_seed)
            self.active = tuple(self.order(None)["layers"])
            layers.check(self.active)
        except BaseException:
            self.close()
            raise

    def _start(self, layers: Layers, hash_seed: int) -> None:
        theirs, ours = os.pipe()
        reading, their_end = os.pipe()
        os.set_blocking(ours, False)
        nonce = secrets.token_bytes(8)
        most = self.limits.answer_mb << 20
        readable, listed = places()
        wanted = {
            "pipes": [theirs, their_end],
            "nonce": nonce.hex(),
            "most_bytes": 1 << 62,
            "room": str(self.room),
            "layers": [name for name in ALL if name not in layers.off],
            "cpu_s": self.limits.cpu_s,
            "memory_bytes": self.limits.memory_mb << 20,
            "readable": [*map(str, readable), str(self.room)],
            "listed": list(map(str, listed)),
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.channel = Channel(reading, ours, nonce, most, time.monotonic() + self.limits.wall_s)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-s", "-S", "-P", "-B", "-c", BOOT, json.dumps(search_path()), json.dumps(wanted)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self.room,
                env=environment(self.room, hash_seed),
                start_new_session=True,
                pass_fds=(theirs, their_end),
            )
        finally:
            os.close(theirs)
            os.close(their_end)

    def order(self, document: Any, arrays: Sequence[np.ndarray] = ()) -> Any:
        """Sends an order (None: none) and waits for the document that answers it.

        Raises:
            Ended: the candidate failed, or its process is over.
            Interpreted: the order needs machine code that the candidate does not have.
        """
        return self.exchange(document, arrays)[0]

    def exchange(self, document: Any, arrays: Sequence[np.ndarray] = ()) -> tuple[dict[str, Any], list[np.ndarray]]:
        """As `order`, with the arrays of the answer."""
        try:
            if document is not None:
                self.channel.send(document, arrays)
            answer, found = self.channel.receive()
        except Garbled as error:
            raise Ended(Status.ILLEGAL, f"something wrote to the result channel: {error}") from None
        except Overdue:
            raise Ended(Status.TIMEOUT, f"took more than {self.limits.wall_s:.3g} s") from None
        except Closed:
            raise self._cause() from None
        if type(answer) is not dict:
            raise Ended(Status.ILLEGAL, "something wrote to the result channel: an answer of unknown form")
        if "failed" in answer:
            kind, detail = str(answer["failed"]), str(answer.get("detail", ""))[:400]
            if kind == "interpreted":
                raise Interpreted(detail)
            raise Ended(Status(kind) if kind in CLAIMS else Status.CRASHED, detail)
        return answer, found

    def tell(self, document: Any, arrays: Sequence[np.ndarray] = ()) -> None:
        """Sends an order that nobody answers."""
        try:
            self.channel.send(document, arrays)
        except Overdue:
            raise Ended(Status.TIMEOUT, f"took more than {self.limits.wall_s:.3g} s") from None
        except Closed:
            raise self._cause() from None

    def _cause(self) -> Ended:
        """Why the process ended by itself."""
        code, used_s = self._ended()
        if code is None:
            return Ended(Status.ILLEGAL, "it closed the result channel")
        if code == -signal.SIGXCPU or (code == -signal.SIGKILL and used_s >= self.limits.cpu_s):
            return Ended(Status.TIMEOUT, f"took more than {self.limits.cpu_s} s of processor time")
        if code == -signal.SIGKILL:
            return Ended(Status.MEMORY, "was killed by the system, which is what it does when memory runs out")
        if code < 0:
            return Ended(Status.CRASHED, f"ended by {signal.Signals(-code).name}")
        return Ended(Status.CRASHED, f"ended with exit code {code} before it answered")

    def _ended(self) -> tuple[int | None, float]:
        """The process's exit code, None where it lives on, and the processor time it took in seconds."""
        assert self.process is not None
        for _ in range(50):
            pid, code, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(code)
                return self.process.returncode, usage.ru_utime + usage.ru_stime
            time.sleep(0.1)
        return None, 0.0

    def close(self) -> None:
        """Kills the process with all that is in its session, and clears its room."""
        process = getattr(self, "process", None)
        if process is not None and process.returncode is None:  # its number is its own until it is waited for
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        channel = getattr(self, "channel", None)
        if channel is not None:
            os.close(channel.reading)
            os.close(channel.writing)
            del self.channel
        shutil.rmtree(self.room, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


CLAIMS = frozenset({Status.CRASHED, Status.MEMORY, Status.MALFORMED, Status.ILLEGAL, Status.REFUSED})
"""What a jailed process may say became of its candidate: nothing that would help it."""

BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from sim.adrs.worker import main; main(sys.argv[2:])"
"""Started without `site`: the parent says where modules are. Options -I and -E would ignore the hash seed; with an environment
that holds nothing else they are not missed."""


def environment(room: Path, hash_seed: int) -> dict[str, str]:
    """All a candidate's process has of an environment: no path, no home, no key."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    return {"PYTHONHASHSEED": str(hash_seed), "AUGSIM_CACHE": str(room / "cache"), "LC_ALL": "C.UTF-8", **one_thread}


OURS = ("sim", "policies")
"""Packages of this project that a candidate's process may read; traces and workloads it may not."""

KEPT_BACK = frozenset({"traces", "workloads", "tests", "benchmarks", "docs"})

PACKAGES = frozenset({"site-packages", "dist-packages"})
"""Names of folders of installed packages, where this project may be one."""


@cache
def search_path() -> list[str]:
    """Where modules are: this process's own path, and the folder of this package first."""
    root = str(Path(__file__).resolve().parents[2])
    return list(dict.fromkeys([root, *(str(Path(p).resolve()) for p in sys.path if p and Path(p).exists())]))


@cache
def places() -> tuple[list[Path], list[Path]]:
    """What a candidate's process may read: the interpreter's library, installed packages, shared libraries, this project's code;
    and the folders whose names it may list, so that modules are found."""
    libraries = [Path(sysconfig.get_paths()[name]).resolve() for name in ("stdlib", "platstdlib")]
    readable = [Path(p) for p in ("/etc/ld.so.cache", "/dev/urandom")]
    for shared in ("/lib", "/lib64", "/usr/lib", "/usr/lib64"):
        readable += _within(Path(shared), lambda name: not name.startswith("python"))
    for folder in libraries:
        readable += _within(folder, lambda name: name not in PACKAGES)
    listed = list(libraries)
    for path in map(Path, search_path()):
        if not path.is_dir():
            readable.append(path)  # an archive of modules
        elif path not in libraries:
            is_ours = path.name not in PACKAGES and not any(path.is_relative_to(folder) for folder in libraries)
            readable += [path / name for name in OURS] if is_ours else _within(path, lambda name: name not in KEPT_BACK)
            listed.append(path)
    return list(dict.fromkeys(readable)), list(dict.fromkeys(listed))


def _within(folder: Path, is_shown: Callable[[str], bool]) -> list[Path]:
    """What is in a folder, of these names."""
    return [part for part in sorted(folder.iterdir()) if is_shown(part.name)] if folder.is_dir() else []
