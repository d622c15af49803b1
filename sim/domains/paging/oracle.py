"""Predictions that are not columns of a request: what a predictor holds, and what it answers when asked."""

from __future__ import annotations

import numpy as np

from sim.core.structures import Structure
from sim.core.trace import NONE


class PredictedCache(Structure):
    """The cache state of a predictor, kept up to date from the column of the pages that leave it."""

    def __init__(self, n_pages: int):
        self.holds = np.zeros(n_pages, np.bool_)

    def update(self, page, leaves):
        """After each request: the requested page is held, and `leaves` (or NONE) is not."""
        if leaves != NONE:
            self.holds[leaves] = False
        self.holds[page] = True


class Oracle(Structure):
    """Answers when the next request of a page is predicted, and counts how often it was asked.

    Args:
        next_use: predicted next request after each request of the trace, shape (n_requests,).
        n_pages: number of pages.
    """

    def __init__(self, next_use: np.ndarray, n_pages: int):
        self.next_use = next_use
        self.latest = np.zeros(n_pages, np.int64)
        self.queries = 0

    def update(self, page, index):
        self.latest[page] = index

    def ask(self, page):
        """The predicted next request of a page, as of its last request."""
        self.queries += 1
        return self.next_use[self.latest[page]]
