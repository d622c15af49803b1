"""The figures of a run: response times and their spread, what the servers did, what was lost."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.core.metric import Metric

METRICS = (
    Metric("response_mean", "", "lower", "mean time from a job's arrival until it is complete, retries included"),
    Metric("response_p50", "", "lower", "median of these times"),
    Metric("response_p90", "", "lower", "90th percentile of these times"),
    Metric("response_p99", "", "lower", "99th percentile of these times"),
    Metric("response_p999", "", "lower", "99.9th percentile of these times"),
    Metric("response_error", "", None, "half the 95 % interval of the mean, from 30 batch means; null below 300 jobs"),
    Metric("slowdown_mean", "", "lower", "mean of response time by size"),
    Metric("slowdown_p99", "", "lower", "99th percentile of response time by size"),
    Metric("waiting_mean", "", "lower", "mean response time less the time of service alone on its server"),
    Metric("utilisation", "", None, "share of the time that servers worked, mean over servers, from the warm-up on"),
    Metric("utilisation_max", "", None, "the same of the busiest server"),
    Metric("utilisation_min", "", None, "the same of the idlest server"),
    Metric("jain", "", "higher", "Jain's fairness of the servers' utilisations, 1 when all are equal"),
    Metric("jobs_mean", "jobs", None, "jobs in the system, mean over time"),
    Metric("queue_max", "jobs", None, "the longest queue of a server, the job in service included"),
    Metric("lost", "jobs", "lower", "jobs that were never complete"),
    Metric("retries", "jobs", None, "attempts beyond a job's first"),
    Metric("timeouts", "jobs", None, "attempts given up by their clients"),
    Metric("rejected", "jobs", None, "attempts turned away by a full server"),
    Metric("crashes", "", None, "times that a server crashed, or was slowed"),
    Metric("wasted", "", None, "work done for nobody, per work of all jobs"),
    Metric("probes_per_job", "", None, "servers that the dispatcher asked, per job"),
    Metric("jobs", "jobs", None, "jobs that count: without warm-up"),
    Metric("requests", "jobs", None, "all jobs"),
    Metric("component_regret", "", "lower", "the first metric above that of its best component alone; bandit_of only"),
)

N_BATCHES = 30
T_29 = 2.045229642132703
"""The 97.5 % quantile of Student's t with 29 degrees of freedom."""

EACH = 64
"""Up to so many servers, a row holds the utilisation of each."""


def summary(ledger: Any, queues: Any, view: Any) -> dict[str, float | int | None]:
    """The metrics of a run that is over."""
    start = ledger.warm_from
    response = (ledger.finished - ledger.arrived)[start:]
    is_done = np.isfinite(response)
    response, size = response[is_done], queues.size[start:][is_done]
    row: dict[str, float | int | None] = dict.fromkeys(metric.name for metric in METRICS)
    if len(response):
        marks = np.percentile(response, (50, 90, 99, 99.9)).tolist()
        slowdown = response / size
        service = size / queues.speeds[ledger.server[start:][is_done]]
        row |= dict(zip(("response_p50", "response_p90", "response_p99", "response_p999"), marks, strict=True))
        row |= {
            "response_mean": float(response.mean()),
            "response_error": batch_error(response),
            "slowdown_mean": float(slowdown.mean()),
            "slowdown_p99": float(np.percentile(slowdown, 99)),
            "waiting_mean": float((response - service).mean()),
        }
    span = ledger.last_time - ledger.warm_time
    busy, present = ledger.busy_at_last - ledger.busy_when_warm, ledger.present_at_last - ledger.present_when_warm
    if not span > 0:  # all came at once: until the end
        span, busy = ledger.now - ledger.warm_time, queues.busy - ledger.busy_when_warm
        present = ledger.present_time - ledger.present_when_warm
    if span > 0:
        share = busy / span
        row |= {
            "utilisation": float(share.mean()),
            "utilisation_max": float(share.max()),
            "utilisation_min": float(share.min()),
            "jain": float(share.sum() ** 2 / (len(share) * (share**2).sum())) if share.any() else None,
            "jobs_mean": float(present / span),
        }
        if len(share) <= EACH:
            row |= {f"utilisation.{server}": float(value) for server, value in enumerate(share)}
    return row | {
        "queue_max": int(ledger.longest_queue),
        "lost": ledger.lost,
        "retries": ledger.retried,
        "timeouts": ledger.timeouts,
        "rejected": ledger.rejected,
        "crashes": ledger.n_crashes,
        "wasted": float(ledger.wasted) / float(queues.size.sum()),
        "probes_per_job": view.probes / ledger.n_jobs,
        "jobs": len(ledger.finished) - start,
        "requests": ledger.n_jobs,
    }


def batch_error(response: np.ndarray) -> float | None:
    """Half the width of the 95 % interval of the mean, by Student's t on 30 batch means; None below 300 values."""
    if len(response) < 10 * N_BATCHES:
        return None
    means = response[: len(response) // N_BATCHES * N_BATCHES].reshape(N_BATCHES, -1).mean(axis=1)
    return float(T_29 * means.std(ddof=1) / np.sqrt(N_BATCHES))
