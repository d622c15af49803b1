"""The system: a dispatcher, servers with queues, and jobs that come to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import numpy as np

from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.core.policy import counters_of, defines, parts_of
from sim.core.result import Decisions
from sim.core.rows import Rows
from sim.core.seeds import beside
from sim.core.trace import NONE, Trace
from sim.domains.dispatch.farm import Crashes, Deadlines, Farm, Ledger, Returns, play
from sim.domains.dispatch.measures import METRICS, summary
from sim.domains.dispatch.policy import Policy, channels_needed, read_by
from sim.domains.dispatch.queues import ByKey, Fifo, Sharing
from sim.domains.dispatch.setting import Setting
from sim.domains.dispatch.view import ClairvoyantView, Known, PredictingView, View


@dataclass(frozen=True)
class System:
    """Dispatch: each job is sent on its arrival to one of n servers, and leaves it complete.

    A trace has the columns `time` (arrivals, never decreasing) and `size` (work, above 0); in a closed system `client` and
    `think` stand for `time`: a client's first job comes after its think time, each further one so long after the end of
    the one before.
    """

    setting: Setting
    domain: ClassVar[str] = "dispatch"
    METRICS: ClassVar[tuple[Metric, ...]] = METRICS
    REFERENCE: ClassVar[str] = "least_work"
    LENGTH: ClassVar[str] = "requests"
    BOUNDED: ClassVar[str] = "response_mean"
    Setting: ClassVar[type[Setting]] = Setting

    def begin(self, trace: Trace, policy: Policy, rng: Any, *, record: bool = False) -> DispatchRun:
        return DispatchRun(trace, self.setting.on(trace), policy, rng, record)

    def completed(self, trace: Trace, policy: Policy) -> Trace:
        return trace

    def hindsight(self, trace: Trace) -> None:
        return None

    def judge(self, trace: Trace, policy: Policy, metrics: Any, hindsight: Any) -> dict[str, Any]:
        """Adds `eta`, how wrong the predicted sizes were: the sum of |log(predicted / true)|, None where none were read."""
        is_read = bool(channels_needed(policy)) or self.setting.needs_predictions
        if not is_read or "predicted_size" not in trace:
            return {"eta": None}
        predicted, size = np.asarray(trace["predicted_size"]), np.asarray(trace["size"])
        return {"eta": float(np.abs(np.log(predicted / size)).sum())}

    def replay(self, trace: Trace, decisions: Decisions) -> dict[str, float | int | None]:
        """Recomputes every metric from a log of decisions alone; an illegal or missing one raises IllegalDecision."""
        from sim.core.engine import replay

        return dict(replay(trace, cast(Any, self), Scripted(decisions)).metrics)


class DispatchRun:
    """One policy on one trace (a `sim.core.system.Run`)."""

    loop: Callable[..., None] = staticmethod(play)

    def __init__(self, trace: Trace, setting: Setting, policy: Policy, rng: Any, record: bool):
        time, following, think = arrivals(trace)
        size = sizes(trace, "size")
        predicted = self._predicted(trace, setting, policy)
        self.policy = policy
        self.n_rows = len(trace)
        for part in parts_of(policy):
            if part.clairvoyant and not policy.clairvoyant:
                raise InputError(f"{type(policy).__name__} is not clairvoyant, and its part {type(part).__name__} is")
        self.ledger = Ledger(setting, record)
        kind = {"fcfs": Fifo, "ps": Sharing}.get(setting.discipline, ByKey)
        self.queues = kind(setting, size, predicted)
        n_nodes = setting.n_jobs * (1 + setting.retries)
        is_late = setting.refresh > 0 or setting.delay > 0
        known = Known(setting, 2 * n_nodes) if is_late else None
        view = ClairvoyantView if policy.clairvoyant else PredictingView if read_by(policy) else View
        self.view = view(setting, self.queues, known or self.queues)
        returns = Returns(setting, following, think) if following is not None or setting.retries else None
        deadlines = Deadlines(setting) if setting.timeout is not None else None
        crashes = Crashes(setting, beside(rng, "crashes")) if setting.up_mean is not None else None
        policy.begin(replace(setting, sizes=size.copy()) if policy.clairvoyant else setting, rng)
        farm: Any = Farm(setting, time, self.ledger, self.queues, self.view, known, returns, deadlines, crashes)
        if setting.simpy:
            from sim.domains.dispatch.processes import Farm as Processes
            from sim.domains.dispatch.processes import play as play_processes

            self.loop = play_processes
            self.why_interpreted = "it was asked to run as SimPy processes"
            farm = Processes(setting, farm)
        fields: dict[str, Any] = {"key": keys(trace)}
        if read_by(policy):
            fields["size"] = size if policy.clairvoyant else predicted
        self.objects: dict[str, Any] = {"farm": farm, "policy": policy, "jobs": Rows("Job", len(trace), fields)}

    def _predicted(self, trace: Trace, setting: Setting, policy: Policy) -> np.ndarray | None:
        """The predicted sizes where anybody goes by them."""
        who = type(policy).__name__ if channels_needed(policy) else f"discipline {setting.discipline}"
        if not channels_needed(policy) and not setting.needs_predictions:
            return None
        if "predicted_size" not in trace:
            raise InputError(f"{who} needs predictions of channel size: give --predict size or size:lognormal=0.5")
        return sizes(trace, "predicted_size")

    @property
    def now(self) -> int:
        return self.ledger.row

    def illegal(self) -> str | None:
        if not self.ledger.is_broken:
            return None
        name, wrong = type(self.policy).__name__, self.ledger.wrong
        n = len(self.queues.queue)
        if wrong == NONE:
            return f"{name} named no server for job {self.now}; expected one of 0 to {n - 1}"
        return f"{name} sent job {self.now} to server {wrong}; expected one of 0 to {n - 1}"

    def counters(self) -> dict[str, float]:
        ledger = self.ledger
        told = {"finished": ledger.n_settled - ledger.lost, "response": ledger.response_sum}
        return {**told, **counters_of(self.policy)}

    def metrics(self) -> dict[str, float | int | None]:
        return summary(self.ledger, self.queues, self.view)

    def notices(self) -> list[str]:
        return cast(Any, self.policy).notices() if defines(self.policy, "notices") else []

    def decisions(self) -> Decisions | None:
        log = self.ledger.log
        if log is None:
            return None
        row = log.row[: log.size].copy()
        return Decisions(row, np.zeros(len(row), np.uint8), log.subject[: log.size].copy())


def sizes(trace: Trace, column: str) -> np.ndarray:
    """A column of sizes, float64; refused where one is not above 0 and finite."""
    size = np.ascontiguousarray(trace[column], np.float64)
    wrong = np.flatnonzero(~((size > 0) & np.isfinite(size)))
    if len(wrong):
        i = int(wrong[0])
        raise InputError(f"trace {trace.name}: {column} of job {i} is {size[i]:g}; expected a number above 0")
    return size


def keys(trace: Trace) -> np.ndarray:
    """What each job is about, integers from 0; its row where the trace does not say."""
    if "key" not in trace:
        return np.arange(len(trace))
    key = np.asarray(trace["key"])
    if key.dtype.kind not in "iu" or np.any(key < 0):
        raise InputError(f"trace {trace.name}: column key must be integers of at least 0, one for each thing")
    return key


def arrivals(trace: Trace) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """When jobs come: (times, None, None) of an open system, (None, each client's next job, think times) of a closed one.

    Raises:
        InputError: no jobs, no times, a time that is no number or before its predecessor's, a negative think time.
    """
    if len(trace) == 0:
        raise InputError(f"trace {trace.name} has no jobs")
    if "client" in trace and "think" in trace:
        think = np.ascontiguousarray(trace["think"], np.float64)
        wrong = np.flatnonzero(~((think >= 0) & np.isfinite(think)))
        if len(wrong):
            i = int(wrong[0])
            raise InputError(f"trace {trace.name}: think of job {i} is {think[i]:g}; expected a time of at least 0")
        client = np.asarray(trace["client"])
        order = np.argsort(client, kind="stable")
        following = np.full(len(trace), NONE, np.int64)
        same = client[order[1:]] == client[order[:-1]]
        following[order[:-1][same]] = order[1:][same]
        return None, following, think
    if "time" not in trace:
        raise InputError(f"trace {trace.name} has no arrivals: expected a column time, or client and think")
    time = np.ascontiguousarray(trace["time"], np.float64)
    if not np.isfinite(time[0]):
        raise InputError(f"trace {trace.name}: time of job 0 is {time[0]:g}; expected a number")
    wrong = np.flatnonzero(~((np.diff(time) >= 0) & np.isfinite(time[1:])))
    if len(wrong):
        i = int(wrong[0]) + 1
        raise InputError(
            f"trace {trace.name}: time goes backwards at job {i}, from {time[i - 1]:g} to {time[i]:g}; sort it by time"
        )
    return time - time[0], None, None


class Scripted(Policy):
    """Repeats a log of decisions; the system checks each as if a policy had made it."""

    decisions: Decisions

    def begin(self, setting, rng):
        self.row = self.decisions.row
        self.server = self.decisions.subject
        self.next = 0

    def route(self, job, view):
        if self.next < len(self.row) and self.row[self.next] == job.index:
            self.next += 1
            return int(self.server[self.next - 1])
        return -1
