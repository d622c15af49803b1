"""Opens a connection by a system call of its own.

Listed: refused. Jailed: ok, by seccomp.
"""

import ctypes

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        libc = ctypes.CDLL(None)
        line = libc.socket(2, 1, 0)
        address = (2).to_bytes(2, "little") + (40404).to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
        libc.connect(line, address, len(address))

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
