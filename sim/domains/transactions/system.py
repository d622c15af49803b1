"""The system: transactions placed one after the other, each as early as those before it allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.core.policy import defines
from sim.core.result import Decisions
from sim.core.trace import Trace
from sim.domains.transactions import placement
from sim.domains.transactions.bounds import Bounds, bounds
from sim.domains.transactions.hints import n_misled, operations_seen_by
from sim.domains.transactions.operations import Operations, arrivals
from sim.domains.transactions.placement import Ledger, follow_order, pick_all
from sim.domains.transactions.policy import Picker, Policy, Scheduler
from sim.domains.transactions.setting import HELD, Setting
from sim.domains.transactions.view import Pending, Plan

METRICS = (
    Metric("makespan", "", "lower", "last unit in which an operation is done, from 1"),
    Metric("gap", "", "lower", "makespan above the lower bound, as a share of it"),
    Metric("throughput", "", "higher", "transactions per unit of time"),
    Metric("latency_mean", "", "lower", "mean units from a transaction's arrival to its end, both included"),
    Metric("latency_p99", "", "lower", "99th percentile of these, by nearest rank"),
    Metric("lower_bound", "", None, "no order has a smaller makespan"),
    Metric("optimum", "", None, "the least makespan of all orders; null where there are too many of them to prove it"),
    Metric("evaluations", "", None, "questions the policy asked: what an order, or one more transaction, would give"),
    Metric("transactions", "transactions", None, "transactions of the trace"),
)

N_PROBED = 100
"""Questions that a newly compiled scheduler asks in both forms before it is trusted."""


@dataclass(frozen=True)
class System:
    """Transactions: reads and writes of shared keys, placed in the order that a policy decides, each as early as it can be.

    A trace has the ragged columns `kind` (0 private, 1 read, 2 write) and `key`, one value for each operation, which takes one
    unit of time; and perhaps `arrival`, in units from 1, never decreasing. Offline everything arrives at 1.
    """

    setting: Setting
    domain: ClassVar[str] = "transactions"
    METRICS: ClassVar[tuple[Metric, ...]] = METRICS
    REFERENCE: ClassVar[str] = "arrival"
    LENGTH: ClassVar[str] = "transactions"
    BOUNDED: ClassVar[str] = "makespan"
    Setting: ClassVar[type[Setting]] = Setting

    def begin(self, trace: Trace, policy: Policy, rng: Any, *, record: bool = False) -> PlacementRun:
        return PlacementRun(trace, self.setting.on(trace), policy, rng, record)

    def completed(self, trace: Trace, policy: Policy) -> Trace:
        return trace

    def hindsight(self, trace: Trace) -> Bounds:
        """What no order can beat; by the rule of the setting's protocol."""
        return bounds(trace, _operations(trace, self.setting))

    def judge(self, trace: Trace, policy: Policy, metrics: Any, hindsight: Bounds | None) -> dict[str, Any]:
        """Adds the lower bound, the optimum, and how far above the bound the makespan is; None where nobody worked it out.

        And `eta`, how wrong the hints were: the number of transactions that one told of a wrong key, None where none were read.
        """
        wrong = {"eta": n_misled(policy, trace)}
        if hindsight is None:
            return {"lower_bound": None, "optimum": None, "gap": None, **wrong}
        lower = hindsight.lower
        gap = metrics["makespan"] / lower - 1 if lower else None
        return {"lower_bound": lower, "optimum": hindsight.optimum, "gap": gap, **wrong}

    def replay(self, trace: Trace, decisions: Decisions) -> dict[str, float | int | None]:
        """Recomputes every metric from a log of decisions alone; an illegal or missing one raises IllegalDecision."""
        from sim.core.engine import replay

        return dict(replay(trace, cast(Any, self), Scripted(decisions)).metrics)


def _operations(trace: Trace, setting: Setting) -> Operations:
    return Operations(trace, is_held=setting.protocol == HELD)


class PlacementRun:
    """One policy on one trace (a `sim.core.system.Run`)."""

    loop: Callable[..., None]

    def __init__(self, trace: Trace, setting: Setting, policy: Policy, rng: Any, record: bool):
        name = type(policy).__name__
        self.policy = policy
        self.n_rows = len(trace)
        self.record = record
        arrival = arrivals(trace)
        self.ledger = Ledger(_operations(trace, setting), arrival, setting.inflight)
        self.view: Any
        if isinstance(policy, Scheduler):
            if setting.inflight or (len(arrival) and arrival[-1] > 1):
                raise InputError(
                    f"{name} gives a whole order at once and so runs offline only; with arrivals or a limit of "
                    "transactions in flight a picker (smf, arrival, random) runs"
                )
            self.loop = follow_order
            self.view = Plan(_operations(trace, setting), setting.evaluations)
        elif isinstance(policy, Picker):
            self.loop = pick_all
            self.view = Pending(operations_seen_by(policy, trace, is_held=setting.protocol == HELD), arrival.copy())
        else:
            raise InputError(
                f"{name} is neither a Picker nor a Scheduler of sim.domains.transactions; derive it from one"
            )
        policy.begin(setting, rng)
        self.objects: dict[str, Any] = {"ledger": self.ledger, "policy": policy, "view": self.view}

    def shorten(self) -> None:
        """Lets a scheduler ask few questions: whether its two forms agree shows in those."""
        if isinstance(self.view, Plan):
            self.view.limit_to(N_PROBED)

    @property
    def now(self) -> int:
        return self.ledger.now

    def illegal(self) -> str | None:
        ledger = self.ledger
        if ledger.broken == placement.LEGAL:
            return None
        name, subject, n = type(self.policy).__name__, ledger.broken_subject, ledger.n
        if ledger.broken == placement.INCOMPLETE and subject == 0:
            return f"{name} gave no order: it neither chose one (view.choose) nor evaluated a whole one"
        if ledger.broken == placement.INCOMPLETE:
            return f"{name} gave an order of {subject} transactions; expected each of 0 to {n - 1} once"
        if ledger.broken == placement.EVALUATED:
            return f"{name} asked for an order with transaction {subject}, which is repeated or not one of 0 to {n - 1}"
        which = f"{name} put transaction {subject} at place {ledger.now}"
        if ledger.broken == placement.REPEATED:
            before = int(np.flatnonzero(ledger.order == subject)[0])
            return f"{which}, but it stands at place {before} already"
        if ledger.broken == placement.NOT_PENDING:
            return f"{which} at unit {ledger.clock}, but it arrives at {ledger.arrival[subject]}"
        return f"{which}; expected one of 0 to {n - 1}"

    def counters(self) -> dict[str, float]:
        return {"makespan": float(self.ledger.makespan), "evaluations": float(self.view.evaluations)}

    def curve(self) -> dict[str, np.ndarray]:
        """Of a scheduler, the makespan of the best whole order so far, and the question that found it."""
        if not isinstance(self.view, Plan):
            return {}
        n = self.view.n_better
        return {"curve.evaluations": self.view.better_at[:n].copy(), "curve.makespan": self.view.better[:n].copy()}

    def metrics(self) -> dict[str, float | int | None]:
        ledger = self.ledger
        latency = np.sort(ledger.end - ledger.arrival + 1)
        n = len(latency)
        return {
            "makespan": ledger.makespan,
            "throughput": n / ledger.makespan if n else None,
            "latency_mean": float(latency.mean()) if n else None,
            "latency_p99": int(latency[-(-99 * n // 100) - 1]) if n else None,
            "evaluations": self.view.evaluations,
            "transactions": n,
        }

    def notices(self) -> list[str]:
        return cast(Any, self.policy).notices() if defines(self.policy, "notices") else []

    def decisions(self) -> Decisions | None:
        if not self.record:
            return None
        n = self.n_rows
        return Decisions(np.arange(n), np.zeros(n, np.uint8), self.ledger.order.copy())


class Scripted(Picker):
    """Repeats a log of decisions; the system checks each as if a policy had made it."""

    decisions: Decisions

    def begin(self, setting, rng):
        self.subject = self.decisions.subject
        self.next = 0

    def pick(self, view):
        if self.next >= len(self.subject):
            return -1
        self.next += 1
        return int(self.subject[self.next - 1])
