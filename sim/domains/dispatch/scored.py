"""Policies that are one formula: what the dispatcher knows of a server goes into its score, and the job joins the lowest."""

from __future__ import annotations

import math

import numpy as np

from sim.core.errors import InputError
from sim.core.structures import RandomSet, draw
from sim.core.trace import NONE
from sim.domains.dispatch.policy import Policy

JOBS, SENT, SERVED, USED, RESPONSE, WORK, USUAL, N_KNOWN = range(8)
"""What is kept of each server: jobs there, jobs sent since it told, when it last completed one and was last sent one, means."""

SHARE = 1 / 8
"""Weight of the newest in a server's running means."""

SHARE_OF_GAPS = 1 / 64
"""Weight of the newest time between arrivals."""


class Features(Policy):
    """Keeps what a dispatcher can know of servers and jobs, for a `score(server)` that a subclass defines; the lowest is best.

    It is made of the features below, all floats. Queues are as far as the dispatcher was told.

        jobs(server)      jobs there, the one in service included
        sent(server)      jobs sent there that it was not told of yet; 0 where it sees the queues as they are
        speed(server)     work it does in a unit of time
        serving(server)   time since it last completed a job or, after that, was sent one while empty; 0 while it is empty
        unused(server)    time since a job was last sent there; since the start where none was
        response(server)  running mean of the times that jobs took there, 0 before the first
        up(server)        1 where it works, 0 where it is down
        load()            jobs at a server, mean over the servers looked at
        mean_speed()      mean over all servers
        mean_size()       mean size of complete jobs, 0 before the first
        mean_left()       what is left on average of a job in service by the sizes so far: half their mean square by their mean
        gap()             running mean of the time between arrivals
        news_age()        time since the dispatcher was told of the queues
        servers()         number of servers

    References: `mean_left`: Kleinrock, "Queueing Systems", volume 1, Wiley 1975, section 5.2; `sent`: Mitzenmacher, "How Useful
    Is Old Information?", IEEE TPDS 2000.
    """

    def begin(self, setting, rng):
        self.rng = rng
        self.now = 0.0
        self.n_servers = setting.servers
        self.known = np.zeros((setting.servers, N_KNOWN))
        self.speeds = setting.speed_of_each()
        self.all_speeds = float(self.speeds.mean())
        self.works = np.ones(setting.servers)
        self.came = np.full(setting.n_jobs, -1.0)  # when each job came first
        self.n_came = 0
        self.last_came = 0.0
        self.mean_gap = 0.0
        self.mean_jobs = 0.0
        self.n_done = 0
        self.done_sizes = 0.0
        self.done_squares = 0.0
        self.refresh = float(setting.refresh)
        self.delay = float(setting.delay)
        self.is_late = setting.refresh > 0 or setting.delay > 0
        self.n_told = 0  # tellings since the start
        n_sent = setting.n_jobs * (1 + setting.retries) if self.is_late else 1
        self.sent_to = np.zeros(n_sent, np.int64)
        self.sent_at = np.zeros(n_sent)
        self.n_sent = 0
        self.n_known = 0  # jobs sent, the first ones, that the dispatcher was told of

    def note(self, job, view):
        """A job has come."""
        now = float(view.now)
        self.now = now
        if self.came[job.index] < 0.0:
            self.came[job.index] = now
            if self.n_came == 1:
                self.mean_gap = now - self.last_came
            elif self.n_came > 1:
                self.mean_gap += SHARE_OF_GAPS * (now - self.last_came - self.mean_gap)
            self.n_came += 1
            self.last_came = now
        if self.refresh > 0.0:
            while (self.n_told + 1) * self.refresh <= now:
                self.n_told += 1
        while self.n_known < self.n_sent and self.is_told(self.sent_at[self.n_known]):
            self.known[self.sent_to[self.n_known], SENT] -= 1.0
            self.n_known += 1

    def is_told(self, time):
        """Whether queues as the dispatcher knows them hold a job sent at a time."""
        if self.refresh > 0.0:
            return time < self.n_told * self.refresh
        return time + self.delay <= self.now

    def look(self, server, jobs, view):
        """Takes in what the view tells of a server with so many jobs."""
        self.known[server, JOBS] = float(jobs)
        self.works[server] = 1.0 if view.up[server] else 0.0

    def send(self, server):
        """The job goes there."""
        known = self.known
        if known[server, JOBS] == 0.0:
            known[server, SERVED] = self.now
        known[server, USED] = self.now
        if self.is_late:
            known[server, SENT] += 1.0
            self.sent_to[self.n_sent] = server
            self.sent_at[self.n_sent] = self.now
            self.n_sent += 1

    def done(self, job, server, size, response):
        known = self.known
        known[server, SERVED] = self.came[job.index] + response
        known[server, RESPONSE] += (SHARE if known[server, RESPONSE] > 0.0 else 1.0) * (
            response - known[server, RESPONSE]
        )
        self.n_done += 1
        self.done_sizes += size
        self.done_squares += size * size

    def jobs(self, server):
        return float(self.known[server, JOBS])

    def sent(self, server):
        return float(self.known[server, SENT])

    def speed(self, server):
        return float(self.speeds[server])

    def serving(self, server):
        return self.now - float(self.known[server, SERVED]) if self.known[server, JOBS] > 0.0 else 0.0

    def unused(self, server):
        return self.now - float(self.known[server, USED])

    def response(self, server):
        return float(self.known[server, RESPONSE])

    def up(self, server):
        return float(self.works[server])

    def load(self):
        return self.mean_jobs

    def mean_speed(self):
        return self.all_speeds

    def mean_size(self):
        return self.done_sizes / self.n_done if self.n_done > 0 else 0.0

    def mean_left(self):
        return self.done_squares / (2.0 * self.done_sizes) if self.n_done > 0 else 0.0

    def gap(self):
        return self.mean_gap

    def news_age(self):
        if self.refresh > 0.0:
            return self.now - self.n_told * self.refresh
        return min(self.now, self.delay)

    def servers(self):
        return float(self.n_servers)


class Scored(Features):
    """Sends each job to the server of the lowest score, ties at random. A score that is no number ranks last."""

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.lowest = np.zeros(setting.servers, np.int64)

    def route(self, job, view):
        self.note(job, view)
        n_jobs = 0.0
        for server in range(view.n_servers):
            self.look(server, view.queue[server], view)
            n_jobs += self.known[server, JOBS]
        self.mean_jobs = n_jobs / view.n_servers
        least = math.inf
        n_least = 0
        for server in range(view.n_servers):
            score = self.score(server)
            score = score if score == score else math.inf
            if score < least:
                least = score
                n_least = 0
            if score == least:
                self.lowest[n_least] = server
                n_least += 1
        best = int(self.lowest[draw(self.rng, n_least) if n_least > 1 else 0])
        self.send(best)
        return best


class Polled(Features):
    """Asks a few servers drawn at random, and sends the job to the one of the lowest score; of equals the first drawn.

    What `jobs` tells of a server is what it was when it was last asked. A score that is no number ranks last.

    Parameters:
        sample: servers drawn without replacement, at least 1; all, where there are no more.
    """

    sample: int = 2

    def begin(self, setting, rng):
        if self.sample < 1:
            raise InputError(f"{type(self).__name__} needs a sample of at least 1 server, got {self.sample}")
        super().begin(setting, rng)
        self.n_asked = min(self.sample, setting.servers)
        self.drawn = RandomSet(setting.servers)
        for server in range(setting.servers):
            self.drawn.add(server)

    def route(self, job, view):
        self.note(job, view)
        n_jobs = 0.0
        for k in range(self.n_asked):
            server = self.drawn.draw_to(k, self.rng)
            self.look(server, view.probe(server), view)
            n_jobs += self.known[server, JOBS]
        self.mean_jobs = n_jobs / self.n_asked
        best = NONE
        least = math.inf
        for k in range(self.n_asked):
            server = self.drawn.item(k)
            score = self.score(server)
            if score < least or best == NONE:
                best = server
                least = score if score == score else math.inf
        self.send(best)
        return best


class Informed(Scored):
    """`Scored` that knows the predicted size of each job, and by these what is left to do at each server.

    Beside the features of all:

        size()              of the job, as predicted
        work(server)        time until the server has done what its jobs are predicted to need, at its speed
        usual_size(server)  running mean of the predicted sizes of jobs sent there, 0 before the first
        usual()             mean of all predicted sizes so far
    """

    channels = ("size",)

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.job_size = 0.0
        self.predicted_sizes = 0.0
        self.n_predicted = 0

    def note(self, job, view):
        super().note(job, view)
        self.job_size = float(job.size)
        self.predicted_sizes += self.job_size
        self.n_predicted += 1

    def look(self, server, jobs, view):
        super().look(server, jobs, view)
        self.known[server, WORK] = view.predicted_work(server)

    def send(self, server):
        super().send(server)
        known = self.known
        known[server, USUAL] += (SHARE if known[server, USUAL] > 0.0 else 1.0) * (self.job_size - known[server, USUAL])

    def size(self):
        return self.job_size

    def work(self, server):
        return float(self.known[server, WORK])

    def usual_size(self, server):
        return float(self.known[server, USUAL])

    def usual(self):
        return self.predicted_sizes / self.n_predicted
