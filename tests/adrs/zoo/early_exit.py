"""Leaves the process, as if all were done.

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
        os._exit(0)
