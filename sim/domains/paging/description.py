"""What a paging trace looks like, in figures: the measures of `popularity`, `reuse`, `stack` and `windows` put together."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.core.modules import kernel
from sim.core.operations import Operation
from sim.core.trace import Trace
from sim.domains.paging import popularity, reuse, stack
from sim.domains.paging.windows import cut, rates, working_sets

RATE_WINDOW_S = 300
MOST_HITS = 8
SHOWN_RANKS = 200


def describe(trace: Trace, *, window: str | None = None, n_top: int = 10) -> dict[str, Any]:
    """Describes a trace.

    Args:
        trace: at least one request.
        window: of the working set, see `windows.cut`.
        n_top: how many of the most popular pages are named.

    Returns:
        Numbers by name; tables as lists of rows under `pages_by_requests`, `most_popular_pages` and `reuse_distances`; numbers
        and series of their own under `operations`, `working_set`, `zipf` and `popularity`. Shares and ratios lie in [0, 1].
        What the trace has no column for is absent.

    Raises:
        InputError: the window is not usable.
    """
    windows = cut(trace, window)
    counts = popularity.counts(trace)
    order = np.argsort(-counts, kind="stable")
    descending = counts[order]
    descending = descending[descending > 0]
    n, n_pages = len(trace), len(descending)
    n_once = int(np.count_nonzero(descending == 1))
    return {
        "requests": n,
        "distinct_pages": n_pages,
        "requests_per_page": n / n_pages,
        "one_hit_wonders": n_once,
        "one_hit_share_of_pages": n_once / n_pages,
        "one_hit_share_of_requests": n_once / n,
        "compulsory_miss_ratio": n_pages / n,
        **_sizes(trace),
        **_times(trace),
        "operations": _operations(trace),
        "pages_by_requests": _by_requests(descending, n),
        "most_popular_pages": _popular(trace, order[:n_top], counts),
        "first_requests": n_pages,
        "reuse_distances": _reuse(trace),
        "working_set": _working_set(trace, windows),
        "zipf": _zipf(descending),
        "popularity": _curve(descending),
    }


def _sizes(trace: Trace) -> dict[str, Any]:
    """Bytes; a page's own size is that of its first request."""
    if "size_bytes" not in trace:
        return {}
    size = np.ascontiguousarray(trace["size_bytes"])
    first = np.full(len(trace.tables["pages"]), -1, np.int64)
    n_changed, requested_bytes = _first_sizes(np.ascontiguousarray(trace["page"]), size, first)
    distinct_bytes = int(first[first >= 0].sum())
    return {
        "requested_bytes": int(requested_bytes),
        "distinct_bytes": distinct_bytes,
        **({"compulsory_byte_miss_ratio": distinct_bytes / int(requested_bytes)} if requested_bytes else {}),
        "size_0_requests": int(np.count_nonzero(size == 0)),
        "size_change_requests": int(n_changed),
    }


@kernel
def _first_sizes(page, size, first):
    """Requests whose size is not that of their page's first one, and the sum of all; `first`, all -1, is overwritten."""
    n_changed = 0
    total = 0
    for i in range(len(page)):
        if first[page[i]] < 0:
            first[page[i]] = size[i]
        n_changed += first[page[i]] != size[i]
        total += np.int64(size[i])
    return n_changed, total


def _times(trace: Trace) -> dict[str, Any]:
    if "time_s" not in trace:
        return {}
    time_s = np.asarray(trace["time_s"])
    span_s = (time_s.max() - time_s.min()).item()
    found: dict[str, Any] = {
        "first_time_s": time_s[0].item(),
        "last_time_s": time_s[-1].item(),
        "time_span_s": span_s,
        "backward_requests": int(np.count_nonzero(time_s[1:] < time_s[:-1])),
    }
    if span_s > 0:
        found["requests_per_s"] = len(trace) / span_s
    extremes = rates(time_s, RATE_WINDOW_S)
    if extremes:
        found[f"least_requests_per_s_over_{RATE_WINDOW_S}_s"], found[f"most_requests_per_s_over_{RATE_WINDOW_S}_s"] = (
            extremes
        )
    return found


def _operations(trace: Trace) -> dict[str, int]:
    """Requests by operation, the most frequent first."""
    if "op" not in trace:
        return {}
    found = np.bincount(np.asarray(trace["op"]), minlength=max(Operation) + 1)
    return {Operation(code).name.lower(): int(found[code]) for code in np.argsort(-found, kind="stable") if found[code]}


def _by_requests(descending: np.ndarray, n: int) -> list[dict[str, Any]]:
    """Pages requested exactly X times, X = 1 to 8."""
    pages = [int(np.count_nonzero(descending == x)) for x in range(1, MOST_HITS + 1)]
    return [
        {
            "requests_of_page": x,
            "pages": count,
            "share_of_pages": count / len(descending),
            "share_of_requests": x * count / n,
        }
        for x, count in enumerate(pages, 1)
    ]


def _popular(trace: Trace, pages: np.ndarray, counts: np.ndarray) -> list[dict[str, Any]]:
    labels = trace.tables["pages"]
    shares = counts[pages] / len(trace)
    rows = zip(pages, counts[pages], shares, np.cumsum(shares), strict=True)
    return [
        {
            "rank": rank,
            "page": labels[page],
            "requests": int(count),
            "share": float(share),
            "share_so_far": float(so_far),
        }
        for rank, (page, count, share, so_far) in enumerate(rows, 1)
    ]


def _reuse(trace: Trace) -> list[dict[str, Any]]:
    """Requests by the distance to their page's last one, in powers of two, up to the longest; shares are of all requests."""
    gaps = reuse.octaves(reuse.time_gaps(trace))
    depths = reuse.octaves(stack.distances(trace))
    depths = np.pad(depths, (0, len(gaps) - len(depths)))  # never longer: a stack distance is at most the gap
    n = len(trace)
    rows: list[dict[str, Any]] = [
        {
            "from": 2 ** (b - 1) + 1 if b else 1,
            "to": 2**b,
            "time_gap": int(gaps[b]),
            "time_gap_share_so_far": float(gaps[: b + 1].sum() / n),
            "stack_distance": int(depths[b]),
            "stack_distance_share_so_far": float(depths[: b + 1].sum() / n),
        }
        for b in range(len(gaps))
    ]
    return rows


def _working_set(trace: Trace, windows: Any) -> dict[str, Any]:
    found = working_sets(trace, windows)
    series: dict[str, Any] = {
        "window": windows.label,
        "first_request": windows.bounds[:-1],
        "pages": found.pages,
        "pages_so_far": found.seen,
    }
    if windows.in_seconds:
        series["start_s"] = windows.length * np.arange(len(found.pages))
    if found.size_bytes is not None:
        series["size_bytes"] = found.size_bytes
    return series


def _zipf(descending: np.ndarray) -> dict[str, Any]:
    """The fit over all ranks, and over those requested more than once."""
    fit = popularity.zipf(descending)
    if isinstance(fit, str):
        return {"notice": fit}
    found: dict[str, Any] = {"alpha": fit.alpha, "r2": fit.r2, "ranks": fit.n_ranks}
    found["requests_at_rank_1"] = float(fit.at(np.ones(1))[0])
    again = popularity.zipf(descending[descending > 1])
    if isinstance(again, popularity.Zipf) and again.n_ranks < fit.n_ranks:
        found |= {"alpha_without_one_hit": again.alpha, "r2_without_one_hit": again.r2}
        found |= {"ranks_without_one_hit": again.n_ranks}
    if descending[0] < popularity.LEAST_TOP_COUNT:
        found["notice"] = (
            f"the most popular page has {descending[0]:,} requests, below {popularity.LEAST_TOP_COUNT}: "
            "the exponent is little more than chance"
        )
    return found


def _curve(descending: np.ndarray) -> dict[str, Any]:
    """Requests by rank, at ranks that are evenly spaced on a logarithmic axis."""
    ranks = np.unique(np.geomspace(1, len(descending), SHOWN_RANKS).round().astype(np.int64))
    return {"rank": ranks, "requests": descending[ranks - 1]}
