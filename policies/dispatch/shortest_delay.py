import numpy as np

from sim.core.structures import draw
from sim.domains import dispatch


class ShortestDelay(dispatch.Policy):
    """Joins the server where it can expect to be complete first: of least jobs, itself included, by speed; ties at random.

    The shortest expected delay of exponential jobs that are served in turn. With equal servers it is `jsq`.

    Reference: Selen, Adan, Kapodistria, van Leeuwaarden, "Steady-State Analysis of Shortest Expected Delay Routing", Queueing
    Systems 2016.
    """

    def begin(self, setting, rng):
        self.rng = rng
        self.shortest = np.zeros(setting.servers, np.int64)

    def route(self, job, view):
        least = 0.0
        n_least = 0
        for server in range(view.n_servers):
            delay = (view.queue[server] + 1.0) / view.speeds[server]
            if n_least == 0 or delay < least:
                least = delay
                n_least = 0
            if delay == least:
                self.shortest[n_least] = server
                n_least += 1
        return self.shortest[draw(self.rng, n_least) if n_least > 1 else 0]
