"""A trace in consecutive windows: what is requested in each, and how fast."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from sim.core.errors import InputError
from sim.core.modules import kernel
from sim.core.trace import Trace

MOST_WINDOWS = 100_000
USUAL_WINDOWS = 100


@dataclass(frozen=True)
class Windows:
    """Consecutive windows: window w holds the rows bounds[w] to bounds[w + 1] - 1.

    Args:
        length: of each but the last, in requests or seconds.
        in_seconds: whether windows are cut by the trace's clock.
        bounds: int64, shape (n_windows + 1,), never decreasing.
    """

    length: float
    in_seconds: bool
    bounds: np.ndarray

    @property
    def label(self) -> str:
        return f"{self.length:g} s" if self.in_seconds else f"{self.length:,} request{'s' * (self.length != 1)}"


def cut(trace: Trace, window: str | None = None) -> Windows:
    """Cuts a trace into windows.

    Args:
        trace: at least one request.
        window: "5000" (requests) or "60s" (of the trace's clock; a row whose time goes backwards counts where it stands);
            None: a hundredth of the requests.

    Raises:
        InputError: the window is not understood or gives more than `MOST_WINDOWS`, or the trace has no times.
    """
    n = len(trace)
    text = str(-(-n // USUAL_WINDOWS) if window is None else window).strip().lower()
    match = re.fullmatch(r"([0-9][0-9_]*\.?[0-9]*|\.[0-9]+)\s*(s?)", text)
    length = float(match[1].replace("_", "")) if match else 0.0
    in_seconds = bool(match and match[2])
    if length <= 0 or (not in_seconds and length % 1):
        raise InputError(f'window "{window}" is not understood; expected requests (5000) or seconds (60s), above 0')
    if not in_seconds:
        _check_number(n / length, text)
        step = int(min(length, n))
        return Windows(int(length), False, np.append(np.arange(0, n, step), n))
    if "time_s" not in trace:
        raise InputError(f"trace {trace.name} has no times; give the window in requests")
    time_s = np.maximum.accumulate(np.asarray(trace["time_s"]).astype(np.float64))
    elapsed = time_s - time_s[0]
    n_windows = elapsed[-1] // length + 1
    _check_number(n_windows, text)
    bounds = np.searchsorted(elapsed // length, np.arange(int(n_windows) + 1), side="left")
    return Windows(length, True, bounds.astype(np.int64))


def _check_number(n_windows: float, text: str) -> None:
    if n_windows > MOST_WINDOWS:
        raise InputError(f"a window of {text} cuts the trace into more than {MOST_WINDOWS:,}; give a longer one")


@dataclass(frozen=True)
class WorkingSets:
    """Per window: its distinct `pages` and their `size_bytes` (as first requested in it; None without sizes), and all the
    pages requested from the start to its end (`seen`)."""

    pages: np.ndarray
    size_bytes: np.ndarray | None
    seen: np.ndarray


def working_sets(trace: Trace, windows: Windows) -> WorkingSets:
    """The working set of each window.

    Reference: Denning, "The Working Set Model for Program Behavior", CACM 1968.
    """
    has_sizes = "size_bytes" in trace
    size = np.ascontiguousarray(trace["size_bytes"]) if has_sizes else np.zeros(0, np.int64)
    page = np.ascontiguousarray(trace["page"])
    pages, size_bytes, seen = _working_sets(page, size, windows.bounds, len(trace.tables["pages"]))
    return WorkingSets(pages, size_bytes if has_sizes else None, seen)


@kernel
def _working_sets(page, size, bounds, n_pages):
    n = len(bounds) - 1
    pages = np.zeros(n, np.int64)
    size_bytes = np.zeros(n, np.int64)
    seen = np.zeros(n, np.int64)
    last_window = np.full(n_pages, -1, np.int64)
    n_seen = 0
    for w in range(n):
        for i in range(bounds[w], bounds[w + 1]):
            if last_window[page[i]] != w:
                n_seen += last_window[page[i]] < 0
                last_window[page[i]] = w
                pages[w] += 1
                if len(size) > 0:
                    size_bytes[w] += size[i]
        seen[w] = n_seen
    return pages, size_bytes, seen


def rates(time_s: np.ndarray, window_s: float) -> tuple[float, float] | None:
    """Requests per second in the slowest and in the fastest whole window; None where the trace is shorter than one.

    Windows begin at the earliest time; the rest at the end, shorter than a window, is left out.
    """
    elapsed = np.asarray(time_s).astype(np.float64)
    elapsed -= elapsed.min()
    n_windows = int(elapsed.max() // window_s)
    if n_windows == 0:
        return None
    window = (elapsed // window_s).astype(np.int64)
    window = window[window < n_windows]
    if n_windows <= max(len(time_s), MOST_WINDOWS):
        found = np.bincount(window, minlength=n_windows)
    else:  # more windows than requests: some are empty
        found = np.append(np.unique(window, return_counts=True)[1], 0)
    return float(found.min() / window_s), float(found.max() / window_s)
