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
    with Pool(function, budget) as pool:
        yield from pool.map(runs)


class Pool:
    """This process, for several maps of one function.

    Raises:
        InputError: see `map`.
    """

    def __init__(self, function: Callable[[Planned], Outcome], budget: Budget):
        if budget.memory_per_run_mb is not None:
            raise InputError("budget.memory_per_run_mb needs processes of their own: --backend processes")
        self.function = function

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, runs: Iterable[Planned]) -> Iterator[Outcome]:
        """Gives the outcomes in order."""
        for run in runs:
            yield self.function(run)
