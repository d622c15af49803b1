"""A run of a sweep: planned whole, done anywhere, its outcome a value whatever went wrong."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from sim.core.errors import AugsimError, IllegalDecision, InputError
from sim.study import catalog, provenance, spec
from sim.study.experiment import Bench, Experiment

if TYPE_CHECKING:
    import pandas as pd

TIMED_OUT, OUT_OF_MEMORY, FAILED, ILLEGAL, DONE = "timed out", "out of memory", "failed", "illegal", "done"
"""What became of a run: only `done` has metrics; `illegal` is the policy's fault, `failed` its input's or its own."""


@dataclass(frozen=True)
class Budget:
    """What one run may take; None: as much as it wants.

    Args:
        seconds_per_run: of wall clock, above 0.
        memory_per_run_mb: of memory (MiB) beyond what its process holds before it; needs a back end with processes.
    """

    seconds_per_run: float | None = None
    memory_per_run_mb: float | None = None

    def __post_init__(self):
        for name, value in vars(self).items():
            if value is not None and not value > 0:
                raise InputError(f"budget.{name} must be above 0, got {value}")


@dataclass(frozen=True)
class Inputs:
    """How traces are opened, the same for all runs of a sweep; see `Bench`."""

    reader: tuple[tuple[str, Any], ...] = ()
    n_requests: int | None = None
    cache: bool = True

    def bench(self) -> Bench:
        return Bench(cache=self.cache, reader=dict(self.reader), n_requests=self.n_requests)


@dataclass(frozen=True)
class Planned:
    """One run of a sweep, known in full before it starts.

    Args:
        experiment: what to run.
        asked: how tables call it: `trace`, `redrawn` (each seed draws a trace of its own), `label` (the policy), and the axes as
            they were asked for, `asked.capacity` ("1%") and so on, which group rows whose settings differ between traces.
        key: hash of what the run is: content of the trace, policy with parameters, predictions, setting, seed.
        code: hash of all code that shapes it; a stored result with another one is stale.
        inputs: runs with equal inputs find trace, predictions and reference ready where they follow each other.
        sha256: of the trace's file, in hexadecimal; empty where it has none.
    """

    experiment: Experiment
    asked: Mapping[str, Any]
    key: str
    code: str
    inputs: str
    sha256: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Args:
        planned: the run.
        status: one of those above.
        row: its flat row; without metrics where it is not done.
        error: one line, where it is not done.
        details: a traceback, where the failure is no line for a user.
        timeline: columns over equal parts of the trace; empty where it is not done.
        seconds: wall clock of the whole run, opening and labelling included.
    """

    planned: Planned
    status: str
    row: Mapping[str, Any]
    error: str | None = None
    details: str | None = None
    timeline: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


TRIES = 3
"""How often a run is begun whose process dies."""

GRACE_S = 5.0
"""A run stops itself at its limit, between parts of the trace; one that does not is killed so much later."""

Backend = Callable[[Callable[[Planned], Outcome], Iterable[Planned], Budget], Iterator[Outcome]]
"""A back end: maps a function over runs and gives the outcomes as they finish."""


@cache
def _bench(inputs: Inputs) -> Bench:
    """The bench of this process: neighbouring runs find trace, predictions and reference on it."""
    return inputs.bench()


class _TimedOut(Exception):
    pass


def run_planned(inputs: Inputs, budget: Budget, planned: Planned) -> Outcome:
    """Runs one experiment; whatever goes wrong with it is in the outcome, and nothing is raised but an interrupt."""
    began = time.perf_counter()

    def watch(done: int, n: int) -> None:
        if budget.seconds_per_run is not None and time.perf_counter() - began > budget.seconds_per_run:
            raise _TimedOut

    def ended(status: str, error: str, details: str | None = None) -> Outcome:
        return failure(planned, status, error, details, time.perf_counter() - began)

    try:
        with _memory_limited(budget.memory_per_run_mb):
            _check_unchanged(planned)
            result = _bench(inputs).run(planned.experiment, progress=watch)
    except _TimedOut:
        return ended(TIMED_OUT, f"took more than {budget.seconds_per_run:g} s")
    except IllegalDecision as error:
        return ended(ILLEGAL, str(error))
    except (MemoryError, AugsimError) as error:
        if isinstance(error.__cause__ or error, MemoryError):
            return ended(OUT_OF_MEMORY, f"needs more memory than {_memory_words(budget)}")
        return ended(FAILED, str(error), traceback.format_exc() if error.__cause__ else None)
    except Exception as error:
        return ended(FAILED, f"{type(error).__name__}: {error}", traceback.format_exc())
    row = provenance.flat({**planned.asked, **result.row(), "trace": planned.asked["trace"]})
    return Outcome(planned, DONE, row, None, None, result.timeline, time.perf_counter() - began)


def _check_unchanged(planned: Planned) -> None:
    """Refuses a run whose code was edited after it was planned: its row would pass for one of the older code."""
    experiment = planned.experiment
    policy = catalog.policy(experiment.domain, experiment.policy)
    if provenance.code_of(experiment.domain, policy, bool(experiment.predictions)) != planned.code:
        raise InputError(
            f"the code of {provenance.file_label(experiment.policy)} is not what it was when the sweep began; run it again"
        )


@contextmanager
def _memory_limited(limit_mb: float | None) -> Iterator[None]:
    """Private memory beyond what the process has now; mapped files do not count."""
    if limit_mb is None:
        yield
        return
    import resource

    with open("/proc/self/status") as status:
        now_kb = next(int(line.split()[1]) for line in status if line.startswith("VmData"))
    before, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (now_kb * 1024 + int(limit_mb * 2**20), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, most))


def failure(planned: Planned, status: str, error: str, details: str | None = None, seconds: float = 0.0) -> Outcome:
    """The outcome of a run that gave none: its row says what was to run."""
    experiment = planned.experiment
    row = {
        **planned.asked,
        "policy": spec.parse_policy(experiment.policy).name,
        **{f"system.{name}": value for name, value in experiment.setting},
        "predictions": " ".join(experiment.predictions) or "none",
        "seed": experiment.seed,
    }
    return Outcome(planned, status, row, error, details, {}, seconds)


def _memory_words(budget: Budget) -> str:
    return "there is" if budget.memory_per_run_mb is None else f"{budget.memory_per_run_mb:g} MiB"


def table(outcomes: Iterable[Outcome]) -> pd.DataFrame:
    """Outcomes as a table, one row each."""
    import pandas as pd

    return pd.DataFrame([{"status": outcome.status, "error": outcome.error, **outcome.row} for outcome in outcomes])
