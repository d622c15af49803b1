"""Catches whatever would stop it, and goes on.

Listed: refused. Jailed: timeout, by the wall limit.
"""

import signal

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
