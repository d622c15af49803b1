"""Closed forms of queues with Poisson arrivals, a server's rate of service 1, load rho per server: mean response times."""

from __future__ import annotations

import math

import numpy as np
from scipy.integrate import quad


def erlang_c(c: int, rho: float) -> float:
    """Probability that a job of M/M/c waits."""
    blocked, a = 1.0, c * rho
    for k in range(1, c + 1):
        blocked = a * blocked / (k + a * blocked)
    return blocked / (1 - rho * (1 - blocked))


def mmc(c: int, rho: float) -> float:
    return 1 + erlang_c(c, rho) / (c * (1 - rho))


def pollaczek_khinchine(rho: float, cv2: float) -> float:
    """Mean wait of M/G/1, first come first served, sizes of mean 1."""
    return rho * (1 + cv2) / (2 * (1 - rho))


def round_robin(n: int, rho: float) -> float:
    """Erlang-n/M/1, by its root in (0, 1)."""
    z = 0.0
    for _ in range(10_000):
        z = (n * rho / (n * rho + 1 - z)) ** n
    return 1 / (1 - z)


def power_of_d(d: int, rho: float) -> float:
    """With infinitely many servers."""
    return sum(rho ** ((d**k - d) / (d - 1)) for k in range(1, 60) if (d**k - d) / (d - 1) < 1e6)


def by_size(discipline: str, rho: float) -> float:
    """M/M/1 by true sizes: sjf, psjf, srpt.

    Reference: Mitzenmacher, "Scheduling with Predictions and the Price of Misprediction", ITCS 2020.
    """

    def load(x: float) -> float:
        return rho * (1 - math.exp(-x) * (1 + x))

    def second(x: float) -> float:
        return 2 - math.exp(-x) * (x * x + 2 * x + 2)

    def response(x: float) -> float:
        free = 1 - load(x)
        if discipline == "sjf":
            return x + rho * 2 / (2 * free**2)
        if discipline == "psjf":
            return x / free + rho * second(x) / (2 * free**2)
        own = quad(lambda t: 1 / (1 - load(t)), 0, x)[0]
        return rho * (second(x) + x * x * math.exp(-x)) / (2 * free**2) + own

    return quad(lambda x: response(x) * math.exp(-x), 0, 60, limit=200)[0]


TABLE = {
    0.5: {"sjf": 1.7127, "spjf": 1.7948, "psjf": 1.5314, "pspjf": 1.6637, "srpt": 1.4254, "sprpt": 1.6583},
    0.7: {"sjf": 2.3122, "spjf": 2.5726, "psjf": 2.0839, "pspjf": 2.3971, "srpt": 1.8746, "sprpt": 2.3688},
    0.8: {"sjf": 2.8822, "spjf": 3.3758, "psjf": 2.6589, "pspjf": 3.1945, "srpt": 2.3528, "sprpt": 3.1376},
    0.9: {"sjf": 4.1969, "spjf": 5.3611, "psjf": 4.0518, "pspjf": 5.2239, "srpt": 3.5521, "sprpt": 5.0987},
}
"""M/M/1 by size, true or predicted exponential with the true size as its mean: rho -> discipline -> mean response."""


def central_queue(time: np.ndarray, size: np.ndarray, servers: int) -> np.ndarray:
    """Response times of one queue before equal servers, each job to the one that is free first."""
    free = [0.0] * servers
    response = np.empty(len(time))
    for i, (now, work) in enumerate(zip(time.tolist(), size.tolist(), strict=True)):
        k = free.index(min(free))
        free[k] = max(free[k], now) + work
        response[i] = free[k] - now
    return response
