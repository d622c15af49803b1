"""How long a page waits for its next request, in requests. The other measure, in distinct pages, is in `stack.py`."""

from __future__ import annotations

import numpy as np

from sim.core.modules import kernel
from sim.core.trace import NEVER, Trace


def time_gaps(trace: Trace) -> np.ndarray:
    """Requests since the page's last request, itself included: 1 for an immediate repetition, NEVER for a first request."""
    return _time_gaps(np.ascontiguousarray(trace["page"]), len(trace.tables["pages"]))


@kernel
def _time_gaps(page, n_pages):
    last = np.full(n_pages, -1, np.int64)
    gap = np.empty(len(page), np.int64)
    for i in range(len(page)):
        gap[i] = NEVER if last[page[i]] < 0 else i - last[page[i]]
        last[page[i]] = i
    return gap


def octaves(distance: np.ndarray) -> np.ndarray:
    """How many distances lie in (2^(b-1), 2^b] for b = 0, 1, ...; first requests, which are NEVER, are left out.

    Of stack distances, the sum up to b is what an LRU cache of 2^b pages hits.
    """
    return _octaves(distance)


@kernel
def _octaves(distance):
    found = np.zeros(63, np.int64)
    n = 0
    for i in range(len(distance)):
        if distance[i] == NEVER:
            continue
        b, bound = 0, 1
        while bound < distance[i]:
            b += 1
            bound *= 2
        found[b] += 1
        n = max(n, b + 1)
    return found[:n].copy()
