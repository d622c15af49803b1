"""Miss-ratio curves: LRU's misses at every capacity from one pass, and what a sample of the pages tells.

One pass for all capacities exists for stack policies alone, whose cache of k pages holds that of k - 1: LRU, the clairvoyant
optimum, LFU with perfect counts. Of these LRU has one here; all others are replayed at each capacity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.core.errors import InputError
from sim.core.modules import kernel
from sim.core.operations import Operation
from sim.core.trace import NEVER, Interned, Ragged, Trace
from sim.domains.paging import stack, truth
from sim.domains.paging.setting import Setting
from sim.domains.paging.stack import add_mark, marks_before

HASHES = 2**24
"""Hash values that pages are sampled by, as in the SHARDS paper; rates are multiples of 1 / HASHES."""

FEW = 100
"""A scaled-down cache of fewer pages gives a rough estimate."""


@dataclass(frozen=True)
class Pass:
    """What one pass over a trace says about several capacities.

    Args:
        misses: of objects, at each capacity; a whole number unless it is an estimate.
        missed_bytes: at each capacity; None where sizes do not count.
        rate: share of the pages that were sampled, at the end; 1: all.
        requests: how many were played.
    """

    misses: np.ndarray
    missed_bytes: np.ndarray | None
    rate: float
    requests: int


def has_pass(setting: Setting, trace: Trace) -> bool:
    """Whether stack distances give LRU's exact misses under this setting: pages of equal size that nothing removes."""
    return not setting.sized and not setting.removes(trace)


def lru(trace: Trace, settings: Sequence[Setting], rate: float = 1.0) -> Pass:
    """LRU's misses at every capacity from one pass of stack distances.

    Exact on pages of equal size. With sizes a distance is the sum of bytes instead, which is approximate: LRU that evicts until
    a page fits is no stack policy.

    Args:
        trace: the whole trace, or what `sample` kept of it.
        settings: equal but for the capacity.
        rate: of the sample; distances are divided by it.

    Raises:
        InputError: pages are removed from outside (TTL, deletes), which stack distances do not know.

    Reference: Mattson, Gecsei, Slutz, Traiger, "Evaluation Techniques for Storage Hierarchies", IBM Systems Journal 1970;
    for samples Waldspurger et al., "Efficient MRC Construction with SHARDS", FAST 2015, section 3.
    """
    sized = settings[0].sized
    if settings[0].removes(trace):
        raise InputError(
            f"trace {trace.name} removes pages (TTL or deletes), which stack distances do not know; "
            "replay instead, or ignore removals by --no-ttl"
        )
    capacities = np.array([setting.capacity for setting in settings], np.float64)
    if not sized:
        hits = _distances_up_to(stack.distances(trace), np.floor(capacities * rate).astype(np.int64))
        return Pass(len(trace) - hits, None, rate, len(trace))
    size = np.ascontiguousarray(trace["size_bytes"], np.int64)
    distance = _byte_distances(np.ascontiguousarray(trace["page"]), size, len(trace.tables["pages"]))
    bounds = np.floor(capacities * rate).astype(np.int64)
    missed = np.array([size[distance > bound].sum() for bound in bounds], np.int64)
    return Pass(len(trace) - _distances_up_to(distance, bounds), missed, rate, len(trace))


ONE_PASS: dict[str, Callable[..., Pass]] = {"lru": lru}
"""Policies of the library whose misses at all capacities come from one pass."""


@kernel
def _distances_up_to(distance, bounds):
    """How many distances are at most each bound; shape (n_bounds,)."""
    order = np.argsort(bounds)
    ascending = bounds[order]
    found = np.zeros(len(bounds) + 1, np.int64)
    for i in range(len(distance)):
        found[np.searchsorted(ascending, distance[i])] += 1
    within = np.cumsum(found)
    result = np.empty(len(bounds), np.int64)
    for j in range(len(bounds)):
        result[order[j]] = within[j]
    return result


@kernel
def _byte_distances(page, size, n_pages):
    """Bytes of the distinct pages since the page's last request, as then requested, its own as now; NEVER at a first request."""
    tree = np.zeros(len(page) + 1, np.int64)  # the size of each page at its last request
    last = np.full(n_pages, -1, np.int64)
    distance = np.empty(len(page), np.int64)
    total = 0
    for i in range(len(page)):
        previous = last[page[i]]
        if previous < 0:
            distance[i] = NEVER
        else:
            distance[i] = total - marks_before(tree, previous + 1) + size[i]
            add_mark(tree, previous, -size[previous])
            total -= size[previous]
        add_mark(tree, i, size[i])
        total += size[i]
        last[page[i]] = i
    return distance


def hashes(n_pages: int, seed: int) -> np.ndarray:
    """Hash of each page, in 0..HASHES-1, by splitmix64; seeds above 0 give other samples.

    A seed is mixed before it meets the page: dense ids that differ in their low bits alone would only trade places.

    Reference: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
    """
    pages = np.arange(n_pages, dtype=np.uint64)
    return (mix(pages if seed == 0 else pages ^ mix(np.array([seed], np.uint64))) % np.uint64(HASHES)).astype(np.int64)


def mix(z: np.ndarray) -> np.ndarray:
    """splitmix64 of each number; uint64."""
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def sample(trace: Trace, rate: float, seed: int = 0) -> tuple[Trace, float]:
    """All requests to a share of the pages, which their hashes choose.

    Args:
        trace: without predictions, whose indices would no longer be right.
        rate: in (0, 1]; rounded to a multiple of 1 / HASHES.
        seed: chooses the sample.

    Returns:
        The trace of these requests, its pages numbered anew, and the rate it was sampled at.

    Raises:
        InputError: no page is chosen.
    """
    threshold = max(1, round(rate * HASHES))
    kept = hashes(len(trace.tables["pages"]), seed) < threshold
    if not kept.any():
        raise InputError(
            f"a sample of {rate:g} has none of the {len(kept):,} pages of trace {trace.name}; "
            f"take at least {min(1.0, 10 / len(kept)):.2g}, or the whole trace"
        )
    page = np.asarray(trace["page"])
    rows = np.flatnonzero(kept[page])
    columns = {name: _taken(column, rows, name) for name, column in trace.columns.items()}
    number = np.cumsum(kept) - 1
    columns["page"] = number[page[rows]].astype(page.dtype)
    tables = {**trace.tables, "pages": trace.tables["pages"][kept]}
    return replace(trace, columns=columns, tables=tables), threshold / HASHES


def _taken(column: np.ndarray | Interned | Ragged, rows: np.ndarray, name: str) -> np.ndarray | Interned:
    if isinstance(column, Ragged):
        raise InputError(f"a trace with column {name}, whose rows differ in length, cannot be sampled")
    if isinstance(column, Interned):
        return Interned(column.codes[rows], column.labels)
    return column[rows]


def scaled(setting: Setting, rate: float) -> Setting:
    """The setting of a cache that serves a sample of the pages: its capacity is that share, at least 1.

    Reference: Waldspurger et al., "Cache Modeling and Optimization using Miniature Simulations", ATC 2017, section 3.
    """
    return replace(setting, capacity=max(1, round(setting.capacity * rate)))


def lru_of_fixed_size(trace: Trace, settings: Sequence[Setting], n_kept: int, seed: int = 0) -> Pass:
    """LRU's misses, estimated from at most `n_kept` pages at any time: the rate falls as more pages appear.

    A request that is sampled at rate R counts 1 / R times. This is the paper's histogram whose old counts are scaled down as the
    rate falls, without the scaling. The pages' tables are as long as for the whole trace; what is bounded is the stack.

    Args:
        trace: pages of equal size.
        settings: equal but for the capacity.
        n_kept: at least 1.
        seed: chooses the sample.

    Returns:
        Misses of the whole trace, estimated; its rate is that at the end.

    Reference: Waldspurger et al., "Efficient MRC Construction with SHARDS", FAST 2015, section 4.
    """
    if not has_pass(settings[0], trace):
        raise InputError("a sample of fixed size is for pages of equal size that nothing removes; give --sample RATE")
    capacities = np.array([setting.capacity for setting in settings], np.float64)
    order = np.argsort(capacities)
    page = np.ascontiguousarray(trace["page"])
    by_hash = hashes(len(trace.tables["pages"]), seed)
    descending = np.argsort(-by_hash, kind="stable")
    hits, sampled, threshold, requests = _fixed_size(page, by_hash, descending, capacities[order], n_kept)
    misses = np.empty(len(capacities))
    misses[order] = np.clip(sampled - np.cumsum(hits)[:-1], 0, len(trace))
    return Pass(misses, None, threshold / HASHES, requests)


@kernel
def _fixed_size(page, by_hash, descending, capacities, n_kept):
    """Weighted hits whose distance first fits the capacity of that place (the last place: none), and the weight of all
    sampled requests; the threshold at the end; the number of sampled requests."""
    n_slots = 4 * n_kept + 1024
    tree = np.zeros(n_slots + 1, np.int32)
    page_at = np.empty(n_slots, np.int32)
    last = np.full(len(by_hash), -1, np.int64)  # slot of the last request of each page that is kept
    hits = np.zeros(len(capacities) + 1)
    weight = 1.0
    threshold = HASHES
    sampled = 0.0
    requests = 0
    slot = 0
    n_marks = 0
    highest = 0  # pages before it in descending order are out
    for i in range(len(page)):
        p = page[i]
        if by_hash[p] >= threshold:
            continue
        sampled += weight
        requests += 1
        if slot == n_slots:
            tree[:] = 0
            slot = 0
            for old in range(n_slots):
                if last[page_at[old]] == old:
                    page_at[slot] = page_at[old]
                    last[page_at[old]] = slot
                    add_mark(tree, slot, 1)
                    slot += 1
        if last[p] >= 0:
            distance = n_marks - marks_before(tree, last[p])
            hits[np.searchsorted(capacities, distance * weight)] += weight
            add_mark(tree, last[p], -1)
        else:
            n_marks += 1
        add_mark(tree, slot, 1)
        page_at[slot] = p
        last[p] = slot
        slot += 1
        if n_marks > n_kept:
            while last[descending[highest]] < 0:
                highest += 1
            threshold = by_hash[descending[highest]]
            weight = HASHES / max(threshold, 1)
            while highest < len(descending) and by_hash[descending[highest]] >= threshold:
                out = descending[highest]
                if last[out] >= 0:
                    add_mark(tree, last[out], -1)
                    last[out] = -1
                    n_marks -= 1
                highest += 1
    return hits, sampled, threshold, requests


@dataclass(frozen=True)
class Totals:
    """What does not depend on the capacity: requests that count, their bytes (None without sizes), first requests."""

    requests: int
    requested_bytes: int | None
    cold_misses: int


def totals(trace: Trace, setting: Setting) -> Totals:
    counts = np.ones(len(trace), np.bool_)
    if "op" in trace and setting.removes(trace):
        counts = np.asarray(trace["op"]) != Operation.DELETE
    requested = int(np.asarray(trace["size_bytes"])[counts].sum()) if setting.sized else None
    return Totals(int(np.count_nonzero(counts)), requested, truth.first_requests(trace))


def ratios(misses: float, missed_bytes: float | None, rate: float, whole: Totals) -> dict[str, float | int | None]:
    """Misses and miss ratios of the whole trace from those of a sample.

    A sample that by chance has too many requests would have too few misses per request, so misses are held against the requests
    that a sample of this rate should have (SHARDS-adj): the requests too many or too few count as hits.

    Args:
        misses, missed_bytes: within the sample.
        rate: of the sample; 1: the whole trace, and all figures are exact.
        whole: of the whole trace.

    Reference: Waldspurger et al., "Efficient MRC Construction with SHARDS", FAST 2015, section 5.3.
    """
    ratio = min(1.0, float(misses) / rate / whole.requests) if whole.requests else None
    byte_ratio = None
    if missed_bytes is not None and whole.requested_bytes:
        byte_ratio = min(1.0, float(missed_bytes) / rate / whole.requested_bytes)
    return {
        "requests": whole.requests,
        "misses": None if ratio is None else round(ratio * whole.requests),
        "cold_misses": whole.cold_misses,
        "miss_ratio": ratio,
        "byte_miss_ratio": byte_ratio,
    }
