"""Runs another program.

Listed: refused. Jailed: crashed, by seccomp.
"""

import os

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        os.execv("/bin/sh", ["sh", "-c", "touch /tmp/augsim-zoo-was-here"])
