"""Dask workers, on this machine or on a cluster. Each opens traces and policies itself, so it needs the same paths.

One run at a time is sent to each worker: runs with equal inputs stay together, and a run past its limit has a known place.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sim.core.errors import InputError
from sim.study.backends.groups import Groups
from sim.study.runs import FAILED, GRACE_S, TIMED_OUT, TRIES, Budget, Outcome, Planned, failure

CONNECT_S = 10
"""How long a scheduler may take to answer."""

WORKERS_S = 60
"""How long it may have no worker."""

ANSWER_S = 30
"""How long a worker that is done may take to send what it has."""


@dataclass
class _Sent:
    """A run that a worker is at."""

    run: Planned
    worker: str
    began: float

    def elapsed_s(self) -> float:
        return time.monotonic() - self.began


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
        InputError: Dask is not installed, the scheduler does not answer, goes away, or has no worker.
    """
    queue = Groups(runs)
    if not len(queue):
        return
    with Pool(function, budget, n_workers, scheduler) as pool:
        yield from pool.map(queue)


class Pool:
    """Workers that stay for several maps of one function, with all that they have opened and compiled.

    Args and errors: see `map`.
    """

    def __init__(
        self,
        function: Callable[[Planned], Outcome],
        budget: Budget,
        n_workers: int | None = None,
        scheduler: str | None = None,
    ):
        self.function = function
        self.budget = budget
        self.connection = _client(n_workers or len(os.sched_getaffinity(0)), scheduler)

    def __enter__(self) -> Pool:
        self.client = self.connection.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.connection.__exit__(*error)

    def map(self, runs: Iterable[Planned] | Groups) -> Iterator[Outcome]:
        """Gives the outcomes as they finish, see the function `map`."""
        yield from _mapped(self.client, self.function, runs if isinstance(runs, Groups) else Groups(runs), self.budget)


@contextmanager
def _client(n_workers: int, scheduler: str | None) -> Iterator[Any]:
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError("--backend dask needs Dask: pip install 'augsim[dask]'") from None
    if scheduler is None:
        workers = {"n_workers": n_workers, "threads_per_worker": 1, "memory_limit": 0}
        with LocalCluster(**workers, dashboard_address=None) as cluster, Client(cluster) as client:
            yield client
        return
    try:
        client = Client(scheduler, timeout=CONNECT_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {scheduler} ({error}); is it running there?") from None
    with client:
        yield client


def _mapped(client: Any, function: Callable[[Planned], Outcome], queue: Groups, budget: Budget) -> Iterator[Outcome]:
    """A run is bound to its worker: should that die, Dask leaves the run alone, and it is begun again from here."""
    sent: dict[Any, _Sent] = {}
    again: list[Planned] = []
    deaths: Counter[str] = Counter()
    had_workers = time.monotonic()
    while sent or again or len(queue):
        workers = set(client.scheduler_info(n_workers=-1)["workers"])
        had_workers = time.monotonic() if workers else had_workers
        _check(client, had_workers)
        for worker in sorted(workers - {one.worker for one in sent.values()}):
            if (run := again.pop() if again else queue.next_for(worker)) is not None:
                future = client.submit(function, run, workers=[worker], pure=False, retries=0)
                sent[future] = _Sent(run, worker, time.monotonic())
        ended: dict[Any, Outcome | None] = {future: None for future, one in sent.items() if one.worker not in workers}
        for future in _done([future for future in sent if future not in ended]):
            ended[future] = _outcome(future, sent[future])
        for future, outcome in ended.items():
            one = sent.pop(future)
            future.cancel()  # or the death of the worker that did it would have it done again
            if outcome is None:
                deaths[one.run.key] += 1
                if deaths[one.run.key] < TRIES:
                    again.append(one.run)
                    continue
                outcome = failure(one.run, FAILED, f"its process died {TRIES} times", None, one.elapsed_s())
            yield outcome
        for future, one in list(sent.items()):
            if budget.seconds_per_run is not None and one.elapsed_s() > budget.seconds_per_run + GRACE_S:
                del sent[future]
                future.cancel()
                client.restart_workers([one.worker], raise_for_error=False)
                error = f"took more than {budget.seconds_per_run:g} s"
                yield failure(one.run, TIMED_OUT, error, None, one.elapsed_s())


def _check(client: Any, had_workers: float) -> None:
    """Refuses to wait for a scheduler that is gone, or that nobody works for."""
    address = client.scheduler.address
    if client.status != "running":
        raise InputError(
            f"the Dask scheduler at {address} is gone; with another one the same command goes on from here"
        )
    if time.monotonic() - had_workers > WORKERS_S:
        raise InputError(
            f"the Dask scheduler at {address} has had no worker for {WORKERS_S} s; start some: dask worker {address}"
        )


def _done(futures: list[Any]) -> Iterable[Any]:
    """Those that have ended, as soon as one has, or none after a second."""
    from distributed import wait

    if not futures:
        time.sleep(0.1)  # no worker yet, or none any more
        return ()
    with suppress(TimeoutError):
        return wait(futures, timeout=1.0, return_when="FIRST_COMPLETED").done
    return ()


def _outcome(future: Any, one: _Sent) -> Outcome | None:
    """What a run gave; None where its worker died before it had told."""
    from distributed import CancelledError, KilledWorker

    try:
        return future.result(timeout=ANSWER_S)
    except (KilledWorker, CancelledError, TimeoutError):
        return None
    except Exception as error:
        return failure(
            one.run, FAILED, f"the worker cannot run it: {type(error).__name__}: {error}", None, one.elapsed_s()
        )
