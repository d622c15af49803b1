"""Reads a file outside its room.

Listed: refused. Jailed: crashed, by landlock.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        with open("/etc/passwd") as file:
            self.users = file.read()

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
