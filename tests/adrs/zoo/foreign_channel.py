"""Asks for a column of the trace that is no prediction.

Listed: refused, by the declarations. Jailed: refused, by the declarations.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    channels = ("next_access",)

    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
