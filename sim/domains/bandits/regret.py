"""What only hindsight knows: how much each arm would have earned, and what is lost against it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sim.core.modules import kernel
from sim.core.trace import Trace
from sim.domains.bandits import tables
from sim.domains.bandits.bins import Bins
from sim.domains.bandits.setting import Setting


@dataclass(frozen=True, eq=False)
class Hindsight:
    """The sums that regrets are measured against, for runs of any length over one trace.

    Args:
        trace: with rewards by round or by pull.
    """

    trace: Trace

    @cached_property
    def paid(self) -> tuple[str, np.ndarray]:
        return tables.paid(self.trace)

    def is_rested(self) -> bool:
        """Whether an arm earns by the number of its pull and not by the round."""
        return self.paid[0] == "pulls"

    def of_arms(self, n_rounds: int) -> np.ndarray:
        """What each arm alone earns in this many rounds, shape (n_arms,); minus infinity where it has fewer pulls."""
        values = self.paid[1]
        if n_rounds > len(values):
            return np.full(values.shape[1], -np.inf)
        return np.sum(values[:n_rounds], axis=0)

    def best_arm(self, n_rounds: int, budget: float | None = None) -> int:
        """The arm that earns most alone, in this many rounds, or until its costs reach the budget."""
        if budget is None or self.is_rested():
            return int(np.argmax(self.of_arms(n_rounds)))
        values = self.paid[1][:n_rounds]
        spent = np.cumsum(self.costs()[:n_rounds], axis=0)
        is_paid = np.vstack([np.zeros((1, values.shape[1])), spent[:-1]]) < budget * (1 - 1e-12)
        return int(np.argmax(np.sum(values * is_paid, axis=0)))

    def best_arms(self, n_rounds: int) -> np.ndarray:
        """The best arm of each round, int64, shape (n_rounds,).

        That is the arm of the highest mean, or of the highest reward where means are not known; of rested arms, the sequence that
        takes the highest rewards first.
        """
        name, values = self.paid
        if name == "pulls":
            return np.argsort(-values, axis=None, kind="stable")[:n_rounds] % values.shape[1]
        means = tables.means(self.trace)
        best = np.argmax(values[:n_rounds] if means is None else means[:n_rounds], axis=1)
        return np.broadcast_to(best, n_rounds).astype(np.int64)

    def costs(self) -> np.ndarray:
        """What each arm costs each round, shape (n, n_arms); 1 where the trace does not say."""
        if "cost" in self.trace:
            return tables.matrix(self.trace, "cost")
        return np.ones(self.paid[1].shape)

    def of_rounds(self, n_rounds: int) -> float | None:
        """What the best arm of every round earns together.

        Of rested arms, what the best sequence earns: known where no arm's rewards rise, since then the next best pull is always
        the one to take; None elsewhere.
        """
        values = self.paid[1]
        if not self.is_rested():
            return float(np.sum(np.max(values[:n_rounds], axis=1)))
        if np.any(np.diff(values, axis=0) > 0) or n_rounds > values.size:
            return None
        return float(np.sum(np.sort(values, axis=None)[values.size - n_rounds :]))

    def of_segments(self, n_rounds: int, breaks: int) -> float:
        """What the best sequence of arms earns that changes its arm at most `breaks` times."""
        return float(_of_segments(self.paid[1][:n_rounds], breaks))

    def of_bins(self, n_rounds: int, n_bins: int, low: float, high: float) -> float | None:
        """What the best arm of each bin of the context's first feature earns; None without contexts.

        Args:
            n_rounds: the first ones.
            n_bins: equal bins of [low, high], as `bins.Bins`: a context beyond belongs to the outermost.
            low, high: ends of the interval.
        """
        context = tables.context(self.trace)
        if context is None or self.is_rested():
            return None
        bins = Bins(n_bins, low, high)
        place = np.array([bins.nearest(x) for x in context[:n_rounds, 0].tolist()], np.int64)
        earned = np.zeros((n_bins, self.paid[1].shape[1]))
        np.add.at(earned, place, self.paid[1][:n_rounds])
        return float(np.sum(np.max(earned, axis=1)))

    def best_mean(self, n_rounds: int) -> float | None:
        """Expected earnings of the arm of the highest mean over these rounds; None where means are not known."""
        means = tables.means(self.trace)
        if means is None:
            return None
        if len(means) == 1:
            return float(np.max(means)) * n_rounds
        return float(np.max(np.sum(means[:n_rounds], axis=0)))

    def expected_arm(self, n_rounds: int) -> int:
        """The arm of the highest mean over these rounds; where means are not known, that of the highest sum of rewards."""
        means = tables.means(self.trace)
        if means is None:
            return self.best_arm(n_rounds)
        return int(np.argmax(means[0] if len(means) == 1 else np.sum(means[:n_rounds], axis=0)))

    def of_budget(self, budget: float) -> float:
        """Budget times the best ratio of mean reward to mean cost of a single arm.

        Reference: Ding, Qin, Zhang and Liu, "Multi-Armed Bandit with Budget Constraint and Variable Costs", AAAI 2013.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return budget * float(np.nanmax(np.mean(self.paid[1], axis=0) / np.mean(self.costs(), axis=0)))


@kernel
def _of_segments(rewards, breaks):
    n, k = rewards.shape
    best = np.zeros((breaks + 1, k))  # of sequences that end in this arm after so many changes
    top = np.zeros(breaks + 1)  # of those that end anywhere
    for i in range(n):
        for s in range(breaks, -1, -1):
            for arm in range(k):
                stay = best[s, arm]
                if s > 0 and top[s - 1] > stay:
                    stay = top[s - 1]
                best[s, arm] = stay + rewards[i, arm]
        for s in range(breaks + 1):
            top[s] = best[s, 0]
            for arm in range(1, k):
                if best[s, arm] > top[s]:
                    top[s] = best[s, arm]
    return top[breaks]


def judge(metrics: Any, hindsight: Hindsight | None, setting: Setting) -> dict[str, Any]:
    """The regrets that hindsight adds to a row; None where what they need is not known."""
    row: dict[str, Any] = dict.fromkeys(
        ("regret", "dynamic_regret", "tracking_regret", "context_regret", "budget_regret", "bound", "bound_holds")
    )
    if hindsight is None:
        return row
    n, earned = metrics["rounds"], metrics["reward"]
    if n:
        best = float(np.max(hindsight.of_arms(n)))
        row["regret"] = best - earned if np.isfinite(best) else None
        each = hindsight.of_rounds(n)
        row["dynamic_regret"] = None if each is None else each - earned
        if setting.breaks >= 0 and not hindsight.is_rested():
            row["tracking_regret"] = hindsight.of_segments(n, setting.breaks) - earned
        if setting.bins > 0:
            binned = hindsight.of_bins(n, setting.bins, setting.context_low, setting.context_high)
            row["context_regret"] = None if binned is None else binned - earned
    if setting.budget is not None:
        row["budget_regret"] = hindsight.of_budget(setting.budget) - earned
    return row


def errors(trace: Trace, hindsight: Hindsight, channels: tuple[str, ...], n_rounds: int) -> dict[str, Any]:
    """How wrong the predicted arms were: `eta`, the rounds whose prediction is another than the best arm.

    Args:
        channels: those the policy reads; nothing is measured for others.
    """
    if "predicted_arm" not in channels or "predicted_arm" not in trace or not n_rounds:
        return {}
    predicted = np.asarray(trace["predicted_arm"])[:n_rounds]
    means = tables.means(trace)
    best = hindsight.expected_arm(n_rounds) if means is None or len(means) == 1 else np.argmax(means[:n_rounds], axis=1)
    return {"eta": int(np.count_nonzero(predicted != best))}


@dataclass(frozen=True)
class Facts:
    """What a theorem speaks of, for one trace and number of rounds.

    Args:
        n_rounds: rounds played.
        n_arms: arms.
        gaps: mean of the best arm less that of each arm, shape (n_arms,); None where means move or are not known.
        means: of the arms; None likewise.
    """

    n_rounds: int
    n_arms: int
    gaps: np.ndarray | None
    means: np.ndarray | None


def facts(trace: Trace, n_rounds: int) -> Facts:
    means = tables.means(trace)
    if means is None or len(means) > 1:
        return Facts(n_rounds, tables.n_arms(trace), None, None)
    return Facts(n_rounds, tables.n_arms(trace), np.max(means[0]) - means[0], means[0])
