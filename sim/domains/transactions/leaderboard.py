"""The scores of the public transaction-scheduling benchmark, from makespans that this simulator worked out.

Both public evaluators believe what a program says of its own schedule, or let a short one pass. Here a makespan comes from a
run, in which every order is complete or illegal; a program whose run failed has none, and scores 0.
"""

from __future__ import annotations

from collections.abc import Sequence

N_WORKLOADS = 3

BASE, IDEAL, REACH = 537, 46, 0.10
"""Total of the orders as they come, total that no longest transaction allows to beat, share of the way that need not be gone."""


def skydiscover(makespans: Sequence[int | None]) -> float:
    """Score A, higher is better: a million by 1 and the total of the three makespans; 0 where one is missing (None)."""
    total = total_of(makespans)
    return 0.0 if total is None else 1_000_000 / (1 + total)


def leaderboard(makespans: Sequence[int | None]) -> float:
    """Score B, 0 to 100: how much of the way from the orders as they come to near the ideal is gone; 0 where one is missing."""
    total = total_of(makespans)
    if total is None:
        return 0.0
    effective = IDEAL + REACH * (BASE - IDEAL)
    return min(max(100 * (BASE - total) / (BASE - effective), 0.0), 100.0)


def total_of(makespans: Sequence[int | None]) -> int | None:
    """The sum of the makespans on the three workloads; None where one is missing.

    Raises:
        ValueError: there are not three of them.
    """
    if len(makespans) != N_WORKLOADS:
        raise ValueError(f"the benchmark has {N_WORKLOADS} workloads, got {len(makespans)} makespans")
    known = [makespan for makespan in makespans if makespan is not None]
    return sum(known) if len(known) == N_WORKLOADS else None
