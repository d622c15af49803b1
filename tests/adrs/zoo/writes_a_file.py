"""Writes a file.

Listed: refused. Jailed: crashed, by seccomp.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        with open("/tmp/augsim-zoo-was-here", "w") as file:
            file.write("here")

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
