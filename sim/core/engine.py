"""replay(): one trace, one system, one policy, one seed -> Result."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from functools import partial
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
        run = begin()
        play, engine = _player(run, name, mode, notices)
    ends = sorted({run.n_rows * part // N_PARTS for part in range(1, N_PARTS + 1)} - {0})
    totals = [run.counters()]
    seconds = 0.0
    for start, stop in zip([0, *ends[:-1]], ends, strict=True):
        before = time.perf_counter()
        _guarded(name, run, partial(play, start, stop))
        seconds += time.perf_counter() - before
        if (broken := run.illegal()) is not None:
            raise IllegalDecision(broken)
        totals.append(run.counters())
        if progress is not None:
            progress(stop, run.n_rows)
    timeline = {key: np.diff([total[key] for total in totals]) for key in totals[0]}
    return Result(
        metrics=run.metrics(),
        timeline={"row": np.array(ends, np.int64), **timeline},
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
        return compile_loop(run.loop, run.objects, name), "compiled"
    except CannotCompile as error:
        if mode == "compiled":
            raise CannotCompile(f"{name} cannot be compiled: {error}") from error
        notices.append(f"{name} runs interpreted: {error}")
        return _interpreted(run), "interpreted"


def _guarded(name: str, run: Run | None, action: Callable[[], Any]) -> Any:
    """Does it; what a policy raises becomes one line that names policy and request."""
    try:
        return action()
    except AugsimError:
        raise
    except Exception as error:
        where = f"at request {run.now}" if run is not None else "in begin"
        raise PolicyError(f"{name} raised {type(error).__name__} {where}: {error}") from error


def _differs(begin: Callable[[], Run], play: CompiledLoop, run: Run) -> str | None:
    """Plays the first rows in both forms; names a field that differs afterwards, None when all agree."""
    other = begin()
    stop = min(run.n_rows, N_PROBED)
    errors = []
    for action in (lambda: play(0, stop), lambda: _interpreted(other)(0, stop)):
        try:
            action()
            errors.append("")
        except Exception as error:
            errors.append(type(error).__name__)
    if errors[0] != errors[1]:
        return f"an error ({' / '.join(e or 'none' for e in errors)})"
    if any(errors):
        return None
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
