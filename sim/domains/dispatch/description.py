"""What jobs look like, in figures: when they come, how much work they are, how well that was predicted."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.core.trace import Trace
from sim.domains.dispatch.system import arrivals, keys, sizes

SHARES = (0.01, 0.1)
"""Of the jobs, the largest, whose part of all work is told."""


def describe(trace: Trace) -> dict[str, Any]:
    """Describes a trace of one job or more.

    Returns:
        Numbers by name, times in the trace's unit. `offered_work` is the work that comes in a unit of time, which so many servers
        of speed 1 must exceed; `gap_cv2` and `size_cv2` are squared coefficients of variation, 1 of exponential ones. What
        the trace does not tell is absent.
    """
    time, _, think = arrivals(trace)
    size = sizes(trace, "size")
    told: dict[str, Any] = {"jobs": len(trace)}
    if think is not None:
        told |= {"clients": len(np.unique(np.asarray(trace["client"]))), "mean_think": float(think.mean())}
    if time is not None and time[-1] > 0:
        gaps = np.diff(time)
        told |= {
            "span": float(time[-1]),
            "jobs_per_time": len(gaps) / float(time[-1]),
            "gap_cv2": _cv2(gaps),
            "offered_work": float(size[:-1].sum()) / float(time[-1]),
        }
    told |= {"mean_size": float(size.mean()), "size_cv2": _cv2(size), "least_size": float(size.min())}
    told |= {f"size_p{share:g}": float(np.percentile(size, share)) for share in (50, 90, 99)}
    told["largest_size"] = float(size.max())
    descending = np.cumsum(np.sort(size)[::-1])
    for share in SHARES:
        n_largest = int(share * len(size))
        if n_largest:
            told[f"work_share_of_largest_{share * 100:g}_percent"] = float(descending[n_largest - 1] / descending[-1])
    if "key" in trace:
        told["distinct_keys"] = len(np.unique(keys(trace)))
    if "predicted_size" in trace:
        told["mean_error_of_predicted_size"] = float(np.abs(np.log(sizes(trace, "predicted_size") / size)).mean())
    return told


def _cv2(values: np.ndarray) -> float:
    mean = float(values.mean())
    return float(values.var()) / mean**2 if mean > 0 else 0.0
