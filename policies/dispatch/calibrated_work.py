import math

import numpy as np

from sim.core.errors import InputError
from sim.domains import dispatch

BINS = 128
MIDDLE = 64


class CalibratedWork(dispatch.Policy):
    """Sends a job to the server with the least work as far as predictions have proved right, the first of equals.

    It learns from complete jobs what their predictions, in bins of a factor of two, were worth: the mean true size of a bin,
    drawn towards that of all jobs while the bin has seen few. With true predictions it goes by work, up to the width of a
    bin; where they say nothing every job counts the same, and it joins the shortest queue.

    Parameters:
        prior: jobs that the mean of all counts for in each bin, above 0.

    Reference: this library, 2026; the shrinkage is James and Stein's, Berkeley Symposium 1961.
    """

    channels = ("size",)
    prior: float = 10.0

    def begin(self, setting, rng):
        if not 0 < self.prior < math.inf:
            raise InputError(f"calibrated_work: prior must be above 0, got {self.prior:g}")
        self.load = np.zeros(setting.servers)
        self.charge = np.zeros(setting.n_jobs)
        self.at = np.full(setting.n_jobs, -1, np.int64)
        self.seen = np.zeros(BINS)
        self.total = np.zeros(BINS)
        self.n_seen = 0.0
        self.sum = 0.0

    def route(self, job, view):
        best = 0
        for server in range(view.n_servers):
            if view.queue[server] == 0:
                self.load[server] = 0.0
            if self.load[server] / view.speeds[server] < self.load[best] / view.speeds[best]:
                best = server
        charge = self.expected(self.bin_of(job.size), job.size)
        before = self.at[job.index]
        if before >= 0:  # it comes again
            self.load[before] = max(self.load[before] - self.charge[job.index], 0.0)
        self.at[job.index] = best
        self.charge[job.index] = charge
        self.load[best] += charge
        return best

    def done(self, job, server, size, response):
        self.load[server] = max(self.load[server] - self.charge[job.index], 0.0)
        k = self.bin_of(job.size)
        self.seen[k] += 1.0
        self.total[k] += size
        self.n_seen += 1.0
        self.sum += size

    def bin_of(self, size):
        return min(max(MIDDLE + math.floor(math.log2(max(size, 1e-18))), 0), BINS - 1)

    def expected(self, k, predicted):
        """The size that a prediction in bin k stands for."""
        if self.n_seen == 0.0:
            return predicted
        mean = self.sum / self.n_seen
        return (self.total[k] + self.prior * mean) / (self.seen[k] + self.prior)
