"""Dask workers, on this machine or on a cluster. Each opens traces and policies itself, so it needs the same paths.

One run at a time is sent to each worker: runs with equal inputs stay together, and a run past its limit has a known place.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sim.core.errors import InputError
from sim.study.backends.groups import Groups
from sim.study.runs import FAILED, GRACE_S, TIMED_OUT, TRIES, Budget, Outcome, Planned, failure

CONNECT_S = 10
"""How long a scheduler may take to answer."""


@dataclass
class _Sent:
    """A run that a worker is at."""

    run: Planned
    worker: str
    began: float


def map(
    function: Callable[[Planned], Outcome],
    runs: Iterable[Planned],
    budget: Budget,
    n_workers: int | None = None,
    scheduler: str | None = None,
) -> Iterator[Outcome]:
    """Gives the outcomes as they finish.

    Args:
        function: what to do with a run.
        runs: those with equal inputs one after the other.
        budget: limits of each run.
        n_workers: of a cluster on this machine; None: one per processor.
        scheduler: address of a running scheduler, tcp://host:port; None: a cluster of this machine's own.

    Raises:
        InputError: Dask is not installed, or the scheduler does not answer.
    """
    queue = Groups(runs)
    if not len(queue):
        return
    with _client(n_workers or len(os.sched_getaffinity(0)), scheduler) as client:
        yield from _mapped(client, function, queue, budget)


def _client(n_workers: int, scheduler: str | None) -> Any:
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError("--backend dask needs Dask: pip install 'augsim[dask]'") from None
    if scheduler is None:
        with dask.config.set({"distributed.scheduler.allowed-failures": TRIES - 1}):
            return Client(LocalCluster(n_workers, threads_per_worker=1, memory_limit=0, dashboard_address=None))
    try:
        return Client(scheduler, timeout=CONNECT_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {scheduler} ({error}); is it running there?") from None


def _mapped(client: Any, function: Callable[[Planned], Outcome], queue: Groups, budget: Budget) -> Iterator[Outcome]:
    from distributed import wait

    sent: dict[Any, _Sent] = {}

    def send(run: Planned, worker: str) -> None:
        future = client.submit(function, run, workers=[worker], allow_other_workers=True, pure=False, retries=0)
        sent[future] = _Sent(run, worker, time.monotonic())

    while True:
        busy = {one.worker for one in sent.values()}
        workers = [worker for worker in client.scheduler_info(n_workers=-1)["workers"] if worker not in busy]
        for worker in workers:
            if (run := queue.next_for(worker)) is not None:
                send(run, worker)
        if not sent and not len(queue):
            return
        done = set()
        if sent:
            with suppress(TimeoutError):
                done = wait(list(sent), timeout=1.0, return_when="FIRST_COMPLETED").done
        else:
            time.sleep(0.1)  # no worker yet, or none any more
        for future in done:
            one = sent.pop(future)
            if future.status == "finished":
                outcome = future.result()
            else:
                outcome = failure(one.run, FAILED, _reason(future), None, time.monotonic() - one.began)
            future.release()  # or the death of the worker that did it would have it done again
            yield outcome
        for future, one in list(sent.items()):
            elapsed = time.monotonic() - one.began
            if budget.seconds_per_run is not None and elapsed > budget.seconds_per_run + GRACE_S:
                del sent[future]
                future.cancel()
                client.restart_workers([one.worker], raise_for_error=False)
                yield failure(one.run, TIMED_OUT, f"took more than {budget.seconds_per_run:g} s", None, elapsed)


def _reason(future: Any) -> str:
    """Why a run gave no outcome: its worker died each time, or cannot do it at all."""
    from distributed import KilledWorker

    error = future.exception()
    if isinstance(error, KilledWorker):
        return f"its process died {error.allowed_failures + 1} times"
    return f"the worker cannot run it: {type(error).__name__}: {error}"
