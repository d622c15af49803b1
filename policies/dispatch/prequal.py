import numpy as np

from sim.core.errors import InputError
from sim.core.structures import draw
from sim.core.trace import NONE
from sim.domains import dispatch

DEEPEST = 64
"""Latencies are learned for so many numbers of requests in flight."""


class Prequal(dispatch.Policy):
    """Keeps a pool of recent answers of servers, and joins the one with the least latency among those that are not hot.

    With each job a few servers drawn at random are asked for their requests in flight (RIF) and the latency they expect at
    that number. An answer is hot if its RIF is above the pool's quantile `q`; the cold answer of least latency is taken, of
    hot ones alone that of least RIF. An answer leaves when it is old, used up, or, once per job, the worst or the oldest.

    Parameters:
        pool: answers kept, at least 1.
        probes: servers asked with each job, at least 1.
        q: in [0, 1]; 0 goes by RIF alone, 1 by latency alone.
        age: time after which an answer leaves, above 0.
        uses: jobs that an answer may serve, at least 1.

    What a server expects is the moving mean of the response times of jobs that met as many there as the new one would; the
    constants but for the range of q are our choice.

    Reference: Wydrowski, Kleinberg, Rumble, Archer, "Load is not what you should balance: Introducing Prequal", NSDI 2024.
    """

    pool: int = 16
    probes: int = 3
    q: float = 0.84
    age: float = 5.0
    uses: int = 2

    def begin(self, setting, rng):
        if self.pool < 1 or self.probes < 1 or self.uses < 1:
            raise InputError("prequal: pool, probes and uses must be at least 1")
        if not (0 <= self.q <= 1 and self.age > 0):
            raise InputError(f"prequal: q must be in [0, 1] and age above 0, got q={self.q:g}, age={self.age:g}")
        self.rng = rng
        self.size = 0
        self.server = np.zeros(self.pool, np.int64)
        self.rif = np.zeros(self.pool, np.int64)
        self.latency = np.zeros(self.pool)
        self.time = np.zeros(self.pool)
        self.used = np.zeros(self.pool, np.int64)
        self.learned = np.zeros((setting.servers, DEEPEST))
        self.met = np.zeros(setting.n_jobs, np.int64)
        self.drops_oldest = False

    def route(self, job, view):
        k = 0
        while k < self.size:
            if view.now - self.time[k] > self.age:
                self.drop(k)
            else:
                k += 1
        for _ in range(self.probes):
            self.ask(draw(self.rng, view.n_servers), view)
        chosen = self.best()
        server = int(self.server[chosen])
        self.met[job.index] = min(self.rif[chosen], DEEPEST - 1)
        self.rif[chosen] += 1
        self.latency[chosen] = self.expected(server, int(self.rif[chosen]))
        self.used[chosen] += 1
        if self.used[chosen] >= self.uses:
            self.drop(chosen)
        if self.size > 1:
            self.drop(self.oldest() if self.drops_oldest else self.worst())
            self.drops_oldest = not self.drops_oldest
        return server

    def done(self, job, server, size, response):
        met = self.met[job.index]
        before = self.learned[server, met]
        self.learned[server, met] = response if before == 0.0 else before + 0.1 * (response - before)

    def ask(self, server, view):
        k = self.size
        if k == self.pool:
            k = self.oldest()
        else:
            self.size += 1
        self.server[k] = server
        self.rif[k] = view.probe(server)
        self.latency[k] = self.expected(server, int(self.rif[k]))
        self.time[k] = view.now
        self.used[k] = 0

    def expected(self, server, rif):
        """What the server expects at so many requests in flight: learned there, or in proportion from the next below."""
        depth = min(rif, DEEPEST - 1)
        for met in range(depth, -1, -1):
            if self.learned[server, met] > 0.0:
                return self.learned[server, met] * (rif + 1) / (met + 1)
        return float(rif + 1)

    def best(self):
        """The answer that is taken."""
        limit = self.quantile(min(int(self.q * self.size), self.size - 1))
        cold = NONE
        hot = 0
        for k in range(self.size):
            if self.rif[k] <= limit and (cold == NONE or self.latency[k] < self.latency[cold]):
                cold = k
            if self.rif[k] < self.rif[hot]:
                hot = k
        return hot if cold == NONE or self.q == 0.0 else cold

    def quantile(self, rank):
        """The RIF that so many answers are below or at, counting from 0."""
        found = -1
        for k in range(self.size):
            below = 0
            for other in range(self.size):
                if self.rif[other] <= self.rif[k]:
                    below += 1
            if below > rank and (found < 0 or self.rif[k] < found):
                found = int(self.rif[k])
        return found

    def worst(self):
        worst = 0
        for k in range(1, self.size):
            if self.rif[k] > self.rif[worst] or (
                self.rif[k] == self.rif[worst] and self.latency[k] > self.latency[worst]
            ):
                worst = k
        return worst

    def oldest(self):
        oldest = 0
        for k in range(1, self.size):
            if self.time[k] < self.time[oldest]:
                oldest = k
        return oldest

    def drop(self, k):
        self.size -= 1
        last = self.size
        self.server[k] = self.server[last]
        self.rif[k] = self.rif[last]
        self.latency[k] = self.latency[last]
        self.time[k] = self.time[last]
        self.used[k] = self.used[last]
