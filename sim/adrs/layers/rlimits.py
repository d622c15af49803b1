"""Limits of the process: processor time, memory, files. They hold on every POSIX system."""

from __future__ import annotations

import resource
from pathlib import Path

NAME = "rlimit"

SPARE_FILES = 32
"""Files that may be opened beside those that are open: modules are imported when they are first used."""


def raise_it(cpu_s: int, memory_bytes: int) -> str:
    """Limits this process.

    Args:
        cpu_s: seconds of processor time; then the process is ended by SIGXCPU.
        memory_bytes: address space beside what is mapped already; beyond it allocations fail.
    """
    ours = _mapped_bytes() + memory_bytes
    limits = {
        resource.RLIMIT_CPU: (cpu_s, cpu_s + 1),
        resource.RLIMIT_AS: (ours, ours),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_NOFILE: (SPARE_FILES, SPARE_FILES),
        resource.RLIMIT_CORE: (0, 0),
    }
    for limit, values in limits.items():
        resource.setrlimit(limit, values)
    return NAME


def _mapped_bytes() -> int:
    """Address space in use; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0
