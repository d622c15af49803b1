"""One run: a policy's search on one model or table, and what is told of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.core.policy import parts_of
from sim.core.result import Decisions
from sim.core.seeds import alike, beside
from sim.core.trace import Trace
from sim.domains.bandits.lns import live, measures, recorded
from sim.domains.bandits.lns.acceptance import Acceptance
from sim.domains.bandits.lns.live import Live
from sim.domains.bandits.lns.model import Model
from sim.domains.bandits.lns.recorded import Recorded
from sim.domains.bandits.lns.search import LEGAL, OUTCOMES, Search, play
from sim.domains.bandits.lns.setting import Setting
from sim.domains.bandits.policy import Policy, channels_needed, is_contextual

METRICS = (
    Metric("primal_integral", "", "lower", "mean primal gap over the budget of work, 1 before the first point"),
    Metric(
        "primal_gap", "", "lower", "gap of the best point within the budget to the best objective known, from 0 to 1"
    ),
    Metric("minimised", "", "lower", "best objective within the budget, its sign turned where the model maximises"),
    Metric("objective", "", None, "best objective within the budget, as the model has it"),
    Metric("pulls", "", None, "iterations: arms pulled"),
    *(Metric(name, "pulls", None, f"pulls whose outcome was {name}") for name in OUTCOMES),
    Metric("work", "work", None, "simplex iterations, 10 per node and 1 per solve, in all"),
    Metric(
        "primal_integral_s", "", None, "mean primal gap over the seconds that the run took, of a live run: information"
    ),
    Metric("proven", "", None, "1 where a solve of the whole model proved its best point optimal"),
    Metric(
        "new_reference", "", None, "1 where a point is better than the best objective known, which it should replace"
    ),
    Metric("not_replayable", "", None, "1 where the wall clock stopped a solve: another run may find otherwise"),
    Metric(
        "fallbacks",
        "",
        None,
        "share of pulls that a table answered by a neighbouring point for want of the point itself",
    ),
)


@dataclass(frozen=True, eq=False)
class Pulls(Decisions):
    """The arms pulled, a row per pull; `row` is the work before it.

    Args:
        probability: with which each was drawn, where the policy tells; else not a number.
        outcome: an index of `OUTCOMES`.
        state: number of the point it was pulled at.
        objective: of what was found, as it is minimised; not a number where nothing was.
        work: of the pull.
        stood_in: a table answered by a neighbouring point.
    """

    probability: np.ndarray
    outcome: np.ndarray
    state: np.ndarray
    objective: np.ndarray
    work: np.ndarray
    stood_in: np.ndarray


class SearchRun:
    """One policy on one model or table (a `sim.core.system.Run`); its rows are units of work."""

    loop: Callable[..., None] = staticmethod(play)

    def __init__(self, trace: Trace, setting: Setting, policy: Policy, rng: Any, record: bool):
        self.trace = trace
        self.policy = policy
        self.name = type(policy).__name__
        self.setting = setting
        self.n_rows = setting.budget
        if recorded.is_table(trace):
            rng = alike(rng, "policy", trace.tables["instance"])  # the draws of a live search on the model itself
        self.rng = rng
        self._refuse_unfit()
        self.source: Any = self._source()
        if isinstance(self.source, Live):
            self.why_interpreted = "its arms are solved by a solver"
        self.search = Search(
            self.source,
            Acceptance(setting.rule, beside(rng, "accept")),
            scores=np.array(setting.rewards),
            per_work=setting.per_work,
            budget=float(setting.budget),
            longest=max(1.0, setting.budget * setting.slice * live.RATIOS[live.BRANCHING]),
            n_arms=setting.n_arms,
            record=record,
        )
        if policy.clairvoyant:
            setting = replace(setting, best_arm=self._best_arm())
        policy.begin(setting, rng)
        self.objects: dict[str, Any] = {"search": self.search, "policy": policy}

    def _refuse_unfit(self) -> None:
        for part in parts_of(self.policy):
            if part.clairvoyant and not self.policy.clairvoyant:
                raise InputError(f"{self.name} is not clairvoyant, and its part {type(part).__name__} is")
        if channels_needed(self.policy):
            channel = channels_needed(self.policy)[0]
            raise InputError(f"{self.name} needs predictions of channel {channel}, and bandits/lns has none")
        if is_contextual(self.policy):
            raise InputError(f"{self.name} chooses by a context, and bandits/lns gives none")

    @property
    def is_plain(self) -> bool:
        return getattr(self.policy, "beside", False)

    def _source(self) -> Live | Recorded:
        setting, trace = self.setting, self.trace
        if recorded.is_table(trace):
            if self.is_plain:
                raise InputError(
                    f"{self.name} solves the whole model, and {trace.name} is a table of outcomes; replay the model's file"
                )
            return Recorded(trace, setting.arm_names, setting.by, setting.optimum_known, beside(self.rng, "bucket"))
        model = Model.of(trace)
        arms, _ = live.suited(model, setting.arm_names)
        return Live(
            model,
            arms,
            setting.solver,
            self.rng,
            budget=float(setting.budget),
            slice_=setting.slice,
            nodes=setting.nodes,
            overhead=setting.overhead,
            seconds=math.inf if setting.seconds is None else setting.seconds,
            plain=(getattr(self.policy, "solver", "") or setting.solver) if self.is_plain else None,
            start=_values(setting.start, trace) if setting.start else None,
        )

    def _best_arm(self) -> int:
        """The arm that does best alone: each is searched with, which costs as many runs as there are arms.

        One that a table cannot tell of, by the setting's share of fallbacks, is taken where it can of none.
        """
        free = replace(self.setting, most_fallbacks=1.0)
        scores = []
        for arm in range(self.setting.n_arms):
            alone = SearchRun(self.trace, free, _Only(arm), self.rng, False)
            alone.loop(*alone.objects.values(), 0, alone.n_rows)
            found = alone.metrics()
            integral, least = found["primal_integral"], found["minimised"]
            is_told = (found["fallbacks"] or 0.0) <= self.setting.most_fallbacks
            scores.append(
                (not is_told, math.inf if integral is None else integral, math.inf if least is None else least, arm)
            )
        return min(scores)[-1]

    @property
    def now(self) -> int:
        return int(self.search.work)

    def illegal(self) -> str | None:
        search = self.search
        if search.broken == LEGAL:
            return None
        return (
            f"{self.name} chose arm {search.broken_arm} at pull {search.n_pulls}; the arms are 0 to {search.n_arms - 1}"
        )

    def counters(self) -> dict[str, float]:
        search = self.search
        found = {"work": search.work}
        for arm in range(search.n_arms):
            found[f"pulls_{arm}"] = float(search.n_pulled[arm])
            found[f"reward_{arm}"] = float(search.earned_by[arm])
        return found

    def curve(self) -> dict[str, np.ndarray]:
        """The incumbents: `at` (work), `objective` as the model has it, `gap` where the best one is known; and `arm_names`."""
        at, objectives = self.incumbents
        return {**curve_of(self.setting, self.trace, at, objectives), "arm_names": np.array(self.setting.arm_names)}

    @property
    def incumbents(self) -> tuple[np.ndarray, np.ndarray]:
        """Work and objective of each point better than all before, within the budget."""
        search = self.search
        n = int(np.searchsorted(search.found_at[: search.n_found], self.setting.budget, side="right"))
        return search.found_at[:n].copy(), search.found[:n].copy()

    def metrics(self) -> dict[str, float | int | None]:
        search = self.search
        at, objectives = self.incumbents
        outcomes = search.outcomes.sum(axis=0)
        row = {
            **judged(self.setting, self.trace, at, objectives),
            "pulls": int(search.n_pulls),
            **{name: int(n) for name, n in zip(OUTCOMES, outcomes, strict=True)},
            "work": float(search.work),
        }
        if isinstance(self.source, Live):
            row |= {"proven": int(self.source.is_proven), "not_replayable": int(self.source.is_late)}
            row["primal_integral_s"] = self._integral_s(at, objectives)
        else:
            row["fallbacks"] = search.n_stood_in / search.n_pulls if search.n_pulls else 0.0
            self._refuse_fallbacks(search.n_stood_in, search.n_pulls)
        return row

    def _integral_s(self, at: np.ndarray, objectives: np.ndarray) -> float | None:
        """The mean gap over the seconds that a live run took."""
        optimum, took_s = self.setting.optimum_known, self.source.took_s
        if optimum is None or not took_s:
            return None
        pairs = [(self.source.found_s[when], one) for when, one in zip(at.tolist(), objectives.tolist(), strict=True)]
        return measures.primal_integral(pairs, optimum, took_s) / took_s

    def _refuse_fallbacks(self, n: int, n_pulls: int) -> None:
        most = self.setting.most_fallbacks
        if n > most * n_pulls:
            raise InputError(
                f"{self.name}: {n} of {n_pulls} pulls came by points without outcomes, more than {most:.0%}: "
                "record more points, play with --by bucket, or allow more by --most-fallbacks"
            )

    def notices(self) -> list[str]:
        lines = list(self.setting.dropped)
        if not self.search.n_found:
            lines.append(f"{self.name}: no feasible point was found within the budget of {self.setting.budget:,}")
        if isinstance(self.source, Live):
            if self.source.is_proven and not self.is_plain:
                lines.append("the solve that finds the first point proved it optimal: nothing is left to search")
            if self.source.is_late:
                lines.append(f"{self.name}: the wall clock stopped a solve; this run is not replayable")
        return lines + better_than_known(self.name, self.setting, self.trace, self.metrics())

    def decisions(self) -> Pulls | None:
        log = self.search.log
        if log is None:
            return None
        n = log.size
        columns = (log.probability, log.outcome, log.state, log.objective, log.work, log.stood_in)
        return Pulls(log.at[:n].copy(), np.zeros(n, np.uint8), log.arm[:n].copy(), *(one[:n].copy() for one in columns))


def judged(setting: Setting, trace: Trace, at: np.ndarray, objectives: np.ndarray) -> dict[str, float | int | None]:
    """The metrics that follow from the incumbents alone; the others are None.

    Args:
        setting: with what is known of the trace.
        trace: a model or a table.
        at, objectives: work and objective of each incumbent, as it is minimised.
    """
    optimum, budget = setting.optimum_known, float(setting.budget)
    best = float(objectives[-1]) if len(objectives) else None
    row: dict[str, float | int | None] = dict.fromkeys(metric.name for metric in METRICS)
    row |= {"minimised": best, "objective": None if best is None else told(trace, best)}
    if optimum is not None:
        pairs = list(zip(at.tolist(), objectives.tolist(), strict=True))
        row["primal_integral"] = measures.primal_integral(pairs, optimum, budget) / budget
        row["primal_gap"] = measures.primal_gap(best, optimum)
        row["new_reference"] = int(best is not None and measures.is_better(best, optimum))
    return row


def curve_of(setting: Setting, trace: Trace, at: np.ndarray, objectives: np.ndarray) -> dict[str, np.ndarray]:
    """The incumbents as columns of a timeline; see `SearchRun.curve`."""
    curve = {"at": at, "objective": np.array([told(trace, one) for one in objectives.tolist()])}
    optimum = setting.optimum_known
    if optimum is not None:
        curve["gap"] = np.array([measures.primal_gap(one, optimum) for one in objectives.tolist()])
    return curve


def better_than_known(name: str, setting: Setting, trace: Trace, row: dict[str, Any]) -> list[str]:
    """A line where a run found a point better than the best objective known."""
    if not row["new_reference"] or setting.optimum_known is None:
        return []
    known = told(trace, setting.optimum_known)
    return [f"{name} found {row['objective']:.12g}, better than the best objective known, {known:.12g}"]


def told(trace: Trace, objective: float) -> float:
    """An objective as the user's model has it."""
    return -objective if trace.tables.get("maximise") else objective


class _Only(Policy):
    """Pulls one arm."""

    unit_rewards: ClassVar[bool] = False
    arm: int

    def choose(self, context):
        return self.arm

    def update(self, arm, reward, cost):
        return


def _values(path: str, trace: Trace) -> dict[int, float]:
    """Values of variables by their indices, from a file of lines "variable value"; what is no such line is refused.

    Lines that begin with "#" or "=" are passed over.
    """
    try:
        lines = Path(path).read_text().splitlines()
    except OSError as error:
        raise InputError(f"start {path} cannot be read: {error.strerror}") from None
    names = {name: i for i, name in enumerate(np.asarray(trace["name"].labels).tolist())}  # type: ignore[union-attr]
    found = {}
    for k, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0][0] in "#=":
            continue
        try:
            found[names[words[0]]] = float(words[1])
        except KeyError:
            raise InputError(f'{path}, line {k}: {trace.name} has no variable "{words[0]}"') from None
        except (IndexError, ValueError):
            raise InputError(f'{path}, line {k}: expected "VARIABLE VALUE", got "{line.strip()}"') from None
    return found
