"""Sleeps, which takes no processor time.

Listed: refused. Jailed: timeout, by the wall limit.
"""

import time

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        time.sleep(1000)
        return self.order.pop(0)
