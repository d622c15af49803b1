"""Writes into the simulator's own files.

Listed: refused. Jailed: crashed, by seccomp.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        with open(paging.__file__, "a") as file:
            file.write("# changed")

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
