"""Landlock: which files a process may read, and that it writes none and connects to nothing, by the kernel.

Reference: the kernel's Documentation/userspace-api/landlock.rst; rights by version (ABI) as there.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from sim.adrs.layers.seccomp import forbid_new_privileges

NAME = "landlock"

CREATE, ADD_RULE, RESTRICT = 444, 445, 446
ASK_VERSION = 1
BENEATH = 1

READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
N_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Version -> how many rights to files it knows; later versions know those of the last."""

CONNECT_AND_BIND_TCP = 0b11
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


def version() -> int:
    """Landlock's version in this kernel; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, _libc().syscall(CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION)))


def is_offered() -> bool:
    return version() > 0


def raise_it(readable: Iterable[Path], listed: Iterable[Path] = ()) -> str | None:
    """Forbids all files but these to this process, and every TCP connection where the kernel can (from version 4).

    Args:
        readable: files and folders that may be read, with all beneath.
        listed: folders whose names may be listed, with all beneath, but no file in them read.
    """
    known = version()
    if not known:
        return None
    rights = (1 << N_RIGHTS[min(known, max(N_RIGHTS))]) - 1
    attributes = struct.pack("=Q", rights)
    if known >= 4:
        attributes += struct.pack("=Q", CONNECT_AND_BIND_TCP)
    if known >= 6:
        attributes += struct.pack("=Q", ABSTRACT_SOCKETS_AND_SIGNALS)
    libc = _libc()
    rules = libc.syscall(CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if rules < 0:
        return None
    try:
        for path in readable:
            _allow(libc, rules, path, READ_FILE | READ_FOLDER if path.is_dir() else READ_FILE)
        for path in listed:
            _allow(libc, rules, path, READ_FOLDER)
        forbid_new_privileges()
        if libc.syscall(RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0)) != 0:
            return None
    finally:
        os.close(rules)
    return f"{NAME}{known}"


def _allow(libc: ctypes.CDLL, rules: int, path: Path, rights: int) -> None:
    """Adds a rule; a path that is not there needs none."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        libc.syscall(
            ADD_RULE, ctypes.c_int(rules), ctypes.c_int(BENEATH), struct.pack("=Qi", rights, place), ctypes.c_uint32(0)
        )
    finally:
        os.close(place)


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc
