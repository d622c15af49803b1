"""Calls itself without end.

Listed: refused. Jailed: crashed, by the process.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.evict(request)
