"""The rules of dispatch as one event loop: arrivals, completions, crashes, time-outs, retries, in the order of time.

Of events of one time, completions come first, by server; then crashes and repairs, by server; time-outs, by the time of
dispatch; the dispatcher's news; jobs that come again, by job; arrivals, by row.
"""

from __future__ import annotations

import math

import numpy as np

from sim.core.policy import check_number, defines
from sim.core.structures import Heap, Structure
from sim.core.trace import NONE

ROUTE = 0
"""The one kind of decision in a log."""

RESUME, RESTART, MOVE, LOSE = "resume", "restart", "move", "lose"
ON_CRASH = (RESTART, RESUME, MOVE, LOSE)
"""What becomes of the jobs of a server that crashes."""


class Log(Structure):
    """The decisions of a run: one per attempt of a job."""

    def __init__(self, n: int):
        self.size = 0
        self.row = np.zeros(n, np.int64)
        self.subject = np.zeros(n, np.int64)

    def add(self, row, server):
        self.row[self.size] = row
        self.subject[self.size] = server
        self.size += 1


class Ledger(Structure):
    """What became of each job, and the sums of the run.

    Args:
        setting: with the trace's fields.
        record: keep a log of decisions.
    """

    def __init__(self, setting, record: bool):
        n = setting.n_jobs
        self.n_jobs = n
        self.has_retries = setting.retries > 0
        self.warm_from = setting.warm_from()
        self.arrived = np.zeros(n)
        self.finished = np.full(n, math.nan)  # not a number: lost, or not yet
        self.server = np.full(n, NONE, np.int64)  # where it was dispatched last
        self.attempt = np.zeros(n, np.int64)
        self.waits = np.zeros(n, np.bool_)  # for an attempt that is on a server
        self.log = Log(n * (1 + setting.retries)) if record else None
        self.now = 0.0
        self.row = 0  # of the job that was routed last
        self.n_arrived = 0
        self.n_settled = 0
        self.n_present = 0
        self.lost = 0
        self.timeouts = 0
        self.rejected = 0
        self.n_crashes = 0
        self.retried = 0
        self.wasted = 0.0  # work done for nobody
        self.longest_queue = 0
        self.present_time = 0.0  # jobs in the system, integrated over time
        self.response_sum = 0.0
        self.warm_time = 0.0
        self.last_time = 0.0
        self.present_when_warm = 0.0
        self.present_at_last = 0.0
        self.busy_when_warm = np.zeros(setting.servers)
        self.busy_at_last = np.zeros(setting.servers)
        self.wrong = NONE
        self.is_broken = False

    def pass_time(self, now):
        self.present_time += self.n_present * (now - self.now)
        self.now = now

    def arrive(self, queues, row):
        """A job comes for the first time."""
        self.arrived[row] = self.now
        self.n_present += 1
        if self.n_arrived == self.warm_from:
            self.warm_time = self.now
            self.present_when_warm = self.present_time
            queues.note_busy(self.now, self.busy_when_warm)
        self.n_arrived += 1
        if self.n_arrived == self.n_jobs:
            self.last_time = self.now
            self.present_at_last = self.present_time
            queues.note_busy(self.now, self.busy_at_last)

    def finish(self, job):
        self.finished[job] = self.now
        self.response_sum += self.now - self.arrived[job]
        self.settle(job)

    def lose(self, job):
        self.lost += 1
        self.settle(job)

    def settle(self, job):
        self.waits[job] = False
        self.n_present -= 1
        self.n_settled += 1

    def is_over(self):
        return self.n_settled == self.n_jobs


class Returns(Structure):
    """Jobs that come at a time that the run decides: retries, and those of clients who think first.

    Args:
        following: the next job of the same client, NONE after the last; None in an open system.
        think: time between the end of a client's job and this one; None in an open system.
    """

    def __init__(self, setting, following: np.ndarray | None, think: np.ndarray | None):
        self.backoff = setting.backoff
        self.retries = setting.retries
        self.coming = Heap(setting.n_jobs)
        self.following = following
        self.think = think
        if following is not None and think is not None:
            first = np.ones(setting.n_jobs, np.bool_)
            first[following[following != NONE]] = False
            for job in np.flatnonzero(first):
                self.coming.set(int(job), float(think[job]), int(job))

    def next_time(self):
        return self.coming.key(self.coming.first()) if self.coming.size > 0 else math.inf

    def follow(self, job, now):
        """A job has left the system, and its client thinks of the next one."""
        if self.following is not None:
            after = self.following[job]
            if after != NONE:
                self.coming.set(after, now + self.think[after], after)


class Deadlines(Structure):
    """Attempts by the time at which their clients give up: all wait equally long, so in the order of dispatch."""

    def __init__(self, setting):
        self.timeout = setting.timeout
        n = setting.n_jobs * (1 + setting.retries)
        self.size = 0
        self.first = 0
        self.node = np.zeros(n, np.int64)
        self.time = np.zeros(n)

    def add(self, node, now):
        self.node[self.size] = node
        self.time[self.size] = now + self.timeout
        self.size += 1


class Crashes(Structure):
    """When each server crashes or is repaired next; draws from a stream of its own."""

    def __init__(self, setting, rng):
        self.up_mean = setting.up_mean
        self.down_mean = setting.down_mean
        self.rng = rng
        self.next = Heap(setting.servers)
        for server in range(setting.servers):
            self.next.set(server, rng.standard_exponential() * self.up_mean, server)

    def next_time(self):
        return self.next.key(self.next.first())


class Farm(Structure):
    """All that happens between dispatcher and servers.

    Args:
        setting: with the trace's fields.
        time: arrivals, float64, shape (n_jobs,), never decreasing; None in a closed system.
        ledger, queues, view: see there.
        known: the dispatcher's news where they are late, else None.
        returns, deadlines, crashes: None where there are none.
    """

    def __init__(self, setting, time, ledger, queues, view, known, returns, deadlines, crashes):
        self.n_jobs = setting.n_jobs
        self.time = time
        self.ledger = ledger
        self.queues = queues
        self.shown = view
        self.known = known
        self.returns = returns
        self.deadlines = deadlines
        self.crashes = crashes
        self.period = setting.refresh
        self.is_refreshed = setting.refresh > 0
        self.n_refreshed = 0
        self.n_fresh = 0  # rows that arrived at their own times
        self.buffer = setting.buffer
        self.has_buffer = setting.buffer > 0
        self.cancels = setting.cancel
        self.on_crash = RESUME if setting.down_speed > 0 else setting.on_crash
        self.is_slowed = setting.down_speed > 0
        self.down_speed = setting.down_speed

    def step(self, policy, jobs):
        """Plays the next event."""
        ledger = self.ledger
        queues = self.queues
        now = queues.next_due()
        event = COMPLETION
        if self.crashes is not None and self.crashes.next_time() < now:
            now = self.crashes.next_time()
            event = CRASH
        if self.deadlines is not None:
            self.forget_answered()
            if self.deadlines.first < self.deadlines.size and self.deadlines.time[self.deadlines.first] < now:
                now = self.deadlines.time[self.deadlines.first]
                event = TIMEOUT
        if self.is_refreshed and self.n_refreshed * self.period < now:
            now = self.n_refreshed * self.period
            event = REFRESH
        if self.returns is not None and self.returns.next_time() < now:
            now = self.returns.next_time()
            event = RETURN
        if self.time is not None and self.n_fresh < self.n_jobs and self.time[self.n_fresh] < now:
            now = self.time[self.n_fresh]
            event = ARRIVAL
        ledger.pass_time(now)
        if event == COMPLETION:
            self.complete(policy, jobs)
        elif event == ARRIVAL:
            row = self.n_fresh
            self.n_fresh += 1
            ledger.arrive(queues, row)
            self.dispatch(policy, jobs, row)
        elif self.crashes is not None and event == CRASH:
            self.turn(policy)
        elif self.deadlines is not None and event == TIMEOUT:
            self.give_up()
        elif self.is_refreshed and event == REFRESH:
            self.known.refresh(queues, now)
            self.shown.as_of = now
            self.n_refreshed += 1
        elif self.returns is not None:
            row = self.returns.coming.pop()
            if ledger.attempt[row] == 0:
                ledger.arrive(queues, row)
            self.dispatch(policy, jobs, row)

    def dispatch(self, policy, jobs, row):
        """Asks the policy where a job is to go, and sends it there."""
        ledger = self.ledger
        queues = self.queues
        now = ledger.now
        ledger.row = row
        self.shown.now = now
        if self.known is not None and self.known.is_delayed:
            self.known.tell(now)
            self.shown.as_of = max(now - self.known.delay, 0.0)
        server = policy.route(jobs[row], self.shown)
        check_number(policy, "route", server, row)
        if not (server >= 0 and server < self.shown.n_servers):
            ledger.is_broken = True
            ledger.wrong = server
            return
        if ledger.log is not None:
            ledger.log.add(row, server)
        ledger.server[row] = server
        if self.has_buffer and queues.queue[server] >= self.buffer:
            ledger.rejected += 1
            self.fail(row, True)
            return
        node = row + ledger.attempt[row] * self.n_jobs
        ledger.waits[row] = True
        queues.join(server, node, now)
        ledger.longest_queue = max(ledger.longest_queue, queues.queue[server])
        if self.deadlines is not None:
            self.deadlines.add(node, now)
        if self.known is not None:
            self.known.send(queues, server, now)

    def complete(self, policy, jobs):
        """The next job due is done."""
        ledger = self.ledger
        queues = self.queues
        server = queues.due.first()
        node = queues.end(server, ledger.now)
        job = queues.job_of(node)
        if self.is_awaited(node):
            ledger.finish(job)
            if self.returns is not None:
                self.returns.follow(job, ledger.now)
            if defines(policy, "done"):
                policy.done(jobs[job], server, queues.size[job], ledger.now - ledger.arrived[job])
        else:
            ledger.wasted += queues.size[job]
        if self.known is not None:
            self.known.send(queues, server, ledger.now)
        if defines(policy, "idle") and queues.queue[server] == 0 and queues.up[server]:
            policy.idle(server)

    def is_awaited(self, node):
        """Whether a client still waits for this attempt."""
        job = self.queues.job_of(node)
        return self.ledger.waits[job] and node == job + self.ledger.attempt[job] * self.n_jobs

    def fail(self, job, waits_a_while):
        """An attempt has failed: the job comes again, after a while that doubles each time, or is lost."""
        ledger = self.ledger
        ledger.waits[job] = False
        if self.returns is not None:
            k = ledger.attempt[job]
            if k < self.returns.retries:
                pause = self.returns.backoff * 2.0**k if waits_a_while else 0.0
                ledger.attempt[job] = k + 1
                ledger.retried += 1
                self.returns.coming.set(job, ledger.now + pause, job)
                return
            ledger.lose(job)
            self.returns.follow(job, ledger.now)
        else:
            ledger.lose(job)

    def forget_answered(self):
        """Drops the first deadlines while nobody waits for them any more."""
        deadlines = self.deadlines
        while deadlines.first < deadlines.size and not self.is_awaited(deadlines.node[deadlines.first]):
            deadlines.first += 1

    def give_up(self):
        """A client has waited as long as it wants to."""
        ledger = self.ledger
        queues = self.queues
        node = int(self.deadlines.node[self.deadlines.first])
        self.deadlines.first += 1
        job = queues.job_of(node)
        server = ledger.server[job]
        ledger.timeouts += 1
        if self.cancels:
            queues.leave(server, node, ledger.now)
            ledger.wasted += queues.size[job] - queues.left[node]
            if self.known is not None:
                self.known.send(queues, server, ledger.now)
        self.fail(job, True)

    def turn(self, policy):
        """A server crashes or is slowed, or it is repaired."""
        ledger = self.ledger
        queues = self.queues
        crashes = self.crashes
        server = crashes.next.first()
        now = ledger.now
        queues.settle(server, now)
        if queues.rate[server] < queues.speeds[server]:
            queues.up[server] = True
            queues.rate[server] = queues.speeds[server]
            queues.plan(server, now)
            crashes.next.set(server, now + crashes.rng.standard_exponential() * crashes.up_mean, server)
            if defines(policy, "idle") and queues.queue[server] == 0 and not self.is_slowed:
                policy.idle(server)
            return
        ledger.n_crashes += 1
        queues.up[server] = self.is_slowed
        queues.rate[server] = queues.speeds[server] * self.down_speed
        queues.plan(server, now)
        crashes.next.set(server, now + crashes.rng.standard_exponential() * crashes.down_mean, server)
        if self.on_crash == RESUME:
            return
        if self.on_crash == RESTART:
            ledger.wasted += queues.restart(server, now)
            return
        node = queues.any(server)
        while node != NONE:
            is_awaited = self.is_awaited(node)
            queues.leave(server, node, now)
            job = queues.job_of(node)
            ledger.wasted += queues.size[job] - queues.left[node]
            if is_awaited:
                self.fail(job, self.on_crash == LOSE)
            node = queues.any(server)
        if self.known is not None:
            self.known.send(queues, server, now)


COMPLETION, CRASH, TIMEOUT, REFRESH, RETURN, ARRIVAL = 0, 1, 2, 3, 4, 5


def play(farm, policy, jobs, start, stop):
    """Plays the events until row stop - 1 has arrived, and after the last one all until no job is left."""
    while farm.ledger.n_arrived < stop and not farm.ledger.is_broken:
        farm.step(policy, jobs)
    while stop == farm.n_jobs and not farm.ledger.is_over() and not farm.ledger.is_broken:
        farm.step(policy, jobs)
