"""Opens a connection.

Listed: refused. Jailed: crashed, by seccomp.
"""

import socket

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        self.line = socket.create_connection(("127.0.0.1", 40404), timeout=1)

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
