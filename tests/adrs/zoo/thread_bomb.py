"""Makes threads without end.

Listed: refused. Jailed: crashed, by rlimit.
"""

import threading
import time

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        while True:
            threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
