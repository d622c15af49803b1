import numpy as np

from sim.domains import dispatch


class SITAE(dispatch.Policy):
    """Sends jobs to servers by size: short ones to the first, long ones to the last, with cut-offs of equal load.

    Short jobs never wait for long ones, which is worth most where sizes vary most; a server gets work in proportion to its
    speed.

    Reference: Harchol-Balter, Crovella, Murta, "On Choosing a Task Assignment Policy for a Distributed Server System",
    JPDC 1999.
    """

    clairvoyant = True
    channels = ("size",)

    def begin(self, setting, rng):
        size = np.sort(setting.sizes)
        done = np.cumsum(size)
        speeds = setting.speed_of_each()
        share = np.cumsum(speeds)[:-1] / speeds.sum()
        self.cuts = size[np.minimum(np.searchsorted(done, share * done[-1]), len(size) - 1)]

    def route(self, job, view):
        for server in range(len(self.cuts)):
            if job.size <= self.cuts[server]:
                return server
        return view.n_servers - 1
