"""The jailed side: a process that raises its walls, tells which stand, and then runs one candidate as it is asked to.

Its orders come from a trusted process and its answers go there, see `wire.py`. Nothing it says is believed: it can give decisions
and nothing else. Two ways to run a candidate:

- asked: the system runs in the trusted process and asks verb by verb; what the candidate is told is all there is here.
- played: the compiled loop runs here, where the trace is; of the candidate only machine code runs, no line of Python: its state
  after `begin` comes from another jailed process, see `states.py`.
"""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import signal
import socket
import sys
from collections import namedtuple
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sim.adrs import states
from sim.adrs.layers import landlock, rlimits, seccomp
from sim.adrs.seen import FLAGS, SEEN, TOLD, VERBS, Seen
from sim.adrs.wire import Channel
from sim.core.compile import compile_loop
from sim.core.errors import AugsimError, CannotCompile, InputError
from sim.core.policy import Policy
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.study import catalog

PR_SET_PDEATHSIG = 1
"""Asks for a signal when the process that began this one is gone."""


def main(arguments: list[str]) -> None:
    """A worker's life: `arguments` is one text of JSON that says which walls to raise and where its orders come from."""
    wanted = json.loads(arguments[0])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    reading, writing = wanted["pipes"]
    channel = Channel(reading, writing, bytes.fromhex(wanted["nonce"]), wanted["most_bytes"])
    channel.send({"layers": raise_walls(wanted)})
    Worker(channel, Path(wanted["room"])).work()


def raise_walls(wanted: dict[str, Any]) -> list[str]:
    """Raises the layers asked for; gives the names of those that hold, tried out.

    Landlock binds the thread that asks for it and those that it begins, so there must be no other.
    """
    found: list[str | None] = []
    if rlimits.NAME in wanted["layers"]:
        found.append(rlimits.raise_it(wanted["cpu_s"], wanted["memory_bytes"]))
    if landlock.NAME in wanted["layers"] and _is_alone():
        name = landlock.raise_it(map(Path, wanted["readable"]), map(Path, wanted["listed"]))
        found.append(name if name and _is_refused(lambda: os.close(os.open("/", os.O_RDONLY))) else None)
    if seccomp.NAME in wanted["layers"]:
        name = seccomp.raise_it()
        found.append(name if name and _is_refused(lambda: socket.socket().close()) else None)
    order = [rlimits.NAME, seccomp.NAME, landlock.NAME]
    return sorted(filter(None, found), key=lambda name: order.index(name.rstrip("0123456789")))


def _is_alone() -> bool:
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


def _is_refused(action: Callable[[], None]) -> bool:
    try:
        action()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


class Failure(Exception):
    """What ended an order, for the trusted side: "crashed", "memory", "malformed" ... and one line."""

    def __init__(self, kind: str, detail: str):
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


def guarded(action: Callable[..., Any], *arguments: Any) -> Any:
    """Calls what the candidate wrote; whatever it raises, leaving the interpreter included, becomes a Failure."""
    try:
        return action(*arguments)
    except MemoryError:
        raise Failure("memory", f"{_name(action)} asked for more memory than it may have") from None
    except InputError:
        raise
    except BaseException as error:
        raise Failure("crashed", f"{_name(action)} raised {type(error).__name__}: {_words(error)}") from None


def _name(action: Any) -> str:
    return str(getattr(action, "__name__", "it"))


def _words(error: BaseException) -> str:
    """An error's message, short; what the candidate wrote may fail here too."""
    try:
        return str(error)[:300]
    except BaseException:
        return "(no message)"


class Worker:
    """Carries out orders until the channel closes.

    Args:
        channel: orders come by it and answers go.
        room: the folder where the candidate's file is.
    """

    def __init__(self, channel: Channel, room: Path):
        self.channel = channel
        self.file = str(room / "candidate.py")
        self.domain = ""
        self.policy_class: type[Policy] = Policy
        self.policy: Any = None
        self.records: dict[int, Any] = {}
        self.views: dict[int, View] = {}
        self.held: list[tuple[Any, Trace]] = []

    def work(self) -> None:
        while True:
            (order, *details), arrays = self.channel.receive()
            found: list[np.ndarray] = []
            try:
                answer = getattr(self, f"on_{order}")(*details, arrays)
                if type(answer) is tuple:
                    answer, found = answer
            except Failure as failure:
                answer = {"failed": failure.kind, "detail": failure.detail}
            except MemoryError:
                answer = {"failed": "memory", "detail": f"{order} needed more memory than it may have"}
            except AugsimError as error:
                answer = {"failed": "malformed", "detail": str(error)[:300]}
            if answer is not NO_ANSWER:
                self.channel.send(answer, found)

    def on_hold(self, arrays: list[np.ndarray]) -> Any:
        """Takes systems and traces from the trusted side; before any candidate is loaded."""
        assert self.policy_class is Policy
        self.held = [(system, Trace(*trace)) for system, trace in pickle.loads(arrays[0].tobytes())]
        return {}

    def on_load(self, domain: str, arrays: list[np.ndarray]) -> Any:
        """Loads the candidate's file; tells what its class says of itself."""
        self.domain = domain
        try:
            cls = self.policy_class = guarded(catalog.policy_class, domain, self.file)
            guarded(catalog.policy, domain, self.file)
        except InputError as error:
            if isinstance(error.__cause__, MemoryError):
                raise Failure("memory", "loading it took more memory than it may have") from None
            kind = "crashed" if error.__cause__ is not None else "malformed"
            told = str(error).replace(f"policy file {self.file}", "the file").replace(self.file, "the file")
            raise Failure(kind, told) from None
        base = catalog.module("sim.domains", domain).Policy
        return {
            "name": cls.__name__,
            "bases": [c.__name__ for c in cls.__mro__ if c.__module__.startswith("sim.domains.")],
            "clairvoyant": bool(cls.clairvoyant),
            "channels": [str(channel) for channel in cls.channels],
            "asks": [str(channel) for channel in getattr(cls, "asks", ())],
            "flags": {flag: bool(getattr(cls, flag)) for flag in FLAGS if hasattr(cls, flag)},
            "verbs": [v for v in VERBS[domain] if callable(getattr(cls, v, None)) and not _same(cls, base, v)],
        }

    def on_begin(self, setting: list, random: dict, arrays: list[np.ndarray]) -> Any:
        """A fresh policy, begun."""
        self.views.clear()
        self.policy = catalog.policy(self.domain, self.file)
        module, name, fields = setting
        begun = object.__new__(getattr(catalog.module(module), name))
        for field, value in fields.items():
            object.__setattr__(begun, field, self.value(value, arrays))
        guarded(self.policy.begin, begun, states.generator(random))
        return {}

    def on_calls(self, records: list, calls: list, arrays: list[np.ndarray]) -> Any:
        """Calls verbs, one after the other; the last one's answer is waited for, unless all of them only tell."""
        for number, name, fields in records:
            self.records[number] = namedtuple(name, fields)._make  # type: ignore[misc, attr-defined]
        answer = None
        policy, value = self.policy, self.value
        for verb, *told in calls:
            answer = guarded(getattr(policy, verb), *[value(part, arrays) for part in told])
        if calls[-1][0] in TOLD:
            return NO_ANSWER
        try:
            return {"answer": states.plain(answer)}
        except states.NotPlain as error:
            raise Failure("illegal", f"{calls[-1][0]} gave {error}; expected a number") from None

    def on_sync(self, arrays: list[np.ndarray]) -> Any:
        """Answers when all before it is done."""
        return {}

    def on_state(self, arrays: list[np.ndarray]) -> Any:
        """The state of the policy that has begun."""
        try:
            return states.told(self.policy)
        except states.NotPlain as error:
            raise Failure("interpreted", str(error)) from None

    def on_play(self, number: int, state: Any, arrays: list[np.ndarray]) -> Any:
        """Plays a held instance by its compiled loop, from a state that was begun elsewhere."""
        system, trace = self.held[number]
        try:
            policy = states.restored(state, arrays, self.policy_class)
        except states.NotPlain as error:
            raise Failure("interpreted", str(error)) from None
        return played(system, trace, policy)

    def value(self, told: Any, arrays: list[np.ndarray]) -> Any:
        """What the trusted side means: a number, a record, a tuple, an array, a view."""
        if type(told) is list:
            fields = told[1:]
            return self.records[told[0]]([self.value(f, arrays) if type(f) is dict else f for f in fields])
        if type(told) is not dict:
            return told
        if "items" in told:
            return tuple(self.value(part, arrays) for part in told["items"])
        if "array" in told:
            return arrays[told["array"]].copy()
        view = self.views.get(told["view"])
        if view is None:
            view = self.views[told["view"]] = View(self, told["view"], SEEN[self.domain, told["class"]])
        view.renew({name: self.value(field, arrays) for name, field in told["fields"].items()})
        return view

    def ask(self, number: int, name: str, arguments: list) -> Any:
        """Asks the trusted side about a view; the answer, and what has changed by it."""
        self.channel.send({"ask": [number, name, arguments]})
        (answer, fields), arrays = self.channel.receive()
        self.views[number].renew({name: self.value(field, arrays) for name, field in fields.items()})
        return self.value(answer, arrays)


NO_ANSWER = object()


def _same(cls: type, base: type, verb: str) -> bool:
    """Whether a class takes a verb from the domain's base as it is, where it does nothing."""
    return getattr(cls, verb) is getattr(base, verb, None)


class View:
    """What a candidate sees of an object on the trusted side: its shown fields, and its verbs, which ask there."""

    def __init__(self, worker: Worker, number: int, seen: Seen):
        for verb in seen.verbs:
            vars(self)[verb] = partial(_asked, worker, number, verb)
        self._read = {name: partial(worker.ask, number, name, []) for name in seen.asked}

    def renew(self, fields: dict[str, Any]) -> None:
        vars(self).update(fields)

    def __getattr__(self, name: str) -> Any:
        read = vars(self).get("_read", {}).get(name)
        if read is None:
            raise AttributeError(f"the view has nothing called {name} to see")
        return read()


def _asked(worker: Worker, number: int, verb: str, *arguments: Any) -> Any:
    return worker.ask(number, verb, [states.plain(argument) for argument in arguments])


def played(system: Any, trace: Any, policy: Policy) -> Any:
    """The decisions of a policy that has begun, by the compiled loop; no line of the candidate is interpreted."""
    cls = type(policy)
    if cls.clairvoyant:
        raise Failure("refused", f"{cls.__name__} says that it is clairvoyant")
    begin = cls.begin
    cls.begin = _begun  # type: ignore[method-assign, assignment]
    try:
        run = system.begin(trace, policy, stream(0, "unused"), record=True)
    finally:
        cls.begin = begin  # type: ignore[method-assign]
    if reason := getattr(run, "why_interpreted", None):
        raise Failure("interpreted", reason)
    try:
        compiled = compile_loop(run.loop, run.objects, cls.__name__, run.n_rows)
    except CannotCompile as error:
        raise Failure("interpreted", str(error)) from None
    try:
        compiled(0, run.n_rows)
    except Exception as error:
        raise Failure("interpreted", f"its compiled form raised {type(error).__name__} at {run.now}") from None
    if (broken := run.illegal()) is not None:
        raise Failure("illegal", broken)
    decisions = run.decisions()
    return {"rows": run.n_rows}, [decisions.row, decisions.kind, decisions.subject]


def _begun(policy: Policy, setting: Any, rng: Any) -> None:
    """In the place of a `begin` that ran elsewhere."""
