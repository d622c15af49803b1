"""Makes a link to what it may not read, and reads the link.

Listed: refused. Jailed: crashed, by seccomp.
"""

import os

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        os.symlink("/etc/passwd", "link")
        with open("link") as file:
            self.users = file.read()

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
