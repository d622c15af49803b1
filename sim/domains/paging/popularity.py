"""How unevenly requests fall on pages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.core.trace import Trace

LEAST_PAGES = 200
"""Fewer ranks than this say nothing of a law."""

LEAST_TOP_COUNT = 200
"""Requests of the most popular page below which chance shapes all the ranks after it."""


def counts(trace: Trace) -> np.ndarray:
    """Requests of each page, int64, shape (n_pages,)."""
    return np.bincount(np.asarray(trace["page"]), minlength=len(trace.tables["pages"]))


@dataclass(frozen=True)
class Zipf:
    """The line log(count) = log_scale - alpha log(rank) through the counts of all pages, and how well it fits.

    Attributes:
        alpha: the exponent; at least 0, since counts descend.
        log_scale: natural logarithm of what the line gives to rank 1.
        r2: share of the variance of log(count) that the line explains, in [0, 1].
        n_ranks: pages that it was fitted to.
    """

    alpha: float
    log_scale: float
    r2: float
    n_ranks: int

    def at(self, rank: np.ndarray) -> np.ndarray:
        """Requests that the line gives to pages of these ranks, from 1."""
        return np.exp(self.log_scale) * rank**-self.alpha


def zipf(descending: np.ndarray) -> Zipf | str:
    """Fits Zipf's law by least squares in the logarithms, each rank with equal weight.

    Args:
        descending: requests of each page, at least 1, the most popular first.

    Returns:
        The fit; or, where there are fewer than `LEAST_PAGES` pages or all are equally popular, the reason why there is none.
    """
    n = len(descending)
    if n < LEAST_PAGES:
        return f"no fit: {n:,} pages are too few ranks for a power law, at least {LEAST_PAGES} are needed"
    x = np.log(np.arange(1, n + 1))
    y = np.log(descending)
    x_mean, y_mean = x.mean(), y.mean()
    x -= x_mean
    y -= y_mean
    spread = y @ y
    if spread == 0:
        return "no fit: all pages are equally popular"
    slope = (x @ y) / (x @ x)
    return Zipf(float(-slope), float(y_mean - slope * x_mean), float(slope * (x @ y) / spread), n)
