"""Replaces the clock, so that nothing takes time.

Listed: refused. Jailed: ok, by the process.
"""

import time

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        time.perf_counter = time.monotonic = lambda: 0.0

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
