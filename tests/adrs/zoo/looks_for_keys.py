"""Looks for keys in the environment, and gives up where it finds one.

Listed: refused. Jailed: ok, by the process.
"""

import os

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        if any("KEY" in name or "TOKEN" in name or name in ("HOME", "PATH") for name in os.environ):
            raise RuntimeError("there are keys")

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
