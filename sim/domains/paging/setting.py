"""What one run is about: the cache's size, how sizes count, and what is left out of the figures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sim.core.errors import InputError
from sim.core.operations import Operation
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

    capacity: int = field(metadata={"help": "pages (1000), bytes (64mb), a share (10%), auto; several: 100,1%"})
    sized: bool = field(default=False, metadata={"help": "count sizes; the capacity is in bytes"})
    warmup: int = field(
        default=0,
        metadata={"help": "left out of the figures: requests (1000), seconds (60s), full", "words": {-1: "full"}},
    )
    ttl: bool = field(default=True, metadata={"help": "let pages expire and be deleted where the trace says so"})
    n_pages: int = field(default=0, metadata={"derived": True})
    n_requests: int = field(default=0, metadata={"derived": True})
    n_slots: int = field(default=0, metadata={"derived": True})
    oracle: Oracle | None = field(default=None, metadata={"derived": True}, compare=False)

    def __post_init__(self):
        if self.capacity < 1:
            raise InputError(f"capacity must be at least 1 {'byte' if self.sized else 'page'}, got {self.capacity}")
        if self.capacity >= 2**63:
            raise InputError(f"capacity must be below 2^63 {'bytes' if self.sized else 'pages'}, got {self.capacity}")
        if self.warmup < -1:
            raise InputError(f"warmup must be a number of requests, at least 0, got {self.warmup}")

    @classmethod
    def spelled_out(cls, option: str, text: str) -> list[str]:
        """What one text of an option stands for on every trace: "1%,10%" are two capacities, auto the customary shares."""
        if option != "capacity":
            return [text]
        parts = [part.strip() for part in text.split(",")]
        return [
            value for part in parts for value in ([f"{100 * x:g}%" for x in AUTO] if part.lower() == "auto" else [part])
        ]

    @classmethod
    def from_options(
        cls, trace: Trace, *, capacity: str, warmup: str = "0", sized: bool = False, **others: Any
    ) -> tuple[list[Self], list[str]]:
        """Reads the user's options for this trace; several capacities give several settings, in the order given.

        Returns:
            The settings, and notices for the user (a capacity above the number of pages).

        Raises:
            InputError: a capacity below 1 or of unknown form, sizes and pages mixed, a warm-up of unknown form.
        """
        if trace.domain != "paging":
            raise InputError(f"trace {trace.name} is one of {trace.domain}, not of page requests")
        settings: list[Self] = []
        notices: list[str] = []
        n_pages = len(trace.tables["pages"])
        for part in capacity.split(","):
            for size, in_bytes in _capacities(part.strip(), trace, sized, notices):
                if not in_bytes and size > n_pages:
                    notices.append(f"capacity {size} is above the {n_pages} distinct pages: nothing is ever evicted")
                settings.append(cls(capacity=size, sized=in_bytes, warmup=_warmup(warmup, trace), **others))
        return settings, notices

    def on(self, trace: Trace) -> Self:
        """Gives the setting with the fields that come from the trace."""
        n_pages = len(trace.tables["pages"])
        smallest = 1
        if self.sized:
            if "size_bytes" not in trace:
                raise InputError(
                    f"trace {trace.name} has no sizes (column size_bytes); give the capacity in pages, without a unit"
                )
            smallest = max(1, int(np.asarray(trace["size_bytes"]).min())) if len(trace) else 1
        if len(trace) and 0 < len(trace) <= self.warmup:
            raise InputError(
                f"warmup of {self.warmup} requests leaves nothing of the {len(trace)} of trace {trace.name}"
            )
        n_slots = max(1, min(n_pages, self.capacity // smallest))
        return replace(self, n_pages=n_pages, n_requests=len(trace), n_slots=n_slots)

    def removes(self, trace: Trace) -> bool:
        """Whether pages leave without being asked: the trace has TTLs or deletes, and the run lets them count."""
        has_ttl = "ttl_s" in trace and bool(np.any(np.asarray(trace["ttl_s"])))
        return self.ttl and (has_ttl or ("op" in trace and bool(np.any(np.asarray(trace["op"]) == Operation.DELETE))))


AUTO = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.4, 0.8)
"""Customary capacities, as shares of the distinct pages."""

LEAST_AUTO = 5
"""Customary capacities below so many pages are left out, with a notice."""

UNITS = {"b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40}


def _capacities(text: str, trace: Trace, sized: bool, notices: list[str]) -> list[tuple[int, bool]]:
    """Reads one capacity: (size, whether in bytes); "auto" gives several."""
    lower = text.lower()
    if lower == "auto":
        found = [(_share(share, trace, sized, f"{share:.1%}"), sized) for share in AUTO]
        least = LEAST_AUTO * (_working_set(trace, True) / len(trace.tables["pages"]) if sized else 1)
        kept = [pair for pair in dict.fromkeys(found) if pair[0] >= least]
        if len(kept) < len(found):
            notices.append(
                f"{len(found) - len(kept)} of the customary capacities are left out: below {LEAST_AUTO} pages"
            )
        return kept or [(LEAST_AUTO, sized)]
    if match := re.fullmatch(r"([0-9.]+)\s*%", lower):
        share = _number(match[1], text) / 100
        if share <= 0:
            raise InputError(f"capacity must be above 0%, got {text}")
        return [(_share(share, trace, sized, text), sized)]
    if match := re.fullmatch(r"(-?[0-9._]+)\s*([kmgt]?)(i?)b", lower):
        size = _number(match[1], text) * UNITS[match[2] + "b"]
        if size < 1:
            raise InputError(f"capacity must be at least 1 byte, got {text}")
        return [(int(size), True)]
    if not re.fullmatch(r"[-+]?[0-9][0-9_]*(\.[0-9]+)?", lower):
        raise InputError(
            f'capacity "{text}" is not understood; expected pages (1000), bytes (64mb), a share (10%) or auto'
        )
    size = _number(lower, text) if "." in lower else int(lower)
    unit = "byte" if sized else "page"
    if size < 1:
        cure = f"; a share is written {100 * size:g}%" if 0 < size < 1 else ""
        raise InputError(f"capacity must be at least 1 {unit}, got {text}{cure}")
    if size != int(size):
        raise InputError(f"capacity must be a whole number of {unit}s, got {text}")
    return [(int(size), sized)]


def _number(text: str, shown: str) -> float:
    try:
        return float(text.replace("_", ""))
    except ValueError:
        raise InputError(f'capacity "{shown}" is not a number') from None


def _working_set(trace: Trace, in_bytes: bool) -> int:
    """Distinct pages, or their bytes (each page's first size)."""
    n_pages = len(trace.tables["pages"])
    if not in_bytes:
        return n_pages
    if "size_bytes" not in trace:
        raise InputError(f"trace {trace.name} has no sizes (column size_bytes); leave out --sized")
    _, first = np.unique(np.asarray(trace["page"]), return_index=True)
    return int(np.asarray(trace["size_bytes"])[first].sum())


def _share(share: float, trace: Trace, sized: bool, shown: str) -> int:
    return max(1, round(share * _working_set(trace, sized)))


def _warmup(text: str, trace: Trace) -> int:
    """Reads a warm-up: requests, seconds of the trace's clock, or "full" (-1)."""
    lower = str(text).lower()
    if lower == "full":
        return -1
    if re.fullmatch(r"[0-9_]+", lower):
        return int(lower.replace("_", ""))
    if match := re.fullmatch(r"([0-9.]+)\s*s", lower):
        if "time_s" not in trace:
            raise InputError(f"trace {trace.name} has no times; give the warm-up in requests")
        time_s = np.asarray(trace["time_s"])
        return int(np.searchsorted(time_s, time_s[0] + float(match[1])))
    raise InputError(f'warmup "{text}" is not understood; expected requests (1000), seconds (60s) or full')
