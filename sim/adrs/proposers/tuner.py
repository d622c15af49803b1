"""Numbers tuned by CMA-ES, asked one by one and told in any order.

Reference: Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv 1604.00772, 2016; the library's own bounds and defaults.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from cmaes import CMA

STEP = 0.2
"""Standard deviation of the first draws, in lengths of a range."""


class Tuner:
    """Draws vectors from [0, 1] to the power n, ever nearer to where losses were low.

    A generation is asked for in advance where more is asked than has been told; its losses count once all of one generation are
    known, compared by the mean over the instances that all of them were tried on.

    Args:
        centre: where it begins, n numbers in [0, 1], n at least 1.
        seed: of its draws.
    """

    def __init__(self, centre: Sequence[float], seed: int):
        self.n = len(centre)
        width = max(self.n, 2)  # the strategy knows no line; a second number, ignored, makes it a plane
        mean = np.clip([*centre, *[0.5] * (width - self.n)], 0.0, 1.0)
        self.strategy = CMA(mean=mean, sigma=STEP, bounds=np.array([[0.0, 1.0]] * width), seed=seed)
        self.asked: list[np.ndarray] = []
        self.known: list[tuple[np.ndarray, list[float]]] = []

    def ask(self) -> tuple[int, list[float]]:
        """Gives a question's number, for `tell`, and n numbers in [0, 1]."""
        self.asked.append(self.strategy.ask())
        return len(self.asked) - 1, [float(value) for value in self.asked[-1][: self.n]]

    def tell(self, number: int, losses: Sequence[float]) -> None:
        """What an answer's losses were, in the order of the instances; none where it failed."""
        self.known.append((self.asked[number], list(losses)))
        if len(self.known) < self.strategy.population_size:
            return
        generation, self.known = self.known, []
        tried = [len(losses) for _, losses in generation if losses]
        shared = min(tried, default=0)
        values = [math.fsum(losses[:shared]) / shared if losses else math.inf for _, losses in generation]
        worst = max((value for value in values if value < math.inf), default=0.0)
        finite = [min(value, worst + 1.0) for value in values]
        self.strategy.tell([(place, value) for (place, _), value in zip(generation, finite, strict=True)])
