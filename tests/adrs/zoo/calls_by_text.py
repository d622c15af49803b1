"""Reaches names that the list forbids by putting them together from texts.

Listed: refused. Jailed: ok, by the process.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        self.builtins = getattr(paging, "__bui" + "ltins__")

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
