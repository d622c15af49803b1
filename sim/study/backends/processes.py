"""Processes of this machine, each with a bench of its own; traces are mapped from disk by all, and never sent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from sim.study.backends.groups import Groups
from sim.study.runs import FAILED, GRACE_S, TIMED_OUT, TRIES, Budget, Outcome, Planned, failure


def map(
    function: Callable[[Planned], Outcome], runs: Iterable[Planned], budget: Budget, n_workers: int | None = None
) -> Iterator[Outcome]:
    """Gives the outcomes as they finish. Runs with equal inputs go to one worker as long as others have work.

    Args:
        function: what to do with a run.
        runs: those with equal inputs one after the other.
        budget: limits of each run.
        n_workers: None: one per processor.
    """
    queue = Groups(runs)
    n = min(n_workers or len(os.sched_getaffinity(0)), max(1, len(queue)))
    with Pool(function, budget, n) as pool:
        yield from pool.map(queue)


class Pool:
    """Processes that stay for several maps of one function, with all that they have opened and compiled.

    Args:
        function: what to do with a run.
        budget: limits of each run.
        n_workers: None: one per processor.
    """

    def __init__(self, function: Callable[[Planned], Outcome], budget: Budget, n_workers: int | None = None):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["sim.study.experiment", "numba"])
        n = n_workers or len(os.sched_getaffinity(0))
        self.budget = budget
        self.workers = [_Worker(context, function, budget) for _ in range(n)]

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all processes."""
        for worker in self.workers:
            worker.kill()

    def map(self, runs: Iterable[Planned] | Groups) -> Iterator[Outcome]:
        """Gives the outcomes as they finish, see the function `map`; whoever leaves off early closes the pool."""
        queue = runs if isinstance(runs, Groups) else Groups(runs)
        tries: dict[str, int] = {}
        for worker in self.workers:
            worker.begin(queue.next_for(worker))
        while busy := [worker for worker in self.workers if worker.run is not None]:
            ready = wait([worker.connection for worker in busy], timeout=1.0)
            for worker in busy:
                run = worker.run
                assert run is not None
                if worker.connection in ready:
                    outcome = worker.outcome()
                elif worker.is_overdue():
                    worker.kill()
                    outcome = failure(
                        run, TIMED_OUT, f"took more than {self.budget.seconds_per_run:g} s", None, worker.elapsed_s()
                    )
                else:
                    continue
                if outcome is None:  # the worker died
                    tries[run.key] = tries.get(run.key, 0) + 1
                    if tries[run.key] < TRIES:
                        worker.restart()
                        worker.begin(run)
                        continue
                    outcome = failure(
                        run,
                        FAILED,
                        f"its process died {TRIES} times, last by {worker.cause()}",
                        None,
                        worker.elapsed_s(),
                    )
                if not worker.is_alive():
                    worker.restart()
                worker.begin(queue.next_for(worker))
                yield outcome


@dataclass(eq=False)
class _Worker:
    """A process that does one run at a time."""

    context: Any
    function: Callable[[Planned], Outcome]
    budget: Budget
    run: Planned | None = None
    began: float = 0.0
    connection: Connection = field(init=False)
    process: Any = field(init=False)

    def __post_init__(self):
        self.restart()

    def restart(self) -> None:
        self.connection, theirs = self.context.Pipe()
        self.process = self.context.Process(target=_work, args=(theirs, self.function), daemon=True)
        self.process.start()
        theirs.close()

    def begin(self, run: Planned | None) -> None:
        self.run = run
        self.began = time.monotonic()
        if run is not None:
            with suppress(BrokenPipeError):  # it died before it began; the end of its pipe tells
                self.connection.send(run)

    def outcome(self) -> Outcome | None:
        """What it sent; None where it died."""
        try:
            return self.connection.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            return None

    def elapsed_s(self) -> float:
        return time.monotonic() - self.began

    def is_overdue(self) -> bool:
        limit = self.budget.seconds_per_run
        return limit is not None and self.elapsed_s() > limit + GRACE_S

    def is_alive(self) -> bool:
        return self.process.is_alive()

    def cause(self) -> str:
        code = self.process.exitcode or 0
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def _work(connection: Connection, function: Callable[[Planned], Outcome]) -> None:
    """A worker's life: runs come, outcomes go, until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            connection.send(function(connection.recv()))
