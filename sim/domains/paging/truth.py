"""What only hindsight knows: next requests, the clairvoyant optimum, and the labels that predictions are made from."""

from __future__ import annotations

import numpy as np

from sim.core.modules import kernel
from sim.core.trace import NEVER, Trace


def next_use(trace: Trace) -> np.ndarray:
    """Index of each page's next request after each request, NEVER where there is none; int64, shape (n,)."""
    return _next_use(np.asarray(trace["page"]), len(trace.tables["pages"]))


@kernel
def _next_use(page, n_pages):
    upcoming = np.full(n_pages, NEVER, np.int64)
    result = np.empty(len(page), np.int64)
    for i in range(len(page) - 1, -1, -1):
        result[i] = upcoming[page[i]]
        upcoming[page[i]] = i
    return result


def first_requests(trace: Trace, start: int = 0) -> int:
    """Number of requests from row `start` on that are the first of their page."""
    n_pages = len(trace.tables["pages"])
    seen = len(np.unique(trace["page"][:start])) if start else 0
    return n_pages - seen
