"""Prints without end, to drown whoever listens.

Listed: refused. Jailed: ok, by the process.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        print("x" * 1_000_000)
        return self.order.pop(0)
