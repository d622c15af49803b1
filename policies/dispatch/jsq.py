import numpy as np

from sim.core.structures import draw
from sim.domains import dispatch


class JSQ(dispatch.Policy):
    """Joins the shortest queue: the server with the fewest jobs, ties at random.

    Optimal among all policies that see only queue lengths where servers are equal and sizes exponential.

    Reference: Winston, "Optimality of the Shortest Line Discipline", Journal of Applied Probability 1977.
    """

    def begin(self, setting, rng):
        self.rng = rng
        self.shortest = np.zeros(setting.servers, np.int64)

    def route(self, job, view):
        least = view.queue[0]
        n_least = 0
        for server in range(view.n_servers):
            if view.queue[server] < least:
                least = view.queue[server]
                n_least = 0
            if view.queue[server] == least:
                self.shortest[n_least] = server
                n_least += 1
        return self.shortest[draw(self.rng, n_least) if n_least > 1 else 0]
