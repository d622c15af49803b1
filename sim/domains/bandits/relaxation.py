"""Learning to relax: a solver's parameter, chosen anew for each of a sequence of linear systems; a pull costs its iterations.

Columns of a trace, one row a system:

    iterations  int32, shape (n, n_arms): what the solver takes at each parameter of the grid
    formula     int32, shape (n,): what it takes at the parameter of Young's formula
    context     shape (n, 1): what is known of the system beforehand

Tables: `omega`, the grid, shape (n_arms,); `context_range`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.core.modules import cache_folder, keep
from sim.core.trace import Trace
from sim.domains.bandits import arms, heat, setting, solvers, tables
from sim.domains.bandits.policy import Policy

METRICS = (
    Metric("iterations_mean", "", "lower", "iterations per system"),
    Metric("iterations", "", "lower", "iterations in all"),
    Metric("regret", "iterations", "lower", "iterations above those of the best single parameter of the grid"),
    Metric(
        "regret_to_best",
        "iterations",
        "lower",
        "iterations above those of the best parameter of the grid for each system",
    ),
    Metric("regret_to_formula", "iterations", "lower", "iterations above those of Young's formula for each system"),
    Metric("omega_mean", "", None, "mean parameter chosen from the grid"),
    Metric("rounds", "systems", None, "systems solved"),
)


@dataclass(frozen=True)
class Setting(setting.Setting):
    """The setting of a sequence of systems.

    Args:
        scale: iterations that count as the reward 0, as more do; 1 iteration counts as 1. For policies that need rewards in
            [0, 1]; those of the literature on relaxation go by the iterations themselves.
    """

    scale: float = field(default=500.0, metadata={"help": "iterations that are worth nothing as a reward"})

    def __post_init__(self):
        super().__post_init__()
        if not 1 < self.scale < math.inf:
            raise InputError(f"scale must be a number of iterations above 1, got {self.scale:g}")

    def on(self, trace: Trace) -> Self:
        """Gives the setting with the fields that come from the trace."""
        iterations = _iterations(trace)
        n_rounds = self.rounds or len(trace)
        if n_rounds > len(trace):
            raise InputError(f"rounds must be at most the {len(trace)} of trace {trace.name}, got {n_rounds}")
        context = tables.context(trace)
        low, high = trace.tables.get("context_range", (-1.0, 1.0))
        omega = np.asarray(trace.tables.get("omega", np.arange(iterations.shape[1])), np.float64)
        return replace(
            self,
            n_arms=iterations.shape[1],
            horizon=n_rounds,
            n_features=0 if context is None else context.shape[1],
            context_low=float(low),
            context_high=float(high),
            pays_costs=True,
            values=omega,
            beside=iterations.shape[1] if "formula" in trace else -1,
        )


@dataclass(frozen=True)
class System:
    """Relaxation: a policy sets the parameter of an iterative solver for each of many linear systems; iterations count."""

    setting: Setting
    domain: ClassVar[str] = "bandits"
    METRICS: ClassVar[tuple[Metric, ...]] = METRICS
    REFERENCE: ClassVar[str] = "best_fixed"
    LENGTH: ClassVar[str] = "rounds"
    BOUNDED: ClassVar[str] = "regret"
    Setting: ClassVar[type[Setting]] = Setting

    def begin(self, trace: Trace, policy: Policy, rng: Any, *, record: bool = False) -> RelaxationRun:
        return RelaxationRun(trace, self.setting.on(trace), policy, rng, record)

    def completed(self, trace: Trace, policy: Policy) -> Trace:
        return trace

    def hindsight(self, trace: Trace) -> np.ndarray:
        """The table of iterations, float64."""
        return _iterations(trace)

    def judge(self, trace: Trace, policy: Policy, metrics: Any, hindsight: np.ndarray | None) -> dict[str, Any]:
        """What hindsight adds to a row of metrics: regrets in iterations."""
        n = metrics["rounds"]
        row: dict[str, Any] = dict.fromkeys(("regret", "regret_to_best", "regret_to_formula"))
        if hindsight is None or not n:
            return row
        total = metrics["iterations"]
        row["regret"] = total - float(np.min(np.sum(hindsight[:n], axis=0)))
        row["regret_to_best"] = total - float(np.sum(np.min(hindsight[:n], axis=1)))
        if "formula" in trace:
            row["regret_to_formula"] = total - float(np.sum(np.asarray(trace["formula"])[:n]))
        return row


class RelaxationRun(arms.ArmsRun):
    """One policy on one sequence of systems (a `sim.core.system.Run`)."""

    def __init__(self, trace: Trace, setting: Setting, policy: Policy, rng: Any, record: bool):
        iterations = _iterations(trace)
        self.grid = iterations
        if getattr(policy, "beside", False) and "formula" in trace:
            formula = np.asarray(trace["formula"], np.float64)[:, None]
            iterations = np.ascontiguousarray(np.concatenate([iterations, formula], axis=1))
        self.scale = setting.scale
        self.iterations = iterations
        rewards = 1 - (np.minimum(iterations, setting.scale) - 1) / (setting.scale - 1)
        kept = {name: column for name, column in trace.columns.items() if name in ("context", "predicted_arm")}
        cap = {"cap": trace.tables["cap"]} if "cap" in trace.tables else {}
        super().__init__(
            replace(trace, columns={"rewards": rewards, "cost": iterations, **kept}, tables=cap),
            setting,
            policy,
            rng,
            record,
        )

    def _with_hindsight(self, setting: Any) -> Any:
        self._refuse_hidden_foresight()
        if not self.policy.clairvoyant:
            return setting
        grid = self.grid[: self.n_rows]
        return replace(setting, best_arm=int(np.argmin(np.sum(grid, axis=0))), best_arms=np.argmin(grid, axis=1))

    def counters(self) -> dict[str, float]:
        table = self.table
        found = {"iterations": table.spent}
        if table.n_arms <= arms.SHOWN:
            for arm in range(table.n_arms):
                found[f"pulls_{arm}"] = float(table.n_pulled[arm])
        return found

    def metrics(self) -> dict[str, float | int | None]:
        table = self.table
        n, omega = table.n_rounds, self.setting.values
        on_grid = table.n_pulled[: len(omega)] if omega is not None else np.zeros(1, np.int64)
        return {
            "rounds": n,
            "iterations_mean": table.spent / n if n else None,
            "iterations": table.spent,
            "omega_mean": float(np.dot(on_grid, omega) / on_grid.sum())
            if on_grid.any() and omega is not None
            else None,
        }

    def notices(self) -> list[str]:
        told = super().notices()
        cap = self.trace.tables.get("cap")
        if cap is not None and (capped := int(np.count_nonzero(self.grid >= cap))):
            told.append(f"{capped} of the table's {self.grid.size} entries were stopped at {cap:,} iterations")
        cut = int(np.count_nonzero(self.grid > self.scale))
        needs_rewards = getattr(self.policy, "unit_rewards", True) and not hasattr(self.policy, "pays_costs")
        if cut and needs_rewards:
            share = cut / self.grid.size
            told.append(
                f"{share:.2%} of the table's entries are above {self.scale:g} iterations and count as the reward 0"
            )
        return told


def _iterations(trace: Trace) -> np.ndarray:
    """The table of iterations, float64, shape (n, n_arms)."""
    if "iterations" not in trace:
        have = ", ".join(trace.columns) or "none"
        raise InputError(
            f"trace {trace.name} has no table of iterations: expected a column iterations (columns: {have})"
        )
    values = tables.matrix(trace, "iterations")
    tables.check(trace, values, "the number of iterations", 1.0, math.inf, "at least 1")
    return values


def counted(
    solver: str, b: np.ndarray, shift: np.ndarray, omega: np.ndarray, side: int, tolerance: float, cap: int
) -> tuple[np.ndarray, str]:
    """Iterations of a solver at the parameters of each system, and the SHA-256 of all that they depend on.

    Computed once and kept on disk under that hash.

    Args:
        solver: one of `solvers.COUNTS`.
        b: right sides, shape (n, side^2).
        shift: what is added to the Laplacian's diagonal, shape (n,).
        omega: parameters in (0, 2), shape (n, k).
        side: of the grid.
        tolerance: of the residual, relative to b.
        cap: the most iterations.

    Returns:
        Counts, int32, shape (n, k); the hash.
    """
    arrays = [np.ascontiguousarray(array) for array in (b, shift, omega)]
    digest = hashlib.sha256(repr((solver, side, tolerance, cap, omega.shape)).encode())
    digest.update(Path(solvers.__file__).read_bytes())
    for array in arrays:
        digest.update(array.tobytes())
    name = digest.hexdigest()
    return _kept(name, omega.shape, lambda: solvers.COUNTS[solver](*arrays, side, tolerance, cap)), name


def counted_in_heat(omega: np.ndarray, cells: int, n_steps: int, tolerance: float, cap: int) -> tuple[np.ndarray, str]:
    """Iterations that the steps of a heat equation take, see `heat.heat_counts`, and the SHA-256 of all that they depend on.

    Computed once and kept on disk under that hash.
    """
    digest = hashlib.sha256(repr(("heat", omega.tolist(), cells, n_steps, tolerance, cap)).encode())
    for module in (solvers, heat):
        digest.update(Path(str(module.__file__)).read_bytes())
    name = digest.hexdigest()
    counts = _kept(name, (n_steps, len(omega)), lambda: heat.heat_counts(omega, cells, n_steps, tolerance, cap))
    return counts, name


def _kept(name: str, shape: tuple[int, ...], count: Callable[[], np.ndarray]) -> np.ndarray:
    """Counts that lie on disk under this hash, or are made and kept there."""
    path = cache_folder("relaxation") / f"{name[:32]}.i4"
    try:
        kept = np.frombuffer(path.read_bytes(), "<i4")
        if kept.size == math.prod(shape):
            return kept.reshape(shape).astype(np.int32)
    except OSError:
        pass
    counts = count()
    keep(path, counts.astype("<i4").tobytes())
    return counts
