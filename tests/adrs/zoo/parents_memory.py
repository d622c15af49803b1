"""Reads the memory of the process that judges it.

Listed: refused. Jailed: crashed, by landlock.
"""

import os

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        with open(f"/proc/{os.getppid()}/mem", "rb") as memory:
            self.memory = memory

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
