"""Loops for ever where the list cannot tell.

Listed: timeout, by the wall limit. Jailed: timeout, by the wall limit.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        n = 0
        while n >= 0:
            n += 1
        return n
