"""Small instances to try candidates on."""

from __future__ import annotations

import numpy as np

from sim.adrs.evaluate import Opened
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.domains import paging
from workloads.paging import zipf


def paging_of(n_requests: int, *, n_pages: int, capacity: int, seed: int) -> Opened:
    """Zipf requests to a small cache."""
    trace = zipf(stream(seed, "trace"), n_requests=n_requests, n_pages=n_pages, alpha=0.8)
    return Opened(f"zipf {seed}", paging.System(paging.Setting(capacity).on(trace)), trace, 0)


def pages(text: str, capacity: int) -> Opened:
    """Requests by name, `a b c a`."""
    names = text.split()
    known = list(dict.fromkeys(names))
    columns = {"page": np.array([known.index(name) for name in names])}
    trace = Trace("pages", "paging", columns, {"pages": np.array(known)})
    return Opened("pages", paging.System(paging.Setting(capacity).on(trace)), trace, 0)
