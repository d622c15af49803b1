"""One run after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sim.core.errors import InputError
from sim.study.runs import Budget, Outcome, Planned


def map(function: Callable[[Planned], Outcome], runs: Iterable[Planned], budget: Budget) -> Iterator[Outcome]:
    """Gives the outcomes in order.

    Raises:
        InputError: a memory limit, which one process cannot set for its own parts.
    """
    if budget.memory_per_run_mb is not None:
        raise InputError("budget.memory_per_run_mb needs processes of their own: --backend processes")
    for run in runs:
        yield function(run)
