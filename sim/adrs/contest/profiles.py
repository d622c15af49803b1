"""Performance profiles: contenders compared by how much longer than the quickest each takes, over several workloads.

References: Dolan and Moré, "Benchmarking Optimization Software with Performance Profiles", Mathematical Programming 2002; the
score: Dahl et al., "Benchmarking Neural Network Training Algorithms" (AlgoPerf), 2023, section 4.3.
"""

from __future__ import annotations

import numpy as np

MOST = 4.0
"""Whoever takes so many times as long as the quickest, or longer, earns nothing on the workload."""


def ratios(times: np.ndarray) -> np.ndarray:
    """Each time by the shortest on the same workload; infinite where the target was not reached.

    Args:
        times: above 0, infinite where the target was not reached; shape (contenders, workloads).

    Returns:
        At least 1, shape (contenders, workloads).
    """
    times = np.asarray(times, float)
    found = np.full(times.shape, np.inf)
    np.divide(times, times.min(axis=0), out=found, where=np.isfinite(times))
    return found


def shares(ratios: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """The profiles: on what share of the workloads a contender takes at most so many times as long as the quickest.

    Args:
        ratios: shape (contenders, workloads).
        factors: shape (n,).

    Returns:
        In [0, 1], shape (contenders, n).
    """
    return (np.asarray(ratios)[:, :, None] <= np.asarray(factors)).mean(axis=1)


def scores(ratios: np.ndarray, most: float = MOST) -> np.ndarray:
    """The area under each profile from 1 to `most`, in [0, 1]; workloads that nobody solved count for all.

    Args:
        ratios: shape (contenders, workloads).
        most: above 1.
    """
    return (np.maximum(0.0, most - np.asarray(ratios)) / (most - 1)).mean(axis=1)
