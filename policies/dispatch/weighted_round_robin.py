import numpy as np

from sim.domains import dispatch


class WeightedRoundRobin(dispatch.Policy):
    """Sends jobs to the servers in turn, to each as often as its speed says, evenly spread: smooth weighted round robin.

    Every server earns its speed with each job; the richest one gets the job and pays what all earned.

    Reference: Katevenis, Sidiropoulos, Courcoubetis, "Weighted Round-Robin Cell Multiplexing in a General-Purpose ATM
    Switch Chip", JSAC 1991, for the rule; the smooth form is that of common web servers.
    """

    def begin(self, setting, rng):
        self.credit = np.zeros(setting.servers)

    def route(self, job, view):
        best = 0
        earned = 0.0
        for server in range(view.n_servers):
            self.credit[server] += view.speeds[server]
            earned += view.speeds[server]
            if self.credit[server] > self.credit[best]:
                best = server
        self.credit[best] -= earned
        return best
