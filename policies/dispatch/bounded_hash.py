import math

import numpy as np

from sim.core.errors import InputError
from sim.domains import dispatch


class BoundedHash(dispatch.Policy):
    """Sends jobs of one key to one server, by consistent hashing, unless it has more than its share: then to the next below.

    A server takes at most ceil((1 + eps) m / n) of the m jobs in the system, the new one among them.

    Parameters:
        eps: what a server may have above the mean, above 0.
        points: places of each server on the circle, at least 1.

    Reference: Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018.
    """

    eps: float = 0.25
    points: int = 64

    def begin(self, setting, rng):
        if not 0 < self.eps < math.inf:
            raise InputError(f"bounded_hash: eps must be above 0, got {self.eps:g}")
        if self.points < 1:
            raise InputError(f"bounded_hash: points must be at least 1, got {self.points}")
        place = rng.random(setting.servers * self.points)
        order = np.argsort(place)
        self.server_at = (order // self.points).astype(np.int64)
        self.start = np.searchsorted(place[order], rng.random(setting.n_keys)).astype(np.int64)

    def route(self, job, view):
        present = 1
        for server in range(view.n_servers):
            present += view.queue[server]
        most = math.ceil((1.0 + self.eps) * present / view.n_servers)
        n = len(self.server_at)
        at = self.start[job.key]
        for step in range(n):
            server = self.server_at[(at + step) % n]
            if view.queue[server] < most:
                return server
        return self.server_at[at % n]
