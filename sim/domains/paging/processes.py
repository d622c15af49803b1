"""The timed rules of paging as SimPy processes: slow and plain to read, the judge of the compiled loop in `timed.py`."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import simpy
from simpy.events import EventPriority

from sim.core.operations import Operation
from sim.domains.paging.timed import REMOVAL, Responses, begin_request, expire, settle

LATE = EventPriority(2)
"""Priority of arrivals: of all events of one time they come last, after SimPy's own 0 (urgent) and 1 (normal)."""


class Processes:
    """The origin as a SimPy resource, and the requests waiting for each page on its flight.

    Args:
        responses: where arrivals and latencies are found, and outcomes noted.
        slots: fetches that the origin serves at once; 0: any number.
    """

    def __init__(self, responses: Responses, slots: int):
        self.responses = responses
        self.environment = simpy.Environment()
        self.origin = simpy.Resource(self.environment, capacity=slots or math.inf)  # type: ignore[arg-type]
        self.waiting: dict[int, list[Any]] = {}
        self.deleted: set[int] = set()
        self.n_arrived = 0

    def schedule(self, requests: Any, cache: Any, predicted: Any, oracle: Any, policy: Any) -> None:
        """Puts all arrivals on the clock while it stands at 0, so that each comes at its very time."""
        for request in requests:
            event = self.environment.event()
            event._ok, event._value = True, request
            event.callbacks.append(lambda event: self.arrive(event.value, cache, predicted, oracle, policy))
            self.environment.schedule(event, priority=LATE, delay=request.time_s)

    def arrive(self, request: Any, cache: Any, predicted: Any, oracle: Any, policy: Any) -> None:
        self.n_arrived += 1
        if predicted is not None:
            predicted.update(request.page, request.leaves)
        if oracle is not None:
            oracle.update(request.page, request.index)
        begin_request(cache, request.index)
        if cache.expires_s is not None and request.op == Operation.DELETE:
            self.responses.outcome[request.index] = REMOVAL
            if cache.resident[request.page]:
                cache.remove(policy, request.page)
            elif request.page in self.waiting:
                self.deleted.add(request.page)
            return
        expire(cache, policy, request)
        if cache.resident[request.page]:
            settle(cache, policy, request)
        elif request.page in self.waiting:
            self.responses.delay(request.index)
            self.waiting[request.page].append(request)
        else:
            self.responses.miss(request.index)
            self.waiting[request.page] = [request]
            self.environment.process(self.fetch(request, cache, policy))

    def fetch(self, request: Any, cache: Any, policy: Any) -> Generator[Any, Any, None]:
        """Waits for a slot at the origin, then for the page; serves all who wait for it."""
        now = request.index
        with self.origin.request() as slot:
            yield slot
            self.responses.queued_s[now] = self.environment.now - self.responses.time_s[now]
            yield self.environment.timeout(self.responses.latency_s[now])
        for waiting in self.waiting.pop(request.page):
            self.responses.serve(waiting.index, self.environment.now)
            if request.page not in self.deleted and not cache.broken:
                settle(cache, policy, waiting)
        self.deleted.discard(request.page)


def play(responses, flight, cache, predicted, oracle, policy, rows, start, stop):
    """Plays the events until row stop - 1 has arrived, and after the last one all others. Stops at an illegal decision."""
    if start == 0:
        flight.schedule((rows[i] for i in range(rows.n)), cache, predicted, oracle, policy)
    while not cache.broken and flight.n_arrived < stop:
        flight.environment.step()
    while not cache.broken and stop == rows.n and flight.environment.peek() < math.inf:
        flight.environment.step()
