"""Invented paging traces, one function per pattern of requests.

A trace has the columns `page` (int32, shape (n,), numbered in order of first appearance) and, where asked for, `size_bytes`
(int64) and `time_s` (float64); the table `pages` holds the ids behind the numbers. All chance comes from `rng`. Two options are
common to all:

    sizes: one size per page, "lognormal:mean=4096,sigma=1.5" or a file, see `page_sizes.draw`; "": none.
    rate: requests per second on average, above 0, which arrive as a Poisson process; None: no times.

They draw from streams of their own, so that the requests are the same with and without. A parameter outside its range raises
InputError.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.random import Generator

from sim.core.errors import InputError
from sim.core.modules import kernel
from sim.core.seeds import beside
from sim.core.trace import NEVER, Trace
from sim.domains.paging import stack
from sim.domains.paging.stack import add_mark, find_mark, marks_before
from workloads import page_sizes

BLOCK = 2**20
"""Random numbers drawn at once."""


def zipf(
    rng: Generator,
    *,
    alpha: float = 1.0,
    n_pages: int = 10_000,
    n_requests: int = 100_000,
    drift: float = 0.0,
    drift_every: int = 10_000,
    sizes: str = "",
    rate: float | None = None,
) -> Trace:
    """Independent requests in which the r-th most popular page has probability proportional to r^-alpha.

    Args:
        alpha: at least 0, where all pages are equally popular.
        n_pages: pages there are; rare ones may never be requested.
        drift: share of the pages, in [0, 1], drawn anew each time, that exchange their popularity among themselves.
        drift_every: requests from one exchange to the next.

    Reference: Breslau, Cao, Fan, Phillips, Shenker, "Web Caching and Zipf-like Distributions", INFOCOM 1999.
    """
    _counts("zipf", n_pages=n_pages, n_requests=n_requests, drift_every=drift_every)
    _shares("zipf", drift=drift)
    if not 0 <= alpha < math.inf:
        raise InputError(f"zipf: alpha must be at least 0 and finite, got {alpha:g}")
    cumulative = np.cumsum(np.arange(1, n_pages + 1, dtype=np.float64) ** -alpha)
    cumulative /= cumulative[-1]
    guide = np.searchsorted(cumulative, np.arange(n_pages) / n_pages, side="right")
    id_of_rank = rng.permutation(n_pages)
    moving = beside(rng, "drift")
    ids = np.empty(n_requests, np.int64)
    step = drift_every if drift else BLOCK
    for start in range(0, n_requests, step):
        if drift and start:
            movers = moving.choice(n_pages, round(drift * n_pages), replace=False)
            id_of_rank[movers] = moving.permutation(id_of_rank[movers])
        uniform = rng.random(min(step, n_requests - start))
        ids[start : start + step] = id_of_rank[_inverse(uniform, cumulative, guide)]
    parameters = {"alpha": alpha, "n_pages": n_pages}
    if drift:
        parameters |= {"drift": drift, "drift_every": drift_every}
    return _trace(rng, "zipf", parameters, ids, n_pages, sizes, rate)


@kernel
def _inverse(uniform, cumulative, guide):
    """The first rank whose cumulative probability exceeds each number; `guide` says where to begin, so that it takes O(1)."""
    n = len(cumulative)
    rank = np.empty(len(uniform), np.int64)
    for i in range(len(uniform)):
        r = guide[min(int(uniform[i] * n), n - 1)]
        while cumulative[r] <= uniform[i]:
            r += 1
        rank[i] = r
    return rank


def uniform(
    rng: Generator, *, n_pages: int = 1_000, n_requests: int = 100_000, sizes: str = "", rate: float | None = None
) -> Trace:
    """Independent requests, all pages equally likely: no policy without predictions is better than another."""
    _counts("uniform", n_pages=n_pages, n_requests=n_requests)
    ids = rng.integers(0, n_pages, n_requests)
    return _trace(rng, "uniform", {"n_pages": n_pages}, ids, n_pages, sizes, rate)


def scan(rng: Generator, *, n_requests: int = 100_000, sizes: str = "", rate: float | None = None) -> Trace:
    """Each page once, in order: nothing is ever requested again."""
    _counts("scan", n_requests=n_requests)
    return _trace(rng, "scan", {}, np.arange(n_requests), n_requests, sizes, rate)


def loop(
    rng: Generator, *, n_pages: int, n_requests: int = 100_000, sizes: str = "", rate: float | None = None
) -> Trace:
    """The same pages in the same order, again and again."""
    _counts("loop", n_pages=n_pages, n_requests=n_requests)
    return _trace(rng, "loop", {"n_pages": n_pages}, np.arange(n_requests) % n_pages, n_pages, sizes, rate)


def phases(
    rng: Generator,
    *,
    working_set: int = 100,
    length: int = 1_000,
    shift: float = 1.0,
    n_pages: int = 10_000,
    n_requests: int = 100_000,
    sizes: str = "",
    rate: float | None = None,
) -> Trace:
    """Working sets that shift: uniform requests within one for a while, then part of it is exchanged for other pages.

    Args:
        working_set: pages in use at a time.
        length: requests from one shift to the next.
        shift: share of the working set, in [0, 1], that a shift exchanges.
        n_pages: pages there are, in use or not; at least those in use and those that a shift brings.

    Reference: Denning, "The Working Set Model for Program Behavior", CACM 1968.
    """
    _counts("phases", working_set=working_set, length=length, n_requests=n_requests)
    _shares("phases", shift=shift)
    n_new = round(shift * working_set)
    if n_pages < working_set + n_new:
        raise InputError(
            f"phases: n_pages must be at least {working_set + n_new}, for {working_set} pages in use and {n_new} that a "
            f"shift brings, got {n_pages}"
        )
    id_of = rng.permutation(n_pages)  # those in use first
    ids = np.empty(n_requests, np.int64)
    for start in range(0, n_requests, length):
        if start:
            gone = rng.choice(working_set, n_new, replace=False)
            new = working_set + rng.choice(n_pages - working_set, n_new, replace=False)
            id_of[gone], id_of[new] = id_of[new], id_of[gone]
        ids[start : start + length] = id_of[rng.integers(0, working_set, min(length, n_requests - start))]
    parameters = {"working_set": working_set, "length": length, "shift": shift, "n_pages": n_pages}
    return _trace(rng, "phases", parameters, ids, n_pages, sizes, rate)


def stack_distance(
    rng: Generator, *, fitted_to: Trace, n_requests: int | None = None, sizes: str = "", rate: float | None = None
) -> Trace:
    """The stack distances of another trace in a new order: LRU misses the two alike, exactly so at equal lengths.

    New pages come where they came in the other trace, stretched to the length asked for. Any other request draws one of its stack
    distances, without replacement, from those not deeper than the LRU stack is by then, and is for the page at that depth.

    Args:
        fitted_to: the other trace, e.g. a file, `sample:NAME` or `[zipf,alpha=0.8]`.
        n_requests: None: as many as the other has; where more, each distance is there several times.

    Reference: the LRU stack model, Spirn, "Distance String Models for Program Behavior", IEEE Computer 1976.
    """
    n_fitted = len(fitted_to)
    if n_fitted == 0:
        raise InputError(f"stack_distance: trace {fitted_to.name} has no requests to be fitted to")
    n_requests = n_fitted if n_requests is None else n_requests
    _counts("stack_distance", n_requests=n_requests)
    distance = stack.distances(fitted_to)
    is_new = (distance == NEVER)[np.arange(n_requests) * n_fitted // n_requests]
    there = np.bincount(distance[distance != NEVER], minlength=1) * math.ceil(n_requests / n_fitted)
    ids = _from_stack(is_new, rng.random(n_requests), there)
    return _trace(rng, "stack_distance", {"fitted_to": f"[{fitted_to.name}]"}, ids, n_requests, sizes, rate)


@kernel
def _from_stack(is_new, uniform, there):
    n = len(is_new)
    recent = np.zeros(n + 1, np.int64)  # marks the last request of each page
    distances = np.zeros(len(there) + 1, np.int64)  # how many of each are left
    for distance in range(len(there)):
        add_mark(distances, distance, there[distance])
    ids = np.empty(n, np.int64)
    depth = 0  # pages so far
    for i in range(n):
        n_fitting = 0 if is_new[i] else marks_before(distances, min(depth + 1, len(there)))
        if n_fitting == 0:
            ids[i] = depth
            depth += 1
        else:
            distance = find_mark(distances, int(uniform[i] * n_fitting))
            add_mark(distances, distance, -1)
            last = find_mark(recent, depth - distance)
            add_mark(recent, last, -1)
            ids[i] = ids[last]
        add_mark(recent, i, 1)
    return ids


def lru_bad(
    rng: Generator, *, capacity: int, n_requests: int = 100_000, sizes: str = "", rate: float | None = None
) -> Trace:
    """A loop over one page more than LRU holds: it misses always, the optimum once in `capacity` requests.

    Args:
        capacity: of the cache that it is bad for, in pages.

    Reference: Sleator and Tarjan, "Amortized Efficiency of List Update and Paging Rules", CACM 1985, section 4.
    """
    _counts("lru_bad", capacity=capacity, n_requests=n_requests)
    ids = np.arange(n_requests) % (capacity + 1)
    return _trace(rng, "lru_bad", {"capacity": capacity}, ids, capacity + 1, sizes, rate)


def marker_bad(
    rng: Generator, *, capacity: int, n_requests: int = 100_000, sizes: str = "", rate: float | None = None
) -> Trace:
    """Costs marker 2 H_k - 1 times the optimum, its proven worst: 2 H_k - 1 expected misses in each phase of k requests.

    With k + 2 pages. A phase requests two clean pages, then k - 2 of those of the phase before, in random order. Marker has
    evicted two of these k at random by then, so it misses the j-th with probability 2 / (k - j + 1): 2 + 2 (H_k - 3/2) in all.
    The optimum misses only the second clean page: it has kept the first from the phase before the last, and now lets it go,
    which a marking algorithm must not do.

    Args:
        capacity: k, of the cache that it is bad for, at least 2 pages.

    Reference: Achlioptas, Chrobak, Noga, "Competitive Analysis of Randomized Paging Algorithms", TCS 2000: the ratio
    is tight. The sequence is derived here.
    """
    _counts("marker_bad", capacity=capacity, n_requests=n_requests)
    if capacity == 1:
        raise InputError("marker_bad: capacity must be at least 2 pages, got 1: a cache of one page has no choice")
    ids = _marker_bad(rng.random(n_requests), capacity)
    return _trace(rng, "marker_bad", {"capacity": capacity}, ids, capacity + 2, sizes, rate)


@kernel
def _marker_bad(uniform, k):
    shared = np.arange(k - 1)  # pages of the last phase that the optimum holds
    kept, dropped, absent = k - 1, k, k + 1  # held though not of the last phase; of it and not held; neither
    ids = np.empty(len(uniform), np.int64)
    for i in range(len(uniform)):
        j = i % k
        if j == 0:
            ids[i] = kept
        elif j == 1:
            ids[i] = absent
        else:
            drawn = j - 2 + int(uniform[i] * (k + 1 - j))
            shared[j - 2], shared[drawn] = shared[drawn], shared[j - 2]
            ids[i] = shared[j - 2]
        if j == k - 1:
            left = shared[k - 2]
            shared[k - 2] = absent
            kept, dropped, absent = left, kept, dropped
    return ids


def mixture(
    rng: Generator,
    *,
    of: tuple[Trace, ...],
    weights: tuple[float, ...] = (),
    interleaved: bool = True,
    sizes: str = "",
    rate: float | None = None,
) -> Trace:
    """Several traces in one, each with pages of its own and in its own order.

    The column `tenant` (int32) says which trace a request is from; columns that all of them have are kept, but for times, which
    would not fit together.

    Args:
        of: the traces, e.g. `[zipf,alpha=0.8;scan;sample:NAME]`.
        weights: of each trace in the draw of whose request comes next, at least 0; (): in proportion to their lengths.
        interleaved: requests are drawn from the traces by weight, until one that is drawn has no more; False: one trace
            after the other, whole.
    """
    lengths = np.array([len(part) for part in of])
    given = np.array(weights or lengths, np.float64)
    if not of or not lengths.all():
        raise InputError(f"mixture: expected traces with requests, got {len(of)} traces of lengths {lengths.tolist()}")
    if weights and not interleaved:
        raise InputError("mixture: weights have no meaning where the traces come one after the other")
    if len(given) != len(of) or not (np.isfinite(given) & (given >= 0)).all() or given.sum() == 0:
        raise InputError(
            f"mixture: expected {len(of)} weights of at least 0, one per trace and not all 0, got {list(weights)}"
        )
    tenant = np.repeat(np.arange(len(of), dtype=np.int32), lengths)
    if interleaved:
        tenant = rng.choice(len(of), lengths.sum(), p=given / given.sum()).astype(np.int32)
        tenant = tenant[: min(_end(tenant == j, length) for j, length in enumerate(lengths))]
    columns = {name: _merged([part[name] for part in of], tenant) for name in _common(of)}
    first_id = np.cumsum([0, *(len(part.tables["pages"]) for part in of)])
    ids = first_id[tenant] + columns.pop("page")
    parameters = {"of": _listed(part.name for part in of), "interleaved": interleaved}
    if weights:
        parameters["weights"] = _listed(f"{weight:g}" for weight in weights)
    return _trace(rng, "mixture", parameters, ids, int(first_id[-1]), sizes, rate, {**columns, "tenant": tenant})


def _end(chosen: np.ndarray, length: int) -> int:
    """Where a trace of this length is drawn once too often; the number of draws if never."""
    draws = np.flatnonzero(chosen)
    return int(draws[length]) if len(draws) > length else len(chosen)


def _common(traces: tuple[Trace, ...]) -> list[str]:
    """The columns to keep; a column that only some traces have would leave the others' rows without value."""
    first = set(traces[0].columns) - {"time_s", "tenant"}
    for trace in traces:
        if odd := sorted(first ^ (set(trace.columns) - {"time_s", "tenant"})):
            raise InputError(
                f'mixture: only one of the traces {traces[0].name} and {trace.name} has a column "{odd[0]}"; '
                "give both of them one, or none"
            )
    return [name for name in traces[0].columns if name in first]


def _merged(parts: list, tenant: np.ndarray) -> np.ndarray:
    """The rows of one column in their new order."""
    merged = np.empty(len(tenant), np.result_type(*parts))
    for j, part in enumerate(parts):
        chosen = tenant == j
        merged[chosen] = part[: np.count_nonzero(chosen)]
    return merged


def _counts(workload: str, **counts: int) -> None:
    for name, count in counts.items():
        if not 1 <= count < 2**31:
            raise InputError(f"{workload}: {name} must be between 1 and 2^31 - 1, got {count}")


def _shares(workload: str, **shares: float) -> None:
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise InputError(f"{workload}: {name} must be between 0 and 1, got {share:g}")


def _listed(texts: Iterable[str]) -> str:
    return "[" + ";".join(texts) + "]"


def _trace(
    rng: Generator,
    workload: str,
    parameters: Mapping[str, object],
    ids: np.ndarray,
    n_ids: int,
    sizes: str,
    rate: float | None,
    others: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> Trace:
    """The trace of these ids, each below `n_ids`, with sizes and times where asked for; named as users write it."""
    page, originals = _in_order_of_appearance(np.ascontiguousarray(ids, np.int64), n_ids)
    columns = {"page": page, **others}
    if "of" not in parameters:  # a mixture is as long as the draw makes it
        parameters = {**parameters, "n_requests": len(page)}
    if sizes:
        columns["size_bytes"] = page_sizes.draw(beside(rng, "sizes"), sizes, len(originals))[page]
        parameters = {**parameters, "sizes": sizes}
    if rate is not None:
        if not 0 < rate < math.inf:
            raise InputError(f"{workload}: rate must be above 0 requests per second and finite, got {rate:g}")
        columns["time_s"] = np.cumsum(beside(rng, "times").exponential(1 / rate, len(page)))
        parameters = {**parameters, "rate": rate}
    texts = [f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}" for key, value in parameters.items()]
    name = ",".join([workload, *texts])
    return Trace(name, "paging", columns, {"pages": originals}, {"workload": name})


@kernel
def _in_order_of_appearance(ids, n_ids):
    code = np.full(n_ids, -1, np.int32)
    originals = np.empty(n_ids, np.int64)
    page = np.empty(len(ids), np.int32)
    n_seen = 0
    for i in range(len(ids)):
        if code[ids[i]] < 0:
            code[ids[i]] = n_seen
            originals[n_seen] = ids[i]
            n_seen += 1
        page[i] = code[ids[i]]
    return page, originals[:n_seen].copy()
