"""Raises what ends a program in good order.

Listed: refused. Jailed: crashed, by the process.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        raise SystemExit(0)
