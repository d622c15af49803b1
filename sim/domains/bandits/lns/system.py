"""The system: adaptive large neighbourhood search on a mixed-integer program, under a bandit, live or from a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

from sim.core.metric import Metric
from sim.core.policy import defines
from sim.core.result import Decisions
from sim.core.trace import Trace
from sim.domains.bandits.lns.run import METRICS, SearchRun
from sim.domains.bandits.lns.setting import Setting
from sim.domains.bandits.lns.side_by_side import SideBySide
from sim.domains.bandits.policy import Policy


@dataclass(frozen=True)
class System:
    """Large neighbourhood search: a policy picks the part of a mixed-integer program that a solver improves next."""

    setting: Setting
    domain: ClassVar[str] = "bandits"
    METRICS: ClassVar[tuple[Metric, ...]] = METRICS
    REFERENCE: ClassVar[str | None] = None
    LENGTH: ClassVar[str] = "work"
    BOUNDED: ClassVar[str] = "primal_integral"
    Setting: ClassVar[type[Setting]] = Setting

    def begin(self, trace: Trace, policy: Policy, rng: Any, *, record: bool = False) -> SearchRun | SideBySide:
        if defines(policy, "members"):
            return SideBySide(trace, self.setting, policy, rng)
        return SearchRun(trace, self.setting.on(trace), policy, rng, record)

    def completed(self, trace: Trace, policy: Policy) -> Trace:
        return trace

    def hindsight(self, trace: Trace) -> None:
        """Nothing: what a run is held against is known of the file, or given."""

    def judge(self, trace: Trace, policy: Policy, metrics: Any, hindsight: None) -> dict[str, Any]:
        return {}

    def replay(self, trace: Trace, decisions: Decisions, *, seed: int = 0) -> dict[str, float | int | None]:
        """Pulls the arms of a log again, and recomputes the metrics but that of seconds; the seed is that of the run."""
        from sim.core.engine import replay

        return dict(replay(trace, cast(Any, self), Scripted(decisions), seed=seed).metrics)


class Scripted(Policy):
    """Repeats a log of decisions."""

    unit_rewards: ClassVar[bool] = False
    decisions: Decisions

    def begin(self, setting, rng):
        self.arm = self.decisions.subject
        self.next = 0

    def choose(self, context):
        return int(self.arm[self.next])

    def update(self, arm, reward, cost):
        self.next += 1
