"""What a dispatcher knows of the servers: as they are, as they were a moment ago, or as it was last told."""

from __future__ import annotations

import numpy as np

from sim.core.structures import Structure


class View(Structure):
    """What a policy sees when it routes a job. Arrays are read-only, one entry per server.

    Attributes:
        now: the time.
        n_servers: number of servers.
        speeds: work a server does in a unit of time.
        queue: jobs at each server, the one in service included; as far as the dispatcher knows.
        up: whether it works; the dispatcher always knows.
        probes: servers asked so far.
    """

    def __init__(self, setting, queues, known):
        self.now = 0.0
        self.n_servers = setting.servers
        self.speeds = _read_only(queues.speeds)
        self.queue = _read_only(known.queue)
        self.up = _read_only(queues.up)
        self.probes = 0
        self.as_of = 0.0
        self.is_stale = known is not queues
        self._since = _read_only(known.since)
        self._rate = _read_only(queues.rate)
        self._work = _read_only(known.work)
        self._predicted_work = _read_only(known.predicted_work)

    def probe(self, server):
        """Asks one server; gives the jobs there. Counted, where reading `queue` is not."""
        self.probes += 1
        return int(self.queue[server])

    def _in_time(self, server, work):
        since = (self.as_of if self.is_stale else self.now) - self._since[server]
        if self.queue[server] > 0:
            work -= since * self._rate[server]
        return max(work, 0.0) / self.speeds[server]


class PredictingView(View):
    """For policies that read predicted sizes."""

    def predicted_work(self, server):
        """Time until the server has done all that its jobs are predicted to need, at its speed.

        A job that has had more service than predicted needs nothing more; under processor sharing only the server's sum
        is kept, and at least 0.
        """
        return self._in_time(server, self._predicted_work[server])


class ClairvoyantView(View):
    """For clairvoyant policies: predictions are the truth."""

    def work(self, server):
        """Time until the server has done all work it has, at its speed."""
        return self._in_time(server, self._work[server])

    def predicted_work(self, server):
        return self.work(server)


class Known(Structure):
    """The servers' state as the dispatcher was told, late: all at once now and then, or each change after a delay.

    Args:
        setting: with the trace's fields.
        n_changes: the most changes of queues that a run can have.
    """

    def __init__(self, setting, n_changes: int):
        n = setting.servers
        self.delay = setting.delay
        self.is_delayed = setting.delay > 0
        self.queue = np.zeros(n, np.int64)
        self.since = np.zeros(n)
        self.work = np.zeros(n)
        self.predicted_work = np.zeros(n)
        n_news = n_changes if self.is_delayed else 1
        self.n_sent = 0
        self.n_told = 0
        self.news_time = np.zeros(n_news)
        self.news_server = np.zeros(n_news, np.int64)
        self.news_queue = np.zeros(n_news, np.int64)
        self.news_work = np.zeros(n_news)
        self.news_predicted_work = np.zeros(n_news)

    def refresh(self, queues, now):
        """Tells all of now."""
        for server in range(len(self.queue)):
            queues.settle(server, now)
            self.queue[server] = queues.queue[server]
            self.since[server] = now
            self.work[server] = queues.work[server]
            self.predicted_work[server] = queues.predicted_work[server]

    def send(self, queues, server, now):
        """A server's queue has changed: the news is on its way."""
        if self.is_delayed:
            i = self.n_sent
            self.n_sent += 1
            self.news_time[i] = now
            self.news_server[i] = server
            self.news_queue[i] = queues.queue[server]
            self.news_work[i] = queues.work[server]
            self.news_predicted_work[i] = queues.predicted_work[server]

    def tell(self, now):
        """All news that has arrived by now."""
        while self.n_told < self.n_sent and self.news_time[self.n_told] + self.delay <= now:
            i = self.n_told
            self.n_told += 1
            server = self.news_server[i]
            self.queue[server] = self.news_queue[i]
            self.since[server] = self.news_time[i]
            self.work[server] = self.news_work[i]
            self.predicted_work[server] = self.news_predicted_work[i]


def _read_only(array: np.ndarray) -> np.ndarray:
    seen = array.view()
    seen.flags.writeable = False
    return seen
