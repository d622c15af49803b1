"""Records the pages that a program touches: it runs under valgrind, whose tool lackey prints every access to memory."""

from __future__ import annotations

import io
import os
import select
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from sim.core.errors import InputError, MissingDependency
from sim.core.modules import kernel
from sim.core.trace import Trace
from traces.columns import Growing
from traces.intern import Interner

ACCESSES = ("all", "instructions", "data")

LEAST_PAGE_BYTES = 16

BUFFER_BYTES = 1 << 20

PAUSE_S = 0.002
"""Valgrind writes 100 bytes at a time; to wake up for each of them would take it twice as long."""

LOOK_S = 0.1
"""How often a silent program is looked at, whether it has ended."""


@dataclass(frozen=True)
class Recording:
    """A program's page requests, and how it ended.

    Args:
        trace: the requests; its origin has `command`, `options` and `notices`.
        exit_code: the program's, as a shell tells it (128 + number of the signal that ended it); 0 where it was stopped
            because enough was recorded.
    """

    trace: Trace
    exit_code: int


def record(
    command: Sequence[str],
    *,
    accesses: str = "all",
    page_bytes: int = 4096,
    collapse: int = 1,
    n_requests: int | None = None,
) -> Recording:
    """Runs a program and records its page requests.

    Its input and output are its own. An interrupt is passed on to it, a second one kills it; what was recorded until its end
    is kept. Programs that it starts are not recorded, nor is what the kernel does for it. It runs about a hundred times
    slower.

    Args:
        command: the program and its arguments.
        accesses: "all", "instructions" (what is executed) or "data" (what is read and written).
        page_bytes: size of a page, a power of two of at least 16; 64 records cache lines. An access that spans two pages
            requests both.
        collapse: leave out requests to the last `collapse` different pages, those that a buffer of so many pages, with
            the least recently requested replaced, would serve. 1: repeats only; 0: nothing is left out.
        n_requests: stop the program after so many; None: wait for its end.

    Returns:
        The recording; its trace has the column `page` (int32) and the table `pages` (int64, address // page_bytes), and
        is kept in memory.

    Raises:
        MissingDependency: valgrind is not installed.
        InputError: there is no such program, an option is out of range, or nothing was recorded.
    """
    options = {"accesses": accesses, "page_bytes": page_bytes, "collapse": collapse, "n_requests": n_requests}
    requests = _Requests(**_checked(options))
    under = [*_valgrind(), *_found(command)]
    reading, writing = os.pipe()
    with _interrupts_passed_on() as programs, os.fdopen(reading, "rb", buffering=0) as pipe:
        try:
            process = subprocess.Popen([*under[:1], f"--log-fd={writing}", *under[1:]], pass_fds=[writing])
        finally:
            os.close(writing)
        programs.append(process)
        try:
            is_enough = requests.read(_Log(pipe, process))
            if not is_enough:
                process.wait()
        finally:
            process.kill()
            process.wait()
    exit_code = 0 if is_enough else process.returncode if process.returncode >= 0 else 128 - process.returncode
    if not requests.page.n:
        raise InputError(f"nothing was recorded of {shlex.join(command)}, which ended with exit code {exit_code}")
    return Recording(requests.trace(command, options), exit_code)


def _checked(options: dict[str, Any]) -> dict[str, Any]:
    accesses, page_bytes = options["accesses"], options["page_bytes"]
    if accesses not in ACCESSES:
        raise InputError(f'accesses must be one of {", ".join(ACCESSES)}, got "{accesses}"')
    if page_bytes < LEAST_PAGE_BYTES or page_bytes & (page_bytes - 1):
        raise InputError(f"page_bytes must be a power of two of at least {LEAST_PAGE_BYTES}, got {page_bytes}")
    if not 0 <= options["collapse"] <= 4096:
        raise InputError(f"collapse must be from 0 to 4096 pages, got {options['collapse']}")
    if options["n_requests"] is not None and options["n_requests"] < 1:
        raise InputError(f"the number of requests must be at least 1, got {options['n_requests']}")
    return options


def _valgrind() -> list[str]:
    found = shutil.which("valgrind")
    if found is None:
        raise MissingDependency("recording needs the program valgrind, which is not installed (apt install valgrind)")
    plain = ["-q", "--command-line-only=yes", "--vgdb=no", "--child-silent-after-fork=yes"]
    return [found, *plain, "--tool=lackey", "--basic-counts=no", "--trace-mem=yes", "--"]


def _found(command: Sequence[str]) -> list[str]:
    if not command:
        raise InputError("a program to record is missing; expected a command, e.g. sort file.txt")
    path = shutil.which(command[0])
    if path is None:
        raise InputError(f"there is no program {command[0]} to record")
    return [path, *command[1:]]


@contextmanager
def _interrupts_passed_on() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Gives a list of programs that hear of an interrupt in our stead; a second one kills them."""
    programs: list[subprocess.Popen[bytes]] = []
    signals = iter([signal.SIGINT])

    def pass_on(*_: Any) -> None:
        number = next(signals, signal.SIGKILL)
        for program in programs:
            program.send_signal(number)

    if threading.current_thread() is not threading.main_thread():
        yield programs
        return
    before = signal.signal(signal.SIGINT, pass_on)
    try:
        yield programs
    finally:
        signal.signal(signal.SIGINT, before)


class _Log(io.RawIOBase):
    """What a process writes into a pipe, to its end; programs that it leaves running may hold the pipe open for longer."""

    def __init__(self, pipe: BinaryIO, process: subprocess.Popen[bytes]):
        self.pipe = pipe
        self.process = process

    def readinto(self, room: Any) -> int:
        while True:
            has_ended = self.process.poll() is not None  # asked first: all it wrote is in the pipe by then
            if select.select([self.pipe], [], [], 0 if has_ended else LOOK_S)[0]:
                return self.pipe.readinto(room)  # type: ignore[attr-defined]
            if has_ended:
                return 0


class _Requests:
    """Lackey's lines as page requests; arguments as for `record`."""

    def __init__(self, accesses: str, page_bytes: int, collapse: int, n_requests: int | None):
        self.kinds = np.array([accesses != "data", accesses != "instructions"])
        self.shift = page_bytes.bit_length() - 1
        self.recent = np.full(collapse, -1, np.int64)
        self.most = n_requests
        self.interner = Interner()
        self.page = Growing(np.dtype(np.int32))
        self.n_accesses = 0

    def read(self, log: io.RawIOBase | io.BytesIO) -> bool:
        """Reads to the end, or until there are enough requests: True."""
        buffer, pages = np.empty(BUFFER_BYTES, np.uint8), np.empty(1 << 16, np.int64)
        n_bytes = 0
        while n_read := log.readinto(buffer.data[n_bytes:]):
            n_bytes += n_read
            start = 0
            while True:
                used, n, n_accesses = _pages(buffer[start:n_bytes], self.kinds, self.shift, self.recent, pages)
                start += used
                self.n_accesses += n_accesses
                if self._is_enough(pages[:n]):
                    return True
                if not used:
                    break
            if n_bytes - start == BUFFER_BYTES:
                raise InputError(f"valgrind wrote a line of over {BUFFER_BYTES} bytes; expected accesses to memory")
            buffer[: n_bytes - start] = buffer[start:n_bytes]
            n_bytes -= start
            if n_read < 1 << 15:
                time.sleep(PAUSE_S)
        return False

    def _is_enough(self, pages: np.ndarray) -> bool:
        if self.most is not None:
            pages = pages[: self.most - self.page.n]
        self.page.append(self.interner.codes(pages))
        return self.page.n == self.most

    def trace(self, command: Sequence[str], options: dict[str, Any]) -> Trace:
        left_out = {0: "", 1: "; repeats of the page just requested are left out"}.get(
            len(self.recent), f"; requests to the last {len(self.recent)} pages are left out"
        )
        notice = f"{self.n_accesses:,} accesses are {self.page.n:,} requests to {len(self.interner):,} pages{left_out}"
        return Trace(
            Path(command[0]).name,
            "paging",
            {"page": self.page.array()},
            {"pages": self.interner.labels()},
            {"format": "lackey", "command": shlex.join(command), "options": options, "notices": (notice,)},
        )


@kernel
def _pages(text, kinds, shift, recent, pages):
    """Reads whole lines of lackey: "I  04001090,3" (an instruction of 3 bytes), " L 1fff000778,8", S and M likewise.

    Args:
        text: uint8, from the start of a line.
        kinds: whether instructions are wanted, and whether data.
        shift: page = address >> shift.
        recent: the last pages requested, latest first, to leave out; changed.
        pages: int64, room for requests.

    Returns:
        Bytes read, pages written, accesses of the kinds wanted; fewer than all lines where room ends.
    """
    bits = np.uint64(shift)
    start, n, n_accesses = 0, 0, 0
    while True:
        stop = start
        while stop < len(text) and text[stop] != 10:  # newline
            stop += 1
        if stop == len(text):
            return start, n, n_accesses
        is_instruction = text[start] == 73 and stop > start + 3  # I
        is_data = text[start] == 32 and stop > start + 3 and text[start + 1] in (76, 77, 83)  # L, M, S
        if (is_instruction and kinds[0]) or (is_data and kinds[1]):
            i = start + 3
            address = np.uint64(0)
            while i < stop and text[i] != 44:  # comma
                digit = text[i] - 48 if text[i] < 58 else text[i] - 87  # 0-9, a-f
                address = (address << np.uint64(4)) | np.uint64(digit)
                i += 1
            size = 0
            for k in range(i + 1, stop):
                size = 10 * size + text[k] - 48
            page = np.int64(address >> bits)
            last = np.int64((address + np.uint64(max(size, 1) - 1)) >> bits)
            if last - page >= len(pages) - n:
                return start, n, n_accesses
            n_accesses += 1
            while page <= last:
                k = 0
                while k < len(recent) and recent[k] != page:
                    k += 1
                if k == len(recent):
                    pages[n] = page
                    n += 1
                    k -= 1
                while k > 0:
                    recent[k] = recent[k - 1]
                    k -= 1
                if len(recent) > 0:
                    recent[0] = page
                page += 1
        start = stop + 1
