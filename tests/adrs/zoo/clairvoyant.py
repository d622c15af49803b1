"""Says that it may see the true future.

Listed: refused. Jailed: refused, by the declarations.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    clairvoyant = True
    channels = ("next_use",)

    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
