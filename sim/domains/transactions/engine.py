"""The execution engine: transactions that run at once on workers, kept apart by a protocol, with aborts and retries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self, cast

import numpy as np

from sim.core.errors import IllegalDecision, InputError
from sim.core.metric import Metric
from sim.core.policy import defines
from sim.core.result import Decisions
from sim.core.trace import Trace
from sim.domains.transactions import placement
from sim.domains.transactions.concurrency import DEADLOCK, Locks, Program, Validation, Versions
from sim.domains.transactions.hints import hottest, n_misled, operations_seen_by
from sim.domains.transactions.operations import PRIVATE, Operations, arrivals, columns, rollbacks
from sim.domains.transactions.policy import Picker, Policy
from sim.domains.transactions.system import Scripted
from sim.domains.transactions.units import ENDLESS, Ledger, Log, play
from sim.domains.transactions.view import Pending

METRICS = (
    Metric("throughput", "", "higher", "commits per unit of time"),
    Metric("makespan", "", "lower", "unit in which the last transaction leaves"),
    Metric(
        "latency_mean",
        "",
        "lower",
        "mean units from a transaction's arrival until it leaves, retries and pauses included",
    ),
    Metric("latency_p50", "", "lower", "median of these, by nearest rank"),
    Metric("latency_p95", "", "lower", "95th percentile of these"),
    Metric("latency_p99", "", "lower", "99th percentile of these"),
    Metric("latency_max", "", "lower", "the longest of these"),
    Metric("abort_rate", "", "lower", "aborts per attempt that ended"),
    Metric("wasted", "", "lower", "operations of aborted attempts per operation done"),
    Metric("retries_max", "", "lower", "most retries of one transaction"),
    Metric("hot_key_utilisation", "", None, "share of the units in which the busiest key was accessed"),
    Metric("jain", "", "higher", "Jain's fairness of the clients' throughputs, 1 when all are equal; in a closed loop"),
    Metric("aborts", "", None, "attempts that ended without a commit, and came again"),
    Metric("rolled_back", "transactions", None, "transactions that took all back by themselves; they are no aborts"),
    Metric("evaluations", "", None, "questions the policy asked: what one more transaction would give"),
    Metric("transactions", "transactions", None, "transactions of the trace"),
)

PROTOCOLS = {"strict_2pl": Locks, "occ": Validation, "mvtso": Versions, "mvtso_ordered": Versions}

MOST_UNITS = {"backoff": 1000, "think": 1_000_000}
"""Of a pause: doubled 40 times, or once for each of many transactions, units still count without rounding."""

N_LOGGED = 64
"""Starts that are recorded, per transaction on average."""


@dataclass(frozen=True)
class Setting:
    """The setting of a run of the engine. The first fields are the user's, `n` comes from the trace (`on`).

    Args:
        protocol: what keeps transactions apart, one of `PROTOCOLS`.
        deadlock: of strict_2pl: the youngest of a circle aborts (detect); the older waits, the younger aborts (wait_die); the
            older aborts who is in its way, the younger waits (wound_wait); whoever would wait aborts (no_wait).
        workers: transactions that run at once at most; 0: any number.
        backoff: b in the pause p = b 2^(r-1) before the r-th retry, to which up to p - 1 units are added; at least 1.
        clients: 0: transactions arrive at the times of the trace; else so many clients take them in order.
        think: units between the end of a client's transaction and the arrival of its next.
        hot_keys: so many of the most accessed shared keys are hot, for mvtso_ordered.
        simpy: play the run as SimPy processes: same results, slower.
        n: number of transactions.
    """

    protocol: str = field(
        default="strict_2pl", metadata={"help": f"what keeps transactions apart: {', '.join(PROTOCOLS)}"}
    )
    deadlock: str = field(default="detect", metadata={"help": f"of strict_2pl: {', '.join(DEADLOCK)}"})
    workers: int = field(default=0, metadata={"help": "transactions that run at once at most; 0: any number"})
    backoff: int = field(default=1, metadata={"help": "units of the first pause after an abort; doubles each time"})
    clients: int = field(default=0, metadata={"help": "a closed loop of so many clients; 0: arrivals of the trace"})
    think: int = field(default=0, metadata={"help": "units between a client's transactions"})
    hot_keys: int = field(default=100, metadata={"help": "so many most accessed keys are hot, for mvtso_ordered"})
    simpy: bool = field(default=False, metadata={"help": "run as SimPy processes: same results, slower"})
    n: int = field(default=0, metadata={"derived": True})

    def __post_init__(self):
        for name, known in (("protocol", PROTOCOLS), ("deadlock", DEADLOCK)):
            if getattr(self, name) not in known:
                raise InputError(f'no {name} named "{getattr(self, name)}"; expected one of {", ".join(known)}')
        if self.backoff < 1:
            raise InputError(f"backoff must be at least 1 unit, got {self.backoff}")
        for name, most in MOST_UNITS.items():
            if getattr(self, name) > most:
                raise InputError(f"{name} must be at most {most:,} units, got {getattr(self, name):,}")
        for name in ("workers", "clients"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} must be at least 1, or 0 for any number, got {getattr(self, name)}")
        for name in ("think", "hot_keys"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} must be at least 0, got {getattr(self, name)}")

    @classmethod
    def spelled_out(cls, option: str, text: str) -> list[str]:
        """What one text of an option stands for: "occ,mvtso" are two protocols, "4,16" two numbers of workers."""
        return [part.strip() for part in str(text).split(",")]

    @classmethod
    def from_options(cls, trace: Trace, *, simpy: bool = False, **texts: Any) -> tuple[list[Self], list[str]]:
        """Reads the user's options for this trace; several values of one give several settings.

        Raises:
            InputError: a value of unknown form or out of its range.
        """
        settings: list[dict[str, Any]] = [{}]
        for name, text in texts.items():
            values = [_read(name, part) for part in cls.spelled_out(name, text)]
            settings = [{**one, name: value} for one in settings for value in values]
        return [cls(simpy=simpy, **one) for one in settings], []

    def on(self, trace: Trace) -> Self:
        """Gives the setting with the fields that come from the trace."""
        return replace(self, n=len(trace))


def _read(name: str, text: str) -> Any:
    if name in ("protocol", "deadlock"):
        return text
    try:
        return int(text.replace("_", ""))
    except ValueError:
        raise InputError(f'{name} "{text}" is not understood; expected a whole number (16)') from None


@dataclass(frozen=True)
class System:
    """Transactions executed: they run at once on workers, kept apart by locks, validation or versions, and abort and come again.

    A policy (a picker) names which pending transaction a free worker takes. Time is in units, an operation takes one.
    """

    setting: Setting
    domain: ClassVar[str] = "transactions"
    METRICS: ClassVar[tuple[Metric, ...]] = METRICS
    REFERENCE: ClassVar[str] = "arrival"
    LENGTH: ClassVar[str] = "transactions"
    BOUNDED: ClassVar[str] = "makespan"
    Setting: ClassVar[type[Setting]] = Setting

    def begin(self, trace: Trace, policy: Policy, rng: Any, *, record: bool = False) -> EngineRun:
        return EngineRun(trace, self.setting.on(trace), policy, rng, record)

    def completed(self, trace: Trace, policy: Policy) -> Trace:
        return trace

    def hindsight(self, trace: Trace) -> None:
        return None

    def judge(self, trace: Trace, policy: Policy, metrics: Any, hindsight: Any) -> dict[str, Any]:
        """Adds `eta`: the number of transactions that a hint told of a wrong key, None where none were read."""
        return {"eta": n_misled(policy, trace)}

    def replay(self, trace: Trace, decisions: Decisions) -> dict[str, float | int | None]:
        """Recomputes every metric from a log of decisions alone; an illegal or missing one raises IllegalDecision."""
        from sim.core.engine import replay

        return dict(replay(trace, cast(Any, self), Scripted(decisions)).metrics)


class EngineRun:
    """One policy on one trace (a `sim.core.system.Run`)."""

    loop: Callable[..., None]
    why_interpreted: str | None = None

    def __init__(self, trace: Trace, setting: Setting, policy: Policy, rng: Any, record: bool):
        name = type(policy).__name__
        if not isinstance(policy, Picker):
            raise InputError(
                f"{name} gives a whole order at once and so runs offline only; the engine takes a picker (smf, arrival, r_smf)"
            )
        self.policy = policy
        self.setting = setting
        self.n_rows = len(trace)
        operations = Operations(trace)
        self.program = program_of(trace, operations)
        keys = columns(trace)[1]
        n_keys = len(trace.tables["keys"])
        log = Log(N_LOGGED * len(trace)) if record else None
        self.ledger = Ledger(self.program, arrivals(trace), setting, np.asarray(keys.values, np.int64), n_keys, log)
        is_ordered = setting.protocol == "mvtso_ordered"
        hot = hottest(operations, setting.hot_keys) if is_ordered else np.zeros(operations.n_keys, np.bool_)
        control = PROTOCOLS[setting.protocol](self.program, DEADLOCK[setting.deadlock], hot)
        self.control = control
        self.view = Pending(operations_seen_by(policy, trace), np.zeros(len(trace), np.int64))
        policy.begin(setting, rng)
        if setting.simpy:
            from sim.domains.transactions import processes

            self.loop = processes.play
            self.why_interpreted = "it was asked to run as SimPy processes"
            shop = processes.Shop(self.ledger, self.program, control, policy, self.view)
            self.objects: dict[str, Any] = {"shop": shop, "policy": policy}
            return
        self.loop = play
        self.objects = {
            "ledger": self.ledger,
            "program": self.program,
            "control": control,
            "policy": policy,
            "view": self.view,
        }

    @property
    def now(self) -> int:
        return self.ledger.row

    def illegal(self) -> str | None:
        ledger = self.ledger
        if ledger.broken == placement.LEGAL:
            return None
        subject, n = ledger.broken_subject, ledger.n
        if ledger.broken == ENDLESS:
            raise InputError(
                f"transaction {subject} has aborted {ledger.retries[subject]} times in unit {self.program.now}; "
                f"a larger --backoff than {self.setting.backoff}, or fewer --workers, keep transactions from meeting again"
            )
        which = f"{type(self.policy).__name__} picked transaction {subject} in unit {self.program.now}"
        if ledger.broken == placement.UNKNOWN:
            return f"{which}; expected one of 0 to {n - 1}"
        why = "it has committed" if ledger.broken == placement.REPEATED else "it is running or has not arrived"
        return f"{which}, but {why}; expected one of the {self.view.n_pending} pending"

    def counters(self) -> dict[str, float]:
        ledger = self.ledger
        return {"committed": float(ledger.n_left - ledger.n_rolled_back), "aborts": float(ledger.n_aborts)}

    def metrics(self) -> dict[str, float | int | None]:
        ledger, n = self.ledger, self.n_rows
        row: dict[str, float | int | None] = dict.fromkeys(metric.name for metric in METRICS)
        row |= {"transactions": n, "aborts": ledger.n_aborts, "evaluations": self.view.evaluations, "makespan": 0}
        row |= {"rolled_back": ledger.n_rolled_back}
        if not n:
            return row
        latency = np.sort(ledger.left - ledger.arrival + 1)
        makespan = int(ledger.left.max())
        ranks = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
        row |= {f"latency_{mark}": int(latency[-(-share * n // 100) - 1]) for mark, share in ranks.items()}
        row |= {
            "makespan": makespan,
            "throughput": (n - ledger.n_rolled_back) / makespan,
            "latency_mean": float(latency.mean()),
            "abort_rate": ledger.n_aborts / (ledger.n_aborts + n),
            "wasted": ledger.wasted / ledger.done,
            "retries_max": int(ledger.retries.max()),
            "hot_key_utilisation": float(ledger.busy.max(initial=0)) / makespan,
        }
        if ledger.clients:
            commits = np.bincount(ledger.client, minlength=min(ledger.clients, n))
            row["jain"] = float(commits.sum() ** 2 / (len(commits) * (commits**2).sum()))
        return row

    def notices(self) -> list[str]:
        return self.policy.notices() if defines(self.policy, "notices") else []  # type: ignore[attr-defined]

    def decisions(self) -> Decisions | None:
        log = self.ledger.log
        if log is None:
            return None
        if log.size > len(log.row):
            raise IllegalDecision(f"{log.size} starts are more than are recorded, {len(log.row)}; run without a record")
        return Decisions(log.row[: log.size].copy(), np.zeros(log.size, np.uint8), log.subject[: log.size].copy())


def program_of(trace: Trace, operations: Operations) -> Program:
    """The operations one by one, each with its record among `operations`."""
    kinds, keys = columns(trace)
    first = np.asarray(kinds.offsets[:-1], np.int64)
    owner = np.repeat(np.arange(operations.n), operations.length)
    n_labels = len(trace.tables["keys"])
    number = np.full(n_labels + 1, -1, np.int64)
    number[operations.labels] = np.arange(operations.n_keys)
    shared = number[np.asarray(keys.values)]
    of_record = np.repeat(np.arange(operations.n), np.diff(operations.offsets)) * max(operations.n_keys, 1)
    of_record = of_record + operations.key
    wanted = owner * max(operations.n_keys, 1) + shared
    record = np.full(len(owner), -1, np.int64)
    is_shared = (shared >= 0) & (np.asarray(kinds.values) != PRIVATE)
    record[is_shared] = np.searchsorted(of_record, wanted[is_shared])
    return Program(operations, np.asarray(kinds.values, np.int64), record, first, rollbacks(trace))
