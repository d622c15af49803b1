"""A filter of system calls: what is not needed to compute is refused by the kernel.

The list names what an interpreter with NumPy and a compiler needs; every other call fails with EPERM. So there are no sockets,
no other programs, no signals to others, no tracing, no new processes: `clone` makes threads only, and `clone3`, whose flags no
filter can read, does not exist (ENOSYS), so that the C library falls back on `clone`. Files are opened for reading only.

Reference: the kernel's Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from dataclasses import dataclass

NAME = "seccomp"

CALLS_X86_64 = {
    "read": 0, "write": 1, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "poll": 7, "lseek": 8, "mmap": 9,
    "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "pread64": 17,
    "readv": 19, "access": 21, "select": 23, "sched_yield": 24, "mremap": 25, "madvise": 28, "dup": 32, "nanosleep": 35,
    "getpid": 39, "exit": 60, "uname": 63, "fcntl": 72, "getcwd": 79, "readlink": 89, "gettimeofday": 96, "getrusage": 98,
    "sysinfo": 99, "times": 100, "getuid": 102, "getgid": 104, "geteuid": 107, "getegid": 108, "getppid": 110,
    "sigaltstack": 131, "gettid": 186, "time": 201, "futex": 202, "sched_getaffinity": 204, "getdents64": 217,
    "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231,
    "newfstatat": 262, "readlinkat": 267, "faccessat": 269, "pselect6": 270, "ppoll": 271,
    "set_robust_list": 273, "getcpu": 309, "getrandom": 318, "membarrier": 324, "statx": 332, "rseq": 334, "faccessat2": 439,
}  # fmt: skip

CALLS_AARCH64 = {
    "getcwd": 17, "dup": 23, "fcntl": 25, "faccessat": 48, "close": 57, "getdents64": 61, "lseek": 62, "read": 63,
    "write": 64, "readv": 65, "pread64": 67, "pselect6": 72, "ppoll": 73, "readlinkat": 78, "newfstatat": 79, "fstat": 80,
    "exit": 93, "exit_group": 94, "futex": 98, "set_robust_list": 99, "nanosleep": 101, "clock_gettime": 113,
    "clock_getres": 114, "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124, "restart_syscall": 128,
    "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "times": 153, "uname": 160,
    "getrusage": 165, "getcpu": 168, "gettimeofday": 169, "getpid": 172, "getppid": 173, "getuid": 174, "geteuid": 175,
    "getgid": 176, "getegid": 177, "gettid": 178, "sysinfo": 179, "brk": 214, "munmap": 215, "mremap": 216, "mmap": 222,
    "mprotect": 226, "madvise": 233, "getrandom": 278, "membarrier": 283, "statx": 291, "rseq": 293, "faccessat2": 439,
}  # fmt: skip


@dataclass(frozen=True)
class Machine:
    """Numbers of one processor architecture.

    Args:
        audit: how the kernel tells this architecture apart.
        calls: allowed system calls.
        seccomp, clone, clone3, ioctl, tgkill, openat, open: numbers of those that are treated apart; None: there is none.
    """

    audit: int
    calls: dict[str, int]
    seccomp: int
    clone: int
    clone3: int
    ioctl: int
    tgkill: int
    openat: int
    open: int | None


MACHINES = {
    "x86_64": Machine(
        0xC000003E, CALLS_X86_64, seccomp=317, clone=56, clone3=435, ioctl=16, tgkill=234, openat=257, open=2
    ),
    "aarch64": Machine(
        0xC00000B7, CALLS_AARCH64, seccomp=277, clone=220, clone3=435, ioctl=29, tgkill=131, openat=56, open=None
    ),
}

LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, FAIL, KILL = 0x7FFF0000, 0x00050000, 0x80000000
CALL, ARCHITECTURE, FIRST, SECOND, THIRD = 0, 4, 16, 24, 32
"""Where the number, the architecture and the low halves of three arguments stand in what a filter sees."""

CLONE_THREAD = 0x00010000
TERMINAL_QUESTION = 0x5401
"""TCGETS: whether a file is a terminal, which Python asks of every file it opens."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

SET_MODE_FILTER, ALL_THREADS, ACTION_AVAILABLE = 1, 1, 2
PR_SET_NO_NEW_PRIVS = 38


def is_offered() -> bool:
    """Whether this kernel filters system calls, on a processor whose numbers are known."""
    machine = _machine()
    if machine is None:
        return False
    action = ctypes.c_uint32(FAIL)
    return _libc().syscall(machine.seccomp, ACTION_AVAILABLE, 0, ctypes.byref(action)) == 0


def raise_it() -> str | None:
    """Filters the system calls of all threads of this process; it and what it could start gain no privileges any more."""
    machine = _machine()
    if machine is None or not is_offered():
        return None
    forbid_new_privileges()
    code = program(machine, os.getpid())
    filters = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(filters)))
    if _libc().syscall(machine.seccomp, SET_MODE_FILTER, ALL_THREADS, header) != 0:
        return None
    return NAME


def forbid_new_privileges() -> None:
    """Without this, neither filter nor Landlock may be set by an ordinary user."""
    _libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def program(machine: Machine, pid: int) -> bytes:
    """The filter as the kernel's instructions: (operation, steps if true, steps if false, value), 8 bytes each."""
    allow, fail = ALLOW, FAIL | errno.EPERM
    code = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, machine.audit),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, CALL),
    ]
    for number in machine.calls.values():
        code += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    code += [(EQUAL, 0, 1, machine.clone3), (RETURN, 0, 0, FAIL | errno.ENOSYS)]
    code += _where(machine.clone, FIRST, ANY_BIT, CLONE_THREAD, (allow, fail))
    code += _where(machine.ioctl, SECOND, EQUAL, TERMINAL_QUESTION, (allow, fail))
    code += _where(machine.tgkill, FIRST, EQUAL, pid, (allow, fail))  # abort() signals the process itself
    code += _where(machine.openat, THIRD, ANY_BIT, WRITING, (fail, allow))
    if machine.open is not None:
        code += _where(machine.open, SECOND, ANY_BIT, WRITING, (fail, allow))
    code += [(RETURN, 0, 0, fail)]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def _where(call: int, argument: int, test: int, value: int, ends: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """What becomes of a call whose argument passes a test, by its low half, and of one whose argument does not."""
    yes, no = ends
    return [(EQUAL, 0, 4, call), (LOAD, 0, 0, argument), (test, 0, 1, value), (RETURN, 0, 0, yes), (RETURN, 0, 0, no)]


def _machine() -> Machine | None:
    return MACHINES.get(platform.machine()) if sys.platform == "linux" else None


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc
