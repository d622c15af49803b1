"""Reads hidden attributes by the format of a text.

Listed: refused. Jailed: ok, by the process.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        self.seen = "{0.__class__.__mro__}".format(setting)  # noqa: UP030, UP032

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
