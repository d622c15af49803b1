"""Invented bandits: tables of rewards, drawn once, so that every policy meets the same numbers.

A trace has the column `rewards` (float64, shape (n_rounds, n_arms)), or `pulls` where an arm's reward depends on how often it was
pulled, and the means as far as they are known. All chance comes from `rng`. A parameter outside its range raises InputError.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sim.core.errors import InputError
from sim.core.trace import Trace

MEANS = (0.5, 0.45, 0.4, 0.3, 0.2)


def bernoulli(rng: Generator, *, means: tuple[float, ...] = MEANS, n_rounds: int = 10_000) -> Trace:
    """Rewards of 0 or 1, independent, each arm with its own probability of 1.

    Args:
        means: probabilities in [0, 1], one per arm.
    """
    mean = _means("bernoulli", means, n_rounds)
    rewards = (rng.random((n_rounds, len(mean))) < mean).astype(np.float64)
    return Trace(
        "bernoulli", "bandits", {"rewards": rewards}, {"means": mean}, {"workload": "bernoulli", "means": means}
    )


def _means(name: str, means: tuple[float, ...], n_rounds: int) -> np.ndarray:
    if n_rounds < 1:
        raise InputError(f"{name}: n_rounds must be at least 1, got {n_rounds}")
    if not means:
        raise InputError(f"{name}: means must name at least one arm, e.g. means=[0.5;0.4]")
    for mean in means:
        if not 0 <= mean <= 1:
            raise InputError(f"{name}: means must lie in [0, 1], got {mean:g}")
    return np.array(means, np.float64)
