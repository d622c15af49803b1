"""What a run gave: values only, nothing alive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Decisions:
    """What a policy did, as columns of equal length: enough to recompute the result without the policy.

    Args:
        row: index of the trace's row each decision belongs to, never decreasing, int64.
        kind: what was decided, by the codes of the domain, uint8.
        subject: what it was about (the page that left, the server chosen), int64.
    """

    row: np.ndarray
    kind: np.ndarray
    subject: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    def same_as(self, other: Decisions) -> bool:
        """Whether both decided the same, decision by decision."""
        return all(
            np.array_equal(mine, theirs)
            for mine, theirs in ((self.row, other.row), (self.kind, other.kind), (self.subject, other.subject))
        )


@dataclass(frozen=True, eq=False)
class Result:
    """The outcome of one run.

    Args:
        metrics: name -> number, or None where the metric does not apply.
        timeline: columns over equal parts of the trace: `row` (end of the part) and the domain's counters within it; of a search
            also those of its `curve`, with a length of their own: how good it was after how many questions.
        seconds: the replay loop alone, without reading, labelling and compiling.
        n_rows: rows played.
        engine: "compiled" or "interpreted".
        notices: lines the user should read (why it ran interpreted, what the reader skipped).
        decisions: what the policy did, where that was recorded.
        experiment: what was run, where `study` ran it; an object whose `row()` gives its part of the table.
    """

    metrics: Mapping[str, float | int | None]
    timeline: Mapping[str, np.ndarray]
    seconds: float
    n_rows: int
    engine: str
    notices: tuple[str, ...] = ()
    decisions: Decisions | None = None
    experiment: Any = field(default=None)

    def row(self) -> dict[str, Any]:
        """One flat row of a table: what was run, then how, then the metrics."""
        described = self.experiment.row() if self.experiment is not None else {}
        rate = self.n_rows / self.seconds if self.seconds else None
        return {**described, "engine": self.engine, "seconds": self.seconds, "requests_per_s": rate, **self.metrics}
