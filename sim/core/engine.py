"""replay(): one trace, one system, one policy, one seed -> Result."""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sim.core.compile import CompiledLoop, compile_loop
from sim.core.errors import AugsimError, CannotCompile, IllegalDecision, PolicyError
from sim.core.kinds import instances, number_type, state
from sim.core.policy import Policy
from sim.core.result import Result
from sim.core.seeds import stream
from sim.core.system import Run, System
from sim.core.trace import Trace

Mode = Literal["auto", "compiled", "interpreted"]

N_PARTS = 100
"""Parts of a run: points of its timeline, and the places where it can be interrupted."""

N_PROBED = 2000
"""Rows that a newly compiled loop plays in both forms before it is trusted."""


def replay(
    trace: Trace,
    system: System,
    policy: Policy,
    *,
    seed: int = 0,
    mode: Mode = "auto",
    record: bool = False,
    n_parts: int = N_PARTS,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Plays a trace through a policy under a system's rules.

    Args:
        trace: the input; predictions are columns of it.
        system: the rules with their setting.
        policy: parameters only; the one passed in stays as it is.
        seed: the policy's draws come from the stream "policy" of this seed and the trace's name.
        mode: "compiled" is refused where there is no machine-code form; "auto" then runs interpreted and says why.
        record: keep the decisions.
        n_parts: points of the timeline; the metrics are the same with any.
        progress: called with (rows done, rows in all) after each part.

    Raises:
        IllegalDecision: the policy broke a rule; names policy, request number, decision.
        PolicyError: the policy raised.
        CannotCompile: `mode` is "compiled" and the policy cannot be.
        InputError: trace, system and policy do not go together.
    """
    name = type(policy).__name__

    def begin() -> Run:
        rng = stream(seed, "policy", trace.name)
        return _guarded(name, None, lambda: system.begin(trace, copy.deepcopy(policy), rng, record=record))

    run = begin()
    notices: list[str] = []
    play, engine = _player(run, name, mode, notices)
    if isinstance(play, CompiledLoop) and play.is_new and (field := _differs(begin, play, run)):
        reason = f"{field} differs between the compiled and the interpreted form after {N_PROBED} requests"
        play.refuse(reason)
        if mode == "compiled":
            raise CannotCompile(f"{name}: {reason}")
        notices.append(f"{name} runs interpreted: {reason}")
        run = begin()
        play, engine = _interpreted(run), "interpreted"
    elif isinstance(play, CompiledLoop) and play.is_new:
        play.trust()
        run = begin()
        play, engine = _player(run, name, mode, [])
    try:
        played = _played(run, play, name, n_parts, progress)
    except _Failed as failure:
        if not isinstance(play, CompiledLoop):
            raise _blamed(name, run, failure.error) from failure.error
        _raise_as_interpreted(begin, name, mode, failure)
        reason = f"its compiled form raised {failure} at request {failure.row}, where Python does not"
        if mode == "compiled":
            raise CannotCompile(f"{name}: {reason}") from failure.error
        notices.append(f"{name} runs interpreted: {reason}")
        run, engine = begin(), "interpreted"
        try:
            played = _played(run, _interpreted(run), name, n_parts, progress)
        except _Failed as again:
            raise _blamed(name, run, again.error) from again.error
    ends, totals, seconds = played
    timeline = {key: np.diff([total[key] for total in totals]) for key in totals[0]}
    curve = getattr(run, "curve", None)
    return Result(
        metrics=run.metrics(),
        timeline={"row": np.array(ends, np.int64), **timeline, **(curve() if curve is not None else {})},
        seconds=seconds,
        n_rows=run.n_rows,
        engine=engine,
        notices=(*notices, *run.notices()),
        decisions=run.decisions(),
    )


def _interpreted(run: Run) -> Callable[[int, int], None]:
    return lambda start, stop: run.loop(*run.objects.values(), start, stop)


def _player(run: Run, name: str, mode: Mode, notices: list[str]) -> tuple[Callable[[int, int], None], str]:
    """The loop as a function of (start, stop), and which form it is."""
    if mode == "interpreted":
        return _interpreted(run), "interpreted"
    try:
        if reason := getattr(run, "why_interpreted", None):
            raise CannotCompile(reason)
        compiled = compile_loop(run.loop, run.objects, name, run.n_rows)
    except CannotCompile as error:
        if mode == "compiled":
            raise CannotCompile(f"{name} cannot be compiled: {error}") from error
        notices.append(f"{name} runs interpreted: {error}")
        return _interpreted(run), "interpreted"
    if not compiled.module.is_kept:
        folder = Path(compiled.module.__file__).parent
        notices.append(
            f"{folder} cannot be written: policies are compiled anew at every start; AUGSIM_CACHE names another"
        )
    return compiled, "compiled"


ERRORS = (Exception, SystemExit)
"""What a policy's own code may raise; one that exits must not end the command as if all were well."""


class _Failed(Exception):
    """A loop raised; `row` is where."""

    def __init__(self, error: BaseException, row: int):
        super().__init__(f"{type(error).__name__} ({error})")
        self.error = error
        self.row = row


def _played(
    run: Run,
    play: Callable[[int, int], None],
    name: str,
    n_parts: int,
    progress: Callable[[int, int], None] | None,
) -> tuple[list[int], list[Any], float]:
    """Plays all rows in parts: the parts' ends, the counters before the first and after each, the seconds it took."""
    ends = sorted({run.n_rows * part // n_parts for part in range(1, n_parts + 1)} - {0})
    totals = [run.counters()]
    seconds = 0.0
    for start, stop in itertools.pairwise([0, *ends]):
        before = time.perf_counter()
        try:
            play(start, stop)
        except AugsimError:
            raise
        except ERRORS as error:
            raise _Failed(error, run.now) from error
        seconds += time.perf_counter() - before
        if (broken := run.illegal()) is not None:
            raise IllegalDecision(broken)
        totals.append(run.counters())
        if progress is not None:
            progress(stop, run.n_rows)
    return ends, totals, seconds


def _raise_as_interpreted(begin: Callable[[], Run], name: str, mode: Mode, failure: _Failed) -> None:
    """Plays up to the row where machine code raised, and that row in Python: what is wrong there raises with its own words."""
    run = begin()
    play, _ = _player(run, name, mode, [])
    play(0, failure.row)
    _guarded(name, run, partial(_interpreted(run), failure.row, failure.row + 1))


def _blamed(name: str, run: Run, error: BaseException) -> PolicyError:
    return PolicyError(f"{name} raised {type(error).__name__} at request {run.now}: {_words(error)}")


def _words(error: BaseException) -> str:
    """What it says, in one line."""
    return " ".join(str(error).split())


def _guarded(name: str, run: Run | None, action: Callable[[], Any]) -> Any:
    """Does it; what a policy raises becomes one line that names policy and request."""
    try:
        return action()
    except AugsimError:
        raise
    except ERRORS as error:
        where = f"at request {run.now}" if run is not None else "in begin"
        raise PolicyError(f"{name} raised {type(error).__name__} {where}: {_words(error)}") from error


def _differs(begin: Callable[[], Run], play: CompiledLoop, run: Run) -> str | None:
    """Plays the first rows in both forms; names a field that differs afterwards, None when all agree.

    A run that does much work in few rows can `shorten()` it for this.
    """
    other = begin()
    for each in (run, other):
        if (shorten := getattr(each, "shorten", None)) is not None:
            shorten()
    stop = min(run.n_rows, N_PROBED)
    try:
        play(0, stop)
    except Exception:
        return None  # whatever machine code raises is held against Python when it is met in the run
    try:
        _interpreted(other)(0, stop)
    except ERRORS as error:
        return f"an error ({type(error).__name__} in Python alone)"
    for value, twin in zip(run.objects.values(), other.objects.values(), strict=True):
        for mine, theirs in zip(instances(value), instances(twin), strict=True):
            for field, part in state(mine).items():
                if not _equal(part, state(theirs)[field]):
                    return f"{type(mine).__name__}.{field}"
    return None


def _equal(mine: Any, theirs: Any) -> bool:
    if isinstance(mine, np.ndarray):
        return np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f")
    if isinstance(mine, np.random.Generator):
        return mine.bit_generator.state == theirs.bit_generator.state
    if number_type(mine) is not None:
        return mine == theirs or (mine != mine and theirs != theirs)
    return True
