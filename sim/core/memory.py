"""Memory ahead of its use: fetched while a loop still works on something else. Interpreted, none of this does anything."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

LINE_BYTES = 64
"""What the processor fetches at a time."""


def touch(array: np.ndarray, i: int) -> None:
    """Brings the beginning of `array[i]` near the processor; changes nothing, and `i` may be out of range."""


def touch_parts(thing: Any, indices: np.ndarray, k: int) -> None:
    """Calls `touch(indices[k])` of all structures within `thing` that have this method; does nothing where there is no k-th.

    For the loop of a system, which has the coming requests: what a policy knows of the page requested soon is then at hand.
    Not part of the rules: a method that does anything but `touch` is not called, so the policy sees nothing of it, and results
    stay the same.
    """


def reach_parts(thing: Any, indices: np.ndarray, k: int) -> None:
    """As `touch_parts`, with the method `reach`: of structures where `touch` fetches only where to look.

    For a request sooner than that of `touch_parts`, so that what was touched has arrived.
    """


def zeros_on_lines(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Zeros that begin where a cache line does, so that rows of `LINE_BYTES` bytes lie in one line each."""
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.zeros(n_bytes + LINE_BYTES, np.uint8)
    start = -room.ctypes.data % LINE_BYTES
    return room[start : start + n_bytes].view(dtype).reshape(shape)


F = TypeVar("F", bound=Callable[..., Any])


def unchecked(*names: str) -> Callable[[F], F]:
    """Marks a method of a structure: an index made of these arguments and locals, of fields and constants alone is in range.

    Machine code then leaves out the check. The structure's own links are such indices, whatever a policy passes in; a number
    that a policy passes in never is.
    """

    def mark(method: F) -> F:
        method.unchecked = frozenset(names)  # type: ignore[attr-defined]
        return method

    return mark
