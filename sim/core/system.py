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
        loop: module-level function `(*objects, start, stop)` that plays rows; interpreted or compiled, the same text. A run whose
            loop has no compiled form says why in an attribute `why_interpreted`.
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

    def notices(self) -> list[str]:
        """Lines for the user about the run as it went ("trained 3 times")."""
        ...

    def decisions(self) -> Decisions | None: ...


class System(Protocol):
    """The rules with their setting. `begin` may be called for any number of traces and policies.

    Attributes:
        domain: one word.
        METRICS: the metrics of its results, the most telling first.
        REFERENCE: the policy that every table shows beside those asked for; None where there is none.
        LENGTH: the key of a result that counts the trace's rows ("requests").
        BOUNDED: the key of a result that a policy's `bound` speaks of ("misses").
        Setting: its setting; the user's fields are the options of the command line. `from_options(trace, **texts)` reads them
            for a trace, `spelled_out(option, text)` gives the values that one text stands for on any trace.
    """

    domain: ClassVar[str]
    METRICS: ClassVar[tuple[Metric, ...]]
    REFERENCE: ClassVar[str | None]
    LENGTH: ClassVar[str]
    BOUNDED: ClassVar[str]
    Setting: ClassVar[type]

    def begin(self, trace: Trace, policy: Policy, rng: Any, *, record: bool) -> Run:
        """Checks that trace and policy go together, and begins both.

        Raises:
            InputError: the policy asks for a column or a rule that is not there; the message names what would supply it.
        """
        ...

    def completed(self, trace: Trace, policy: Policy) -> Trace:
        """The trace with the columns that follow from others it has, where this policy needs them."""
        ...

    def hindsight(self, trace: Trace) -> Any:
        """What only the whole trace tells and no prediction changes (the optimum's run); None where there is nothing."""
        ...

    def judge(self, trace: Trace, policy: Policy, metrics: Mapping[str, Any], hindsight: Any) -> dict[str, Any]:
        """The keys that hindsight adds to a row: ratios to the optimum, measured prediction errors, bounds."""
        ...
