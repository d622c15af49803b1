"""The rules of a domain: they own the truth, feed requests, check every decision, and count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol

from sim.core.metric import Metric
from sim.core.policy import Policy
from sim.core.result import Decisions
from sim.core.trace import Trace


class Run(Protocol):
    """One policy on one trace, begun and not yet played: what the engine drives.

    Attributes:
        loop: module-level function `(*objects, start, stop)` that plays rows; interpreted or compiled, the same text.
        objects: its arguments by name, all state within them.
        n_rows: rows to play.
        now: the row that is being played, or was last.
    """

    loop: Callable[..., None]
    objects: dict[str, Any]
    n_rows: int

    @property
    def now(self) -> int: ...

    def illegal(self) -> str | None:
        """The policy's illegal decision as one line; None while all are legal. The loop stops at the first."""
        ...

    def counters(self) -> Mapping[str, float]:
        """Running totals; the engine records them as the timeline."""
        ...

    def metrics(self) -> dict[str, float | int | None]: ...

    def decisions(self) -> Decisions | None: ...


class System(Protocol):
    """The rules with their setting. `begin` may be called for any number of traces and policies.

    Attributes:
        domain: one word.
        METRICS: the metrics of its results, the most telling first.
    """

    domain: ClassVar[str]
    METRICS: ClassVar[tuple[Metric, ...]]

    def begin(self, trace: Trace, policy: Policy, rng: Any, *, record: bool) -> Run:
        """Checks that trace and policy go together, and begins both.

        Raises:
            InputError: the policy asks for a column or a rule that is not there; the message names what would supply it.
        """
        ...
