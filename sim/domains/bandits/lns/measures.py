"""How good an incumbent is, and how soon it was there: the primal gap and the primal integral, of minimised objectives.

Reference: Berthold, "Measuring the Impact of Primal Heuristics", Operations Research Letters 2013.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

TOLERANCE = 1e-9
"""Two objectives differ where they lie further apart than this, relative to those above 1."""


def is_better(objective: float, than: float) -> bool:
    """Whether one objective lies below another by more than the tolerance."""
    return objective < (than - TOLERANCE * max(1.0, abs(than)) if math.isfinite(than) else than)


def primal_gap(objective: float | None, optimum: float) -> float:
    """How far an objective lies from the optimum, in [0, 1]: 1 without a point or where their signs differ; 0 where it is better.

    Args:
        objective: minimised; None without a point.
        optimum: the best known, as it is minimised.
    """
    if objective is None:
        return 1.0
    if not is_better(optimum, objective):
        return 0.0
    if objective * optimum < 0:
        return 1.0
    largest = max(abs(objective), abs(optimum))
    return abs(objective - optimum) / largest if largest else 0.0


def primal_integral(incumbents: Iterable[tuple[float, float]], optimum: float, end: float) -> float:
    """The sum over incumbents of their gap times how long each was the best; the gap is 1 before the first.

    Args:
        incumbents: (when, objective), in this order, each better than the one before.
        optimum: as in `primal_gap`.
        end: until when.

    Returns:
        At most `end`; divided by it, the mean gap.
    """
    total, since, gap = [], 0.0, 1.0
    for when, objective in incumbents:
        if when >= end:
            break
        total.append(gap * (when - since))
        since, gap = when, primal_gap(objective, optimum)
    total.append(gap * (end - since))
    return math.fsum(total)
