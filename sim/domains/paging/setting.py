"""What one run is about: the cache's size, how sizes count, and what is left out of the figures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Trace

if TYPE_CHECKING:
    from sim.domains.paging.oracle import Oracle


@dataclass(frozen=True)
class Setting:
    """The setting of a paging run. The first fields are the user's; the others come from the trace (`on`).

    Args:
        capacity: pages, or bytes where `sized`; at least 1.
        sized: pages have sizes, the column `size_bytes`; otherwise each counts as 1.
        warmup: this many first requests are played but left out of the figures; -1: all before the first eviction.
        ttl: pages expire `ttl_s` after they were written, where the trace says so.
        n_pages: distinct pages of the trace; pages are 0..n_pages-1.
        n_requests: length of the trace.
        n_slots: the most pages that can be resident at once.
        oracle: answers `ask(page)` where the policy asks for predictions on demand; None elsewhere.
    """

    capacity: int
    sized: bool = False
    warmup: int = 0
    ttl: bool = True
    n_pages: int = field(default=0, metadata={"derived": True})
    n_requests: int = field(default=0, metadata={"derived": True})
    n_slots: int = field(default=0, metadata={"derived": True})
    oracle: Oracle | None = field(default=None, metadata={"derived": True}, compare=False)

    def __post_init__(self):
        if self.capacity < 1:
            raise InputError(f"capacity must be at least 1 {'byte' if self.sized else 'page'}, got {self.capacity}")
        if self.warmup < -1:
            raise InputError(f"warmup must be a number of requests, at least 0, got {self.warmup}")

    def on(self, trace: Trace) -> Setting:
        """Gives the setting with the fields that come from the trace."""
        n_pages = len(trace.tables["pages"])
        smallest = 1
        if self.sized:
            if "size_bytes" not in trace:
                raise InputError(
                    f"trace {trace.name} has no sizes (column size_bytes); give the capacity in pages, without a unit"
                )
            smallest = max(1, int(np.min(trace["size_bytes"], initial=np.iinfo(np.int64).max)))
        if len(trace) and 0 < len(trace) <= self.warmup:
            raise InputError(
                f"warmup of {self.warmup} requests leaves nothing of the {len(trace)} of trace {trace.name}"
            )
        n_slots = max(1, min(n_pages, self.capacity // smallest))
        return replace(self, n_pages=n_pages, n_requests=len(trace), n_slots=n_slots)
