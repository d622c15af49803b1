"""Gives itself a larger cache.

Listed: refused. Jailed: ok, by the process.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        object.__setattr__(setting, "capacity", 10**9)

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
