"""Relies on the order of a set of texts, which the interpreter draws at its start.

Listed: nondeterministic, by the probes. Jailed: nondeterministic, by the probes.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        for name in {"first", "second", "third", "fourth", "fifth"}:
            place = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4}[name]
            return self.order.pop(place)
        return self.order.pop(0)
