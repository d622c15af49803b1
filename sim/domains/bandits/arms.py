"""Arms whose rewards are recorded in a table or drawn into one: every policy meets the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import numpy as np

from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.core.policy import defines, parts_of
from sim.core.result import Decisions
from sim.core.trace import NONE, Trace
from sim.domains.bandits import regret, tables
from sim.domains.bandits.policy import Policy, channels_needed, is_contextual
from sim.domains.bandits.regret import Hindsight
from sim.domains.bandits.setting import Setting
from sim.domains.bandits.table import ARM_GONE, BEYOND_PULLS, COMMIT, LEGAL, Table, play

METRICS = (
    Metric("budget_regret", "", "lower", "budget times the best ratio of reward to cost, less the reward earned"),
    Metric("pseudo_regret", "", "lower", "expected reward of the best arm less that of the arms pulled; means known"),
    Metric("regret", "", "lower", "reward of the best single arm in hindsight less that earned"),
    Metric("dynamic_regret", "", "lower", "reward of the best arm of each round less that earned"),
    Metric("tracking_regret", "", "lower", "reward of the best sequence with few changes (breaks) less that earned"),
    Metric("context_regret", "", "lower", "reward of the best arm of each bin of the context (bins) less that earned"),
    Metric("reward", "", "higher", "sum of the rewards earned"),
    Metric(
        "expected_reward",
        "",
        "higher",
        "sum of the means of the arms pulled; of the rewards, where means are not known",
    ),
    Metric("cost", "", "lower", "sum of the costs of the pulls"),
    Metric("best_arm_share", "", "higher", "share of the rounds in which the best arm was pulled"),
    Metric(
        "simple_regret", "", "lower", "mean of the best arm less that of the arm recommended at the end; means known"
    ),
    Metric("correct", "", "higher", "1 where the arm recommended at the end is the best one, else 0"),
    Metric("samples", "rounds", "lower", "rounds until the policy stopped exploring; empty if it never did"),
    Metric("arms_pulled", "arms", None, "different arms pulled"),
    Metric("rounds", "rounds", None, "rounds played; fewer than asked for where the budget ended first"),
)

SHOWN = 32
"""With at most so many arms a run's timeline has the pulls and rewards of each."""

CHANNELS = {"predicted_arm": "--predict best_arm"}
"""Channel, which is the column's name too -> the option that supplies it."""


@dataclass(frozen=True, eq=False)
class Pulls(Decisions):
    """The arms pulled, a row per round.

    Args:
        probability: with which each was drawn, where the policy tells; else not a number.
    """

    probability: np.ndarray


@dataclass(frozen=True)
class System:
    """Bandits: a policy pulls one arm each round, earns its reward, and sees no other."""

    setting: Setting
    domain: ClassVar[str] = "bandits"
    METRICS: ClassVar[tuple[Metric, ...]] = METRICS
    REFERENCE: ClassVar[str] = "best_fixed"
    LENGTH: ClassVar[str] = "rounds"
    BOUNDED: ClassVar[str] = "pseudo_regret"
    Setting: ClassVar[type[Setting]] = Setting

    def begin(self, trace: Trace, policy: Policy, rng: Any, *, record: bool = False) -> ArmsRun:
        return ArmsRun(trace, self.setting.on(trace), policy, rng, record)

    def completed(self, trace: Trace, policy: Policy) -> Trace:
        return trace

    def hindsight(self, trace: Trace) -> Hindsight:
        return Hindsight(trace)

    def judge(self, trace: Trace, policy: Policy, metrics: Any, hindsight: Hindsight | None) -> dict[str, Any]:
        """What hindsight adds to a row of metrics: regrets, errors of predictions, bounds."""
        setting = self.setting.on(trace)
        row = regret.judge(metrics, hindsight, setting)
        if hindsight is not None:
            row |= regret.errors(trace, hindsight, channels_needed(policy), metrics["rounds"])
            bound = getattr(policy, "bound", None)
            if bound is not None and metrics["pseudo_regret"] is not None and metrics["rounds"]:
                row["bound"] = bound(regret.facts(trace, metrics["rounds"]))
        return row

    def replay(self, trace: Trace, decisions: Decisions) -> dict[str, float | int | None]:
        """Recomputes the metrics from a log of decisions alone; an illegal one raises IllegalDecision.

        What a log does not tell stays empty: the samples of a policy that stopped in the last round.
        """
        from sim.core.engine import replay

        script = ScriptedToStop if np.any(decisions.kind == COMMIT) else Scripted
        return dict(replay(trace, cast(Any, self), script(decisions)).metrics)


class ArmsRun:
    """One policy on one trace (a `sim.core.system.Run`)."""

    loop: Callable[..., None] = staticmethod(play)

    def __init__(self, trace: Trace, setting: Setting, policy: Policy, rng: Any, record: bool):
        if len(trace) == 0:
            raise InputError(f"trace {trace.name} has no rounds")
        self.trace = trace
        self.policy = policy
        self.name = type(policy).__name__
        self.n_rows = setting.horizon or 0
        self.told: list[str] = []
        self.setting = setting = self._with_hindsight(setting)
        available = self._available()
        paid, values = self._paid()
        self.table = Table(
            **{"rewards": None, "pulls": None, paid: values},
            n_arms=values.shape[1],
            means=tables.means(trace),
            cost=self._cost(),
            context=self._context(),
            advice=self._advice(),
            available=available,
            budget=math.inf if setting.budget is None else setting.budget,
            record=record,
            n_rounds=self.n_rows,
        )
        policy.begin(setting, rng)
        self.objects: dict[str, Any] = {"table": self.table, "policy": policy}

    def _refuse_hidden_foresight(self) -> None:
        for part in parts_of(self.policy):
            if part.clairvoyant and not self.policy.clairvoyant:
                raise InputError(f"{self.name} is not clairvoyant, and its part {type(part).__name__} is")

    def _with_hindsight(self, setting: Setting) -> Setting:
        self._refuse_hidden_foresight()
        if not self.policy.clairvoyant:
            return setting
        hindsight = Hindsight(self.trace)
        best_arm = hindsight.best_arm(self.n_rows, setting.budget)
        return replace(setting, best_arm=best_arm, best_arms=hindsight.best_arms(self.n_rows))

    def _paid(self) -> tuple[str, np.ndarray]:
        name, values = tables.paid(self.trace)
        if any(getattr(part, "unit_rewards", True) for part in parts_of(self.policy)):
            expected = f"rewards in [0, 1], which {self.name} relies on"
            tables.check(self.trace, values, "the reward", 0.0, 1.0, expected)
        else:
            tables.check(self.trace, values, "the reward", -math.inf, math.inf, "a finite number")
        return name, values

    def _cost(self) -> np.ndarray | None:
        if "cost" not in self.trace:
            return None
        values = tables.matrix(self.trace, "cost")
        tables.check(self.trace, values, "the cost", 0.0, math.inf, "a finite number of at least 0")
        return values

    def _context(self) -> np.ndarray | None:
        context = tables.context(self.trace) if self.setting.context else None
        if not is_contextual(self.policy):
            if context is not None:
                self.told.append(f"policies that take no context are not handed that of trace {self.trace.name}")
            return None
        if context is None:
            cure = "leave out --no-context" if "context" in self.trace else "expected a column context"
            raise InputError(f"{self.name} chooses by a context, and trace {self.trace.name} gives none: {cure}")
        tables.check(self.trace, context, "a feature of the context", -math.inf, math.inf, "a finite number")
        return context

    def _advice(self) -> np.ndarray | None:
        if not channels_needed(self.policy):
            return None
        for channel in channels_needed(self.policy):
            if channel not in self.trace:
                cure = CHANNELS.get(channel, f"a predictor that fills {channel}")
                raise InputError(f"{self.name} needs predictions of channel {channel}: give {cure}")
        advice = np.ascontiguousarray(self.trace["predicted_arm"], np.int64)
        if len(advice) and not (advice.min() >= 0 and advice.max() < self.setting.n_arms):
            row = int(np.argmax((advice < 0) | (advice >= self.setting.n_arms)))
            raise InputError(
                f"trace {self.trace.name}, round {row}: predicted arm {advice[row]}; there are {self.setting.n_arms}"
            )
        return advice

    def _available(self) -> np.ndarray | None:
        if "available" not in self.trace:
            return None
        available = np.ascontiguousarray(self.trace["available"], np.bool_)
        if not available.any(axis=1).all():
            row = int(np.argmin(available.any(axis=1)))
            raise InputError(f"trace {self.trace.name}, round {row}: no arm is there")
        for part in parts_of(self.policy):
            if not (defines(part, "drop") and defines(part, "add")):
                raise InputError(
                    f"arms of trace {self.trace.name} come and go, and {type(part).__name__} cannot tell: "
                    "it has no verbs drop and add"
                )
        return available

    @property
    def now(self) -> int:
        return self.table.now

    def illegal(self) -> str | None:
        table = self.table
        if table.broken == LEGAL:
            return None
        arm, where = table.broken_arm, f"in round {table.now}"
        if table.broken == BEYOND_PULLS:
            n = len(table.pulls)
            return f"{self.name} pulled arm {arm} once more {where}; trace {self.trace.name} has {n} pulls of each arm"
        if table.broken == ARM_GONE:
            return f"{self.name} chose arm {arm} {where}, which is not there then"
        return f"{self.name} chose arm {arm} {where}; the arms are 0 to {table.n_arms - 1}"

    def counters(self) -> dict[str, float]:
        table = self.table
        found = {"reward": table.earned}
        if table.cost is not None:
            found["cost"] = table.spent
        if table.means is not None:
            found["pseudo_regret"] = self._best_mean() - table.expected
        if table.n_arms <= SHOWN:
            for arm in range(table.n_arms):
                found[f"pulls_{arm}"] = float(table.n_pulled[arm])
                found[f"reward_{arm}"] = float(table.earned_by[arm])
        return found

    def _best_mean(self) -> float:
        return Hindsight(self.trace).best_mean(self.table.n_rounds) or 0.0

    def metrics(self) -> dict[str, float | int | None]:
        table, hindsight = self.table, Hindsight(self.trace)
        n = table.n_rounds
        recommended, best = self._recommended(), hindsight.expected_arm(max(n, 1))
        means = table.means
        return {
            "rounds": n,
            "pseudo_regret": self._best_mean() - table.expected if means is not None else None,
            "reward": table.earned,
            "expected_reward": table.expected if means is not None else table.earned,
            "cost": table.spent if table.cost is not None else None,
            "best_arm_share": int(table.n_pulled[best]) / n if n else None,
            "simple_regret": self._simple_regret(recommended),
            "correct": int(recommended == best),
            "samples": table.stopped_after if table.stopped_after != NONE else None,
            "arms_pulled": int(np.count_nonzero(table.n_pulled)),
        }

    def _recommended(self) -> int:
        """The arm the policy would name at the end: its own recommendation, or the one that earned most per pull."""
        if self.table.committed != NONE:
            return int(self.table.committed)
        if defines(self.policy, "recommended"):
            return int(cast(Any, self.policy).recommended())
        pulled = self.table.n_pulled > 0
        mean = np.where(pulled, self.table.earned_by / np.maximum(self.table.n_pulled, 1), -np.inf)
        return int(np.argmax(mean))

    def _simple_regret(self, recommended: int) -> float | None:
        means = self.table.means
        if means is None:
            return None
        last = means[min(max(self.table.n_rounds, 1), len(means)) - 1]
        return float(np.max(last) - last[recommended])

    def notices(self) -> list[str]:
        told = list(self.told)
        if self.table.has_budget and self.table.spent > self.table.budget * (1 + 1e-12):
            told.append(f"{self.name}: the last pull overran the budget of {self.table.budget:g}")
        return told + (cast(Any, self.policy).notices() if defines(self.policy, "notices") else [])

    def decisions(self) -> Pulls | None:
        log = self.table.log
        if log is None:
            return None
        n = log.size
        return Pulls(np.arange(n), log.kind[:n].copy(), log.arm[:n].copy(), log.probability[:n].copy())


class Scripted(Policy):
    """Repeats a log of decisions; the system checks each as if a policy had made it."""

    unit_rewards: ClassVar[bool] = False
    decisions: Decisions

    def begin(self, setting, rng):
        self.kind = self.decisions.kind
        self.arm = self.decisions.subject
        self.next = 0

    def choose(self, context):
        return self.arm[self.next]

    def update(self, arm, reward, cost):
        self.next += 1

    def drop(self, arm):
        return

    def add(self, arm):
        return


class ScriptedToStop(Scripted):
    """Repeats a log whose policy stopped exploring."""

    def stopped(self):
        return self.next < len(self.kind) and self.kind[self.next] == COMMIT

    def recommended(self):
        return self.arm[len(self.arm) - 1]
