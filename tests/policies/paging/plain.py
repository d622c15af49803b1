"""Slow, obvious versions of policies to agree with: what they share."""

from __future__ import annotations

from hypothesis import strategies as st

from sim.core.trace import Trace
from tests.worked import golden, trace_of

letters = st.text("abcdefghijklmnop", min_size=1, max_size=150)
"""Short traces of up to 16 pages."""

busy = golden()
"""A longer one that reaches all corners of a policy."""


class Plain:
    """A policy word for word: `request(page)` serves one request and adds to `victims` what leaves the cache."""

    def __init__(self, capacity: int):
        self.k = capacity
        self.victims: list[str] = []

    def request(self, page: str) -> None:
        raise NotImplementedError

    def played(self, pages: str | Trace) -> list[str]:
        """All victims of a trace, by their letters, in order."""
        trace = pages if isinstance(pages, Trace) else trace_of(pages)
        labels = [str(label) for label in trace.tables["pages"]]
        for page in trace["page"].tolist():
            self.request(labels[page])
        return self.victims
