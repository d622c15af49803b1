"""Closes all files, the result channel too.

Listed: refused. Jailed: crashed, by the process.
"""

import os

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        os.closerange(3, 64)
        return self.order.pop(0)
