"""The timed system: requests arrive at their times, a miss waits for the origin, and others wait with it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.core.operations import Operation
from sim.core.policy import counters_of, defines
from sim.core.seeds import beside
from sim.core.structures import Heap, LinkedList, Structure
from sim.core.trace import NONE, Trace
from sim.domains.paging import latency, truth
from sim.domains.paging import system as untimed
from sim.domains.paging.cache import LEGAL
from sim.domains.paging.policy import Policy
from sim.domains.paging.setting import Setting as UntimedSetting

METRICS = (
    Metric("latency_mean_s", "s", "lower", "time from a request's arrival until its page is at hand, 0 for a hit"),
    Metric("latency_p50_s", "s", "lower", "median of these times"),
    Metric("latency_p99_s", "s", "lower", "99th percentile of these times"),
    Metric("origin_wait_mean_s", "s", "lower", "time a fetch waits for a free slot at the origin, mean over fetches"),
    Metric("miss_ratio", "", "lower", "fetches per request"),
    Metric("misses", "requests", "lower", "requests that began a fetch: page neither resident nor on its way"),
    Metric("delayed_hits", "requests", None, "requests that found their page on its way and waited for it"),
    Metric("delayed_hit_ratio", "", None, "delayed hits per request"),
    *(metric for metric in untimed.METRICS if metric.name not in ("miss_ratio", "misses")),
)

HIT, DELAYED, MISS, REMOVAL = 0, 1, 2, 3
"""What became of a request on its arrival; a removal (delete) counts nowhere."""


@dataclass(frozen=True)
class Setting(UntimedSetting):
    """The setting of a timed run: that of an untimed one, and how far away the origin is.

    Args:
        latency_s: seconds that the origin takes for a page: a number, or a distribution ("exponential:0.01",
            "lognormal:mean=0.01,sigma=1", "uniform:0.005,0.02").
        origin_slots: fetches that the origin serves at once, others wait in order of arrival; 0: any number.
        interval_s: requests arrive evenly, so many seconds apart; None: at the times of the trace.
        simpy: play the run as SimPy processes: same results, slower.
    """

    latency_s: str | float = field(
        default="0.01", metadata={"help": "of a fetch, seconds: 0.01, exponential:0.01, lognormal:mean=0.01,sigma=1 .."}
    )
    origin_slots: int = field(default=0, metadata={"help": "fetches the origin serves at once; 0: any number"})
    interval_s: float | None = field(default=None, metadata={"help": "let requests arrive evenly, so far apart"})
    simpy: bool = field(default=False, metadata={"help": "run as SimPy processes: same results, slower"})

    def __post_init__(self):
        super().__post_init__()
        latency.parse(self.latency_s)
        if self.origin_slots < 0:
            raise InputError(f"origin_slots must be at least 1, or 0 for any number, got {self.origin_slots}")
        if self.interval_s is not None and not (math.isfinite(self.interval_s) and self.interval_s >= 0):
            raise InputError(f"interval_s must be at least 0 seconds, got {self.interval_s}")

    @classmethod
    def from_options(
        cls, trace: Trace, *, origin_slots: Any = 0, interval_s: Any = None, **others: Any
    ) -> tuple[list[Self], list[str]]:
        """Reads the user's options for this trace, see `paging.Setting.from_options`."""
        interval = None if interval_s is None else _number(float, interval_s, "interval_s", "seconds (0.001)")
        slots = _number(int, origin_slots, "origin_slots", "a whole number (8)")
        return super().from_options(with_times(trace, interval), origin_slots=slots, interval_s=interval, **others)


def _number(kind: type, value: Any, name: str, expected: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise InputError(f'{name} "{value}" is not understood; expected {expected}') from None


def with_times(trace: Trace, interval_s: float | None) -> Trace:
    """The trace with its arrival times as seconds since the first one, float64; evenly spaced where `interval_s` says so.

    Raises:
        InputError: neither times nor an interval, a time that is no number, or one before its predecessor's.
    """
    if interval_s is not None:
        return trace.with_column("time_s", np.arange(len(trace)) * interval_s)
    if "time_s" not in trace:
        raise InputError(
            f"trace {trace.name} has no times (column time_s); --interval-s 0.001 lets requests arrive a millisecond apart"
        )
    time_s = np.asarray(trace["time_s"], np.float64)
    wrong = np.flatnonzero(~(np.diff(time_s) >= 0))
    if len(wrong):
        i = int(wrong[0]) + 1
        raise InputError(
            f"trace {trace.name}: time goes backwards at request {i}, from {time_s[i - 1]} to {time_s[i]} s; "
            "sort the trace by time, or give --interval-s"
        )
    return trace.with_column("time_s", time_s - time_s[:1])


@dataclass(frozen=True)
class System(untimed.System):
    """Paging in time: a miss takes the origin's latency, and its page enters the cache when the fetch completes.

    On arrival a request is a hit (resident: served at once), a delayed hit (its page is on its way: it waits for that fetch) or
    a miss (it begins a fetch). When a fetch completes, the policy is told of its requests in order of arrival: the first is
    admitted, evicting what must leave only then, so that a page stays useful while another is under way; the others are
    hits. Completions come before an arrival of the same time: with latency 0 this is the untimed system. A page that is deleted
    while on its way reaches those who wait, and does not enter.

    Decisions are logged in the order they are made, under the request they are made for. The latency of a fetch belongs to the
    request that begins it, so all policies meet the same latencies under one seed.

    Reference: delayed hits: Atre, Sherry, Wang, Berger, "Caching with Delayed Hits", SIGCOMM 2020, section 2.
    """

    setting: Setting
    METRICS: ClassVar[tuple[Metric, ...]] = METRICS
    Setting: ClassVar[type[UntimedSetting]] = Setting

    def begin(self, trace: Trace, policy: Policy, rng: Any, *, record: bool = False) -> TimedRun:
        if len(trace) == 0:
            raise InputError(f"trace {trace.name} has no requests")
        timed = with_times(trace, self.setting.interval_s)
        return TimedRun(timed, self.setting.on(timed), policy, rng, record)

    def judge(self, trace: Trace, policy: Policy, metrics: Any, hindsight: truth.Furthest | None) -> dict[str, Any]:
        """As untimed, without ratios to the optimum and bounds: they do not speak of delayed hits."""
        judged = super().judge(trace, policy, metrics, hindsight)
        return {**judged, **dict.fromkeys(("ratio_to_opt", "bound", "bound_holds"))}


class Responses(Structure):
    """What became of each request.

    Args:
        time_s: arrivals, never decreasing.
        latency_s: of the fetch that a request would begin.
    """

    def __init__(self, time_s: np.ndarray, latency_s: np.ndarray):
        self.time_s = time_s
        self.latency_s = latency_s
        self.outcome = np.zeros(len(time_s), np.uint8)
        self.response_s = np.zeros(len(time_s), np.float64)
        self.queued_s = np.zeros(len(time_s), np.float64)  # before the origin served the fetch
        self.misses = 0
        self.delayed_hits = 0

    def miss(self, row):
        self.outcome[row] = MISS
        self.misses += 1

    def delay(self, row):
        self.outcome[row] = DELAYED
        self.delayed_hits += 1

    def serve(self, row, now_s):
        self.response_s[row] = now_s - self.time_s[row]

    def summary(self, start: int) -> dict[str, float | int | None]:
        """The metrics of the requests from row `start` on."""
        outcome = self.outcome[start:]
        response_s = self.response_s[start:][outcome != REMOVAL]
        queued_s = self.queued_s[start:][outcome == MISS]
        n, misses, delayed = len(response_s), len(queued_s), int(np.count_nonzero(outcome == DELAYED))
        median, worst = np.percentile(response_s, (50, 99)).tolist() if n else (None, None)
        return {
            "requests": n,
            "misses": misses,
            "delayed_hits": delayed,
            "miss_ratio": misses / n if n else None,
            "delayed_hit_ratio": delayed / n if n else None,
            "latency_mean_s": float(response_s.mean()) if n else None,
            "latency_p50_s": median,
            "latency_p99_s": worst,
            "origin_wait_mean_s": float(queued_s.mean()) if misses else None,
        }


class Flight(Structure):
    """Fetches on their way from the origin or waiting for a slot there, and the requests waiting for their pages.

    A fetch is a number that is given again, the one last freed first: all about the few under way stays in the processor's cache.
    """

    def __init__(self, n_requests: int, n_pages: int, slots: int):
        self.n_requests = n_requests
        self.slots = slots
        self.n_begun = 0
        self.n_started = 0
        self.free = np.arange(n_pages, dtype=np.int32)  # fetches not in use, from n_begun on
        self.fetch_of = np.full(n_pages, NONE, np.int32)  # the fetch of each page, NONE: not on its way
        self.queue = LinkedList(n_pages)  # fetches waiting for a slot, longest first
        self.served = Heap(n_pages)  # fetches that the origin serves, by the time they complete
        self.first = np.zeros(n_pages, np.int64)  # the request that began the fetch
        self.last = np.zeros(n_pages, np.int64)
        self.following = np.full(n_requests, NONE, np.int64)  # the next request waiting for the same page
        self.is_deleted = np.zeros(n_pages, np.bool_)  # the page was deleted meanwhile

    def brings(self, page):
        return self.fetch_of[page] != NONE

    def join(self, row, page):
        """A request waits for a page that is on its way."""
        fetch = self.fetch_of[page]
        self.following[self.last[fetch]] = row
        self.last[fetch] = row

    def delete(self, page):
        """The page is not to enter when it comes."""
        if self.brings(page):
            self.is_deleted[self.fetch_of[page]] = True

    def begin(self, row, page):
        """A request begins the fetch of its page, in the queue."""
        fetch = int(self.free[self.n_begun])
        self.n_begun += 1
        self.fetch_of[page] = fetch
        self.first[fetch] = row
        self.last[fetch] = row
        self.is_deleted[fetch] = False
        self.queue.push_back(fetch)

    def start(self, responses, now_s):
        """Moves fetches from the queue to the origin's free slots."""
        while self.queue.size > 0 and (self.slots == 0 or self.served.size < self.slots):
            fetch = self.queue.pop_front()
            row = self.first[fetch]
            responses.queued_s[row] = now_s - responses.time_s[row]
            self.served.set(fetch, now_s + responses.latency_s[row], self.n_started)
            self.n_started += 1

    def due_s(self):
        """When the next fetch completes; infinity when the origin serves none."""
        return self.served.key(self.served.first()) if self.served.size > 0 else math.inf

    def end(self, fetch, page):
        """The fetch completes."""
        self.served.discard(fetch)
        self.fetch_of[page] = NONE
        self.n_begun -= 1
        self.free[self.n_begun] = fetch


def play(responses, flight, cache, predicted, oracle, policy, rows, start, stop):
    """The loop of a timed run: before each arrival all fetches complete that can, after the last one all others."""
    for i in range(start, stop):
        request = rows[i]
        if flight.due_s() <= request.time_s:
            complete(responses, flight, cache, policy, rows, request.time_s)
        if cache.broken != LEGAL:
            break
        if predicted is not None:
            predicted.update(request.page, request.leaves)
        if oracle is not None:
            oracle.update(request.page, i)
        arrive(responses, flight, cache, policy, request)
        if cache.broken != LEGAL:
            break
    if stop == flight.n_requests:
        complete(responses, flight, cache, policy, rows, math.inf)


def complete(responses, flight, cache, policy, rows, until_s):
    """Completes the fetches due until then, in order of time: their pages enter, their requests are served."""
    while cache.broken == LEGAL and flight.served.size > 0 and flight.due_s() <= until_s:
        fetch = flight.served.first()
        now_s = flight.due_s()
        row = int(flight.first[fetch])
        flight.end(fetch, rows[row].page)
        while row != NONE and cache.broken == LEGAL:
            responses.serve(row, now_s)
            if not flight.is_deleted[fetch]:
                settle(cache, policy, rows[row])
            row = int(flight.following[row])
        flight.start(responses, now_s)


def arrive(responses, flight, cache, policy, request):
    """Decides what becomes of a request, and serves it where its page is resident."""
    row = request.index
    page = request.page
    begin_request(cache, row)
    if cache.expires_s is not None and request.op == Operation.DELETE:
        responses.outcome[row] = REMOVAL
        flight.delete(page)
        if cache.resident[page]:
            cache.remove(policy, page)
        return
    expire(cache, policy, request)
    if cache.resident[page]:
        settle(cache, policy, request)
    elif flight.brings(page):
        responses.delay(row)
        flight.join(row, page)
    else:
        responses.miss(row)
        flight.begin(row, page)
        flight.start(responses, request.time_s)


def begin_request(cache, row):
    cache.now = row
    if cache.has_warmup and row == cache.warmup:
        cache.begin_counting()


def expire(cache, policy, request):
    """Takes the requested page out where its time to live is over."""
    page = request.page
    if cache.expires_s is not None and cache.resident[page] and cache.expires_s[page] <= request.time_s:
        cache.expired += 1
        cache.remove(policy, page)


def settle(cache, policy, request):
    """The page of this request is at hand: a hit where it is resident, else it is let in as the policy decides."""
    cache.now = request.index
    page = request.page
    if cache.resident[page]:
        policy.hit(request)
    else:
        cache.load(policy, request)
    if cache.expires_s is not None and request.ttl_s > 0:
        cache.expires_s[page] = request.time_s + request.ttl_s
    if defines(policy, "release"):
        cache.let_go(policy, request)


class TimedRun(untimed.PagingRun):
    """One policy on one trace, in time (a `sim.core.system.Run`)."""

    loop = staticmethod(play)

    def __init__(self, trace: Trace, setting: Setting, policy: Policy, rng: Any, record: bool):
        latencies = latency.draw(setting.latency_s, len(trace), beside(rng, "latency"))
        super().__init__(trace, setting, policy, rng, record)
        self.responses = Responses(np.ascontiguousarray(trace["time_s"]), latencies)
        if setting.simpy:
            from sim.domains.paging import processes

            self.loop = processes.play
            self.why_interpreted = "it was asked to run as SimPy processes"
            flight: Any = processes.Processes(self.responses, setting.origin_slots)
        else:
            flight = Flight(len(trace), setting.n_pages, setting.origin_slots)
        del self.objects["pages"]
        self.objects = {"responses": self.responses, "flight": flight, **self.objects}

    def counters(self) -> dict[str, float]:
        told = {"misses": self.responses.misses, "delayed_hits": self.responses.delayed_hits}
        return {**told, **counters_of(self.policy)}

    def metrics(self) -> dict[str, float | int | None]:
        return {**super().metrics(), **self.responses.summary(self.cache.warm_from)}
