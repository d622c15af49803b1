"""Contenders that take turns, so that a busy machine slows all of them alike; and pieces of work in a process of their own."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

KEEPS_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 36)}
"""The C library keeps memory that was freed, in the environment of whoever is timed.

Otherwise each round gets its large arrays anew from the system, which on a shared machine takes longer than the work.
"""

CLOCK = (
    "seconds of processor time, median over rounds in which the contenders take turns; spread: (most - least) / median"
)


@dataclass(frozen=True)
class Times:
    """Seconds of one contender, round by round."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def least(self) -> float:
        return min(self.seconds)

    @property
    def spread(self) -> float:
        return (max(self.seconds) - min(self.seconds)) / self.median

    def times_faster_than(self, other: Times) -> float:
        """Median over the rounds of the other's time by this one's of the same round."""
        return statistics.median(b / a for a, b in zip(self.seconds, other.seconds, strict=True))


def alternated(
    contenders: dict[str, Callable[[], Any]],
    n_rounds: int,
    *,
    most_s: float = 60.0,
    prepare: Callable[[], Any] | None = None,
) -> dict[str, Times]:
    """Times contenders in turns.

    Args:
        contenders: by name; each call does the whole work once.
        n_rounds: rounds; at least two are done, and no further one is begun after `most_s` seconds.
        prepare: called before each contender, not timed.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    begun = time.perf_counter()
    for round_ in range(n_rounds):
        if round_ >= 2 and time.perf_counter() - begun > most_s:
            break
        order = list(contenders) if round_ % 2 == 0 else list(contenders)[::-1]
        for name in order:
            if prepare is not None:
                prepare()
            before = time.process_time()
            contenders[name]()
            seconds[name].append(time.process_time() - before)
    return {name: Times(tuple(values)) for name, values in seconds.items()}


def child(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a module-level function in a new process; arguments and result are plain JSON values."""
    text = (
        f"import json, sys; from {function.__module__} import {function.__name__} as f; "
        "print(json.dumps(f(*json.loads(sys.argv[1]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", text, json.dumps(arguments)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=usual_environment(),
    )
    return json.loads(done.stdout.splitlines()[-1])


def usual_environment() -> dict[str, str]:
    """The environment of a process that is as a user starts it."""
    return {name: value for name, value in os.environ.items() if name not in KEEPS_MEMORY}


def command(words: Sequence[str]) -> tuple[float, float]:
    """Runs a command; gives its seconds by the wall's clock and of processor time."""
    before, begun = _children_s(), time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=usual_environment())
    return time.perf_counter() - begun, _children_s() - before


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
