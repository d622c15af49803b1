"""Invented dispatch traces: when jobs come, and how large they are.

A trace has the columns `time` (float64, shape (n,), never decreasing) and `size` (float64, above 0), in a unit of time that is
whatever one likes: a server of speed 1 does a job of size 1 in one of it. In a closed system `client` (int64) and `think`
(float64) stand for `time`. All chance comes from `rng`. Two options are common to all:

    sizes: the law of the sizes, of mean `mean_size`: "exponential", "deterministic", "uniform", "hyperexponential:cv2=10",
        "weibull:shape=0.5", "lognormal:sigma=1", "[pareto:alpha=1.5,low=0.01,high=1000]" (bounded; its mean is scaled too), or
        a file with one size a line, drawn with replacement and taken as they are.
    keys: jobs are about so many things (users, objects), of Zipf popularity with exponent 1; 0: no column `key`.

Sizes and keys draw from streams of their own, so that arrivals are the same with each. A parameter outside its range raises
InputError.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator

from sim.core.errors import InputError
from sim.core.modules import kernel
from sim.core.seeds import beside
from sim.core.trace import Trace
from workloads import job_sizes


def poisson(
    rng: Generator,
    *,
    rate: float,
    mean_size: float = 1.0,
    n_jobs: int = 100_000,
    sizes: str = "exponential",
    keys: int = 0,
) -> Trace:
    """Jobs come independently of each other, `rate` in a unit of time on average."""
    _positive("poisson", rate=rate, mean_size=mean_size)
    _counts("poisson", n_jobs=n_jobs)
    time = np.cumsum(rng.exponential(1 / rate, n_jobs))
    return _trace(
        rng, "poisson", {"rate": rate, "mean_size": mean_size}, {"time": time}, n_jobs, mean_size, sizes, keys
    )


def mmpp(
    rng: Generator,
    *,
    rate: float,
    burst: float = 5.0,
    share: float = 0.1,
    burst_length: float = 10.0,
    mean_size: float = 1.0,
    n_jobs: int = 100_000,
    sizes: str = "exponential",
    keys: int = 0,
) -> Trace:
    """Bursts: a Poisson process whose rate is `burst` times as high in exponential spells as between them.

    Args:
        rate: jobs in a unit of time on average, over both.
        burst: rate in a burst by the rate between bursts, at least 1.
        share: of the time that is spent in bursts, between 0 and 1.
        burst_length: mean length of a burst.

    Reference: Fischer and Meier-Hellstern, "The Markov-Modulated Poisson Process (MMPP) Cookbook", Performance Evaluation 1993.
    """
    _positive("mmpp", rate=rate, mean_size=mean_size, burst_length=burst_length)
    _counts("mmpp", n_jobs=n_jobs)
    if not (1 <= burst < math.inf and 0 < share < 1):
        raise InputError(f"mmpp: burst must be at least 1 and share between 0 and 1, got {burst:g} and {share:g}")
    calm_rate = rate / (1 - share + share * burst)
    means = (burst_length * (1 - share) / share, burst_length)
    rates = (calm_rate, calm_rate * burst)
    spells: list[np.ndarray] = []
    start, n, state = 0.0, 0, int(rng.random() < share)
    while n < n_jobs:
        length = rng.exponential(means[state])
        spell = np.sort(start + length * rng.random(rng.poisson(rates[state] * length)))
        spells.append(spell)
        start, n, state = start + length, n + len(spell), 1 - state
    time = np.concatenate(spells)[:n_jobs]
    parameters = {"rate": rate, "burst": burst, "share": share, "mean_size": mean_size}
    return _trace(rng, "mmpp", parameters, {"time": time}, n_jobs, mean_size, sizes, keys)


def diurnal(
    rng: Generator,
    *,
    rate: float,
    swing: float = 0.5,
    period: float = 1000.0,
    mean_size: float = 1.0,
    n_jobs: int = 100_000,
    sizes: str = "exponential",
    keys: int = 0,
) -> Trace:
    """Days and nights: a Poisson process of rate `rate` (1 + swing sin(2 pi t / period)).

    Args:
        rate: jobs in a unit of time on average.
        swing: between 0 (no days) and 1 (nights without any jobs).
        period: length of a day.
    """
    _positive("diurnal", rate=rate, mean_size=mean_size, period=period)
    _counts("diurnal", n_jobs=n_jobs)
    if not 0 <= swing <= 1:
        raise InputError(f"diurnal: swing must be between 0 and 1, got {swing:g}")
    expected = np.cumsum(rng.exponential(1, n_jobs)) / rate  # the mean number of jobs until each, by the mean rate
    grid = np.linspace(0, period, 4097)
    passed = grid + swing * period / (2 * np.pi) * (1 - np.cos(2 * np.pi * grid / period))
    days, rest = np.divmod(expected, period)
    time = days * period + np.interp(rest, passed, grid)
    parameters = {"rate": rate, "swing": swing, "period": period, "mean_size": mean_size}
    return _trace(rng, "diurnal", parameters, {"time": time}, n_jobs, mean_size, sizes, keys)


def closed(
    rng: Generator,
    *,
    clients: int,
    think: float = 1.0,
    mean_size: float = 1.0,
    n_jobs: int = 100_000,
    sizes: str = "exponential",
    keys: int = 0,
) -> Trace:
    """Clients that wait for the end of their job and think before the next one: a closed system.

    Args:
        clients: at least 1.
        think: mean of the exponential think time; 0: the next job comes at once.
    """
    _positive("closed", mean_size=mean_size)
    _counts("closed", n_jobs=n_jobs, clients=clients)
    if not 0 <= think < math.inf:
        raise InputError(f"closed: think must be a time of at least 0, got {think:g}")
    columns = {"client": np.arange(n_jobs) % clients, "think": rng.exponential(1, n_jobs) * think}
    parameters = {"clients": clients, "think": think, "mean_size": mean_size}
    return _trace(rng, "closed", parameters, columns, n_jobs, mean_size, sizes, keys)


def size(
    trace: Trace,
    setting: Any,
    rng: Generator,
    *,
    lognormal: float = 0.0,
    exponential: bool = False,
    factor: float = 1.0,
    useless: float = 0.0,
    reversed: bool = False,
) -> Trace:
    """Adds a prediction of each job's size: the true one, with noise.

    Args:
        trace: jobs with a column `size`.
        setting: not used: a size is the same on all servers.
        rng: the predictions' own stream; the same draws are scaled as the noise rises.
        lognormal: the prediction is multiplied by exp(sigma Z), Z standard normal, with this sigma, at least 0.
        exponential: the prediction is drawn, exponential with the true size as its mean.
        factor: multiplies all predictions, above 0.
        useless: share of the jobs, in [0, 1], that are predicted the size of another job, drawn at random.
        reversed: an adversary exchanges the largest prediction for the least, and so on: longest predicted shortest.

    Returns:
        A new trace with a column `predicted_size`, float64, shape (n,), above 0.

    Raises:
        InputError: a parameter outside its range.

    Reference: Mitzenmacher, "Scheduling with Predictions and the Price of Misprediction", ITCS 2020 (exponential, and its
    model of noise in general).
    """
    if not 0 <= lognormal < math.inf:
        raise InputError(f"size: lognormal must be a deviation of at least 0, got {lognormal:g}")
    if not 0 <= useless <= 1:
        raise InputError(f"size: useless must be a share between 0 and 1, got {useless:g}")
    _positive("size", factor=factor)
    true = np.asarray(trace["size"], np.float64)
    n = len(true)
    normal, unit, chosen, others = rng.standard_normal(n), rng.exponential(1, n), rng.random(n), rng.integers(0, n, n)
    predicted = np.where(chosen < useless, true[others], true)
    if reversed:
        order = np.argsort(predicted, kind="stable")
        predicted[order] = predicted[order][::-1].copy()
    predicted = predicted * factor * np.exp(np.clip(lognormal * normal, -600, 600))
    if exponential:
        predicted = predicted * unit
    predicted = np.clip(predicted, 1e-300, 1e300)
    return trace.with_column("predicted_size", predicted, predictor="size")


size.channels = ("size",)  # type: ignore[attr-defined]
size.clairvoyant = True  # type: ignore[attr-defined]


def mean(trace: Trace, setting: Any, rng: Generator, *, known: int = 0) -> Trace:
    """Predicts the same size for every job: the mean of the jobs before it; with keys, of those with its key.

    Args:
        known: jobs before a key is trusted; until then the mean of all jobs counts. At least 0.

    Returns:
        A new trace with a column `predicted_size`; the first job is predicted 1.

    Causal in the order of arrival: it learns a size when the next job arrives, done or not.
    """
    if known < 0:
        raise InputError(f"mean: known must be at least 0, got {known}")
    true = np.asarray(trace["size"], np.float64)
    key = np.asarray(trace["key"], np.int64) if "key" in trace else np.zeros(len(true), np.int64)
    n_keys = int(key.max(initial=0)) + 1
    predicted = _means(true, key, np.zeros(n_keys), np.zeros(n_keys), known)
    return trace.with_column("predicted_size", predicted, predictor="mean")


mean.channels = ("size",)  # type: ignore[attr-defined]
mean.clairvoyant = False  # type: ignore[attr-defined]


@kernel
def _means(true, key, total, seen, known):
    """Of the sizes before each, by key where enough are known; `total` and `seen` begin at 0."""
    predicted = np.ones(len(true))
    all_total = 0.0
    for i in range(len(true)):
        k = key[i]
        if seen[k] > known:
            predicted[i] = total[k] / seen[k]
        elif i > 0:
            predicted[i] = all_total / i
        total[k] += true[i]
        seen[k] += 1
        all_total += true[i]
    return predicted


def _trace(
    rng: Generator,
    name: str,
    parameters: dict[str, Any],
    columns: dict[str, np.ndarray],
    n_jobs: int,
    mean_size: float,
    sizes: str,
    keys: int,
) -> Trace:
    columns = {**columns, "size": job_sizes.draw(beside(rng, "sizes"), sizes, mean_size, n_jobs)}
    if keys < 0:
        raise InputError(f"{name}: keys must be at least 0, got {keys}")
    if keys:
        weight = np.cumsum(1 / np.arange(1, keys + 1))
        columns["key"] = np.searchsorted(weight / weight[-1], beside(rng, "keys").random(n_jobs), side="right")
    listed = {**parameters, **({"sizes": sizes} if sizes != "exponential" else {}), **({"keys": keys} if keys else {})}
    text = ",".join(
        f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}" for key, value in listed.items()
    )
    return Trace(f"{name}({text})", "dispatch", columns, origin={"workload": name, "parameters": listed})


def _positive(workload: str, **values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise InputError(f"{workload}: {name} must be above 0 and finite, got {value:g}")


def _counts(workload: str, **counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise InputError(f"{workload}: {name} must be at least 1, got {count}")
