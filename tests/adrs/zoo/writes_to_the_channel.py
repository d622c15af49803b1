"""Writes a result of its own to all files that are open.

Listed: refused. Jailed: illegal, by the channel.
"""

import os

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        for file in range(3, 32):
            try:
                os.write(file, b'{"misses": 0, "status": "ok"}' * 4)
            except OSError:
                continue
        return self.order.pop(0)
