"""Signals the process that judges it.

Listed: refused. Jailed: crashed, by seccomp.
"""

import os

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        os.kill(os.getppid(), 15)
        return self.order.pop(0)
