"""Loops for ever.

Listed: refused. Jailed: timeout, by the wall limit.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        while True:
            pass
