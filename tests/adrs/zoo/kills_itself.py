"""Ends by a signal.

Listed: refused. Jailed: crashed, by the process.
"""

import ctypes

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return ctypes.string_at(0)[0]
