"""The servers' queues, one class per kind of discipline: who is served, what is left of each job, when the next one is complete.

All disciplines lose no work: a server with jobs that is up works at its full speed. What waits is a node: one attempt of a job.
"""

from __future__ import annotations

import math

import numpy as np

from sim.core.structures import Heap, Structure
from sim.core.trace import NONE

BY_KEY = {
    "sjf": (False, False, False),
    "psjf": (True, False, False),
    "srpt": (True, True, False),
    "spjf": (False, False, True),
    "pspjf": (True, False, True),
    "sprpt": (True, True, True),
}
"""Discipline -> whether it preempts, whether it goes by what is left (else by the whole size), and whether by predicted sizes."""

DISCIPLINES = ("fcfs", "ps", *BY_KEY)


class Queues(Structure):
    """What all disciplines share.

    Args:
        setting: with the trace's fields.
        size: true sizes, float64, shape (n_jobs,).
        predicted: predicted sizes, or None.
    """

    def __init__(self, setting, size: np.ndarray, predicted: np.ndarray | None):
        n, n_nodes = setting.servers, setting.n_jobs * (1 + setting.retries)
        self.n_jobs = setting.n_jobs
        self.has_retries = setting.retries > 0
        self.speeds = setting.speed_of_each()
        self.rate = self.speeds.copy()  # 0 while a server is down, less than its speed while it is slowed
        self.up = np.ones(n, np.bool_)
        self.size = size
        self.predicted = predicted
        self.left = np.zeros(n_nodes)  # of each node that was begun, as of the last settling
        self.queue = np.zeros(n, np.int64)  # jobs at each server, the one in service included
        self.since = np.zeros(n)  # the time of the last settling
        self.work = np.zeros(n)  # what is left of all jobs there, as of then
        self.predicted_work = np.zeros(n)
        self.busy = np.zeros(n)  # time spent working, until then
        self.done_work = np.zeros(n)
        self.scratch = np.zeros(n_nodes if setting.up_mean is not None else 1, np.int64)
        self.due = Heap(n)  # servers that work, by the time of their next completion
        for server in range(n):
            self.due.set(server, math.inf, server)

    def note_busy(self, now, busy):
        """Writes down how long each server has worked until now."""
        for server in range(len(self.queue)):
            self.settle(server, now)
            busy[server] = self.busy[server]

    def restart(self, server, now):
        """Lets all jobs of a server begin anew, in the same order; gives the work that was in vain."""
        n = 0
        wasted = 0.0
        node = self.any(server)
        while node != NONE:
            self.leave(server, node, now)
            wasted += self.size_of(node) - self.left[node]
            self.scratch[n] = node
            n += 1
            node = self.any(server)
        for i in range(n):
            self.join(server, self.scratch[i], now)
        return wasted

    def next_due(self):
        """When the next job is complete; infinity when none is served."""
        return self.due.key(self.due.first())

    def job_of(self, node):
        return int(node % self.n_jobs) if self.has_retries else int(node)

    def size_of(self, node):
        return self.size[self.job_of(node)]

    def predicted_left(self, node):
        """What is left of a node by its prediction, at least 0."""
        job = self.job_of(node)
        return max(self.predicted[job] - (self.size[job] - self.left[node]), 0.0)

    def pass_time(self, server, now):
        """Settles the time since the last event at a server; gives the work it did meanwhile."""
        span = now - self.since[server]
        self.since[server] = now
        if self.queue[server] == 0 or self.rate[server] == 0.0:
            return 0.0
        served = span * self.rate[server]
        self.busy[server] += span
        self.done_work[server] += served
        self.work[server] = max(self.work[server] - served, 0.0)
        return served

    def enter(self, server, node):
        self.queue[server] += 1
        self.work[server] += self.left[node]
        if self.predicted is not None:
            self.predicted_work[server] += self.predicted_left(node)

    def exit(self, server, node):
        """Takes a settled node out of the sums; nothing is left of a complete one."""
        self.queue[server] -= 1
        self.work[server] = max(self.work[server] - self.left[node], 0.0)
        if self.predicted is not None:
            self.predicted_work[server] = max(self.predicted_work[server] - self.predicted_left(node), 0.0)
        if self.queue[server] == 0:
            self.work[server] = 0.0
            self.predicted_work[server] = 0.0

    def serve(self, server, node, served):
        """Work done for one node."""
        before = self.predicted_left(node) if self.predicted is not None else 0.0
        self.left[node] = max(self.left[node] - served, 0.0)
        if self.predicted is not None:
            after = self.predicted_left(node)
            alone = self.queue[server] == 1  # then exactly, so that a prediction used up is 0 and no rounded sum
            self.predicted_work[server] = after if alone else self.predicted_work[server] + after - before


class Fifo(Queues):
    """First come, first served: a doubly linked list of nodes for each server; the first one is in service."""

    def __init__(self, setting, size, predicted):
        super().__init__(setting, size, predicted)
        self.first = np.full(setting.servers, NONE, np.int64)
        self.last = np.full(setting.servers, NONE, np.int64)
        self.after = np.full(len(self.left), NONE, np.int64)
        self.before = np.full(len(self.left), NONE, np.int64)

    def settle(self, server, now):
        served = self.pass_time(server, now)
        if self.first[server] != NONE:
            self.serve(server, self.first[server], served)

    def join(self, server, node, now):
        self.settle(server, now)
        self.left[node] = self.size_of(node)
        self.enter(server, node)
        last = self.last[server]
        self.after[node] = NONE
        self.before[node] = last
        self.last[server] = node
        if last == NONE:
            self.first[server] = node
            self.plan(server, now)
        else:
            self.after[last] = node

    def leave(self, server, node, now):
        self.settle(server, now)
        self.take(server, node, now)

    def end(self, server, now):
        """Completes the node in service and gives it."""
        self.settle(server, now)
        node = int(self.first[server])
        self.left[node] = 0.0
        self.take(server, node, now)
        return node

    def take(self, server, node, now):
        self.exit(server, node)
        before = self.before[node]
        after = self.after[node]
        if after == NONE:
            self.last[server] = before
        else:
            self.before[after] = before
        if before == NONE:
            self.first[server] = after
            self.plan(server, now)
        else:
            self.after[before] = after

    def plan(self, server, now):
        """Sets the time of the next completion."""
        node = self.first[server]
        if node == NONE or self.rate[server] == 0.0:
            self.due.set(server, math.inf, server)
        else:
            self.due.set(server, now + self.left[node] / self.rate[server], server)

    def any(self, server):
        """A node of the server, in the order in which they leave when it crashes; NONE when there is none."""
        return int(self.first[server])


class ByKey(Queues):
    """The least key first: a pairing heap of waiting nodes for each server, and the node in service.

    Equal keys: the one that came first. A preemptive discipline lets a new node go before only where its key is less.
    """

    def __init__(self, setting, size, predicted):
        super().__init__(setting, size, size.copy() if predicted is None else predicted)
        flags = BY_KEY[setting.discipline]
        self.preempts, self.by_left, self.by_prediction = (int(flag) for flag in flags)  # numbers: one loop for all
        self.current = np.full(setting.servers, NONE, np.int64)
        self.waiting = Heaps(len(self.left), setting.servers)
        self.order = np.zeros(len(self.left), np.int64)
        self.n_joined = 0

    def settle(self, server, now):
        served = self.pass_time(server, now)
        if self.current[server] != NONE:
            self.serve(server, self.current[server], served)

    def key(self, node):
        whole = self.predicted[self.job_of(node)] if self.by_prediction == 1 else self.size_of(node)
        return whole - (self.size_of(node) - self.left[node]) if self.by_left == 1 else whole

    def join(self, server, node, now):
        self.settle(server, now)
        self.left[node] = self.size_of(node)
        self.order[node] = self.n_joined
        self.n_joined += 1
        self.enter(server, node)
        current = self.current[server]
        if current == NONE:
            self.current[server] = node
            self.plan(server, now)
        elif self.preempts == 1 and self.key(node) < self.key(current):
            self.waiting.add(server, current, self.key(current), self.order[current])
            self.current[server] = node
            self.plan(server, now)
        else:
            self.waiting.add(server, node, self.key(node), self.order[node])

    def leave(self, server, node, now):
        self.settle(server, now)
        self.exit(server, node)
        if self.current[server] == node:
            self.current[server] = self.waiting.pop(server)
            self.plan(server, now)
        else:
            self.waiting.remove(server, node)

    def end(self, server, now):
        self.settle(server, now)
        node = int(self.current[server])
        self.left[node] = 0.0
        self.exit(server, node)
        self.current[server] = self.waiting.pop(server)
        self.plan(server, now)
        return node

    def plan(self, server, now):
        node = self.current[server]
        if node == NONE or self.rate[server] == 0.0:
            self.due.set(server, math.inf, server)
        else:
            self.due.set(server, now + self.left[node] / self.rate[server], server)

    def any(self, server):
        return int(self.current[server])


class Sharing(Queues):
    """Processor sharing: all jobs of a server are served at once, at equal shares of its speed.

    `share` is what each job has received since the server was last empty; a node is complete when it reaches its goal.
    """

    def __init__(self, setting, size, predicted):
        super().__init__(setting, size, predicted)
        self.share = np.zeros(setting.servers)
        self.goal = np.zeros(len(self.left))
        self.present = Heaps(len(self.left), setting.servers)
        self.n_joined = 0

    def settle(self, server, now):
        served = self.pass_time(server, now)
        if self.queue[server] > 0:
            self.share[server] += served / self.queue[server]
            if self.predicted is not None:
                self.predicted_work[server] = max(self.predicted_work[server] - served, 0.0)

    def join(self, server, node, now):
        self.settle(server, now)
        self.left[node] = self.size_of(node)
        self.enter(server, node)
        self.goal[node] = self.share[server] + self.left[node]
        self.present.add(server, node, self.goal[node], self.n_joined)
        self.n_joined += 1
        self.plan(server, now)

    def leave(self, server, node, now):
        self.settle(server, now)
        self.left[node] = max(self.goal[node] - self.share[server], 0.0)
        self.present.remove(server, node)
        self.gone(server, node, now)

    def end(self, server, now):
        self.settle(server, now)
        node = self.present.pop(server)
        self.share[server] = self.goal[node]
        self.left[node] = 0.0
        self.gone(server, node, now)
        return node

    def gone(self, server, node, now):
        self.exit(server, node)
        if self.queue[server] == 0:
            self.share[server] = 0.0
        self.plan(server, now)

    def plan(self, server, now):
        node = self.present.first(server)
        if node == NONE or self.rate[server] == 0.0:
            self.due.set(server, math.inf, server)
        else:
            span = max(self.goal[node] - self.share[server], 0.0) * self.queue[server] / self.rate[server]
            self.due.set(server, now + span, server)

    def any(self, server):
        return self.present.first(server)


class Heaps(Structure):
    """Pairing heaps over 0..n-1, each integer in at most one of them: least (key, order) first.

    Adding is O(1), taking out O(log size) amortized.

    Args:
        n: the integers are 0..n-1.
        n_heaps: number of heaps.

    Reference: Fredman, Sedgewick, Sleator, Tarjan, "The Pairing Heap: A New Form of Self-Adjusting Heap", Algorithmica 1986.
    """

    def __init__(self, n: int, n_heaps: int):
        self.roots = np.full(n_heaps, NONE, np.int64)
        self.child = np.full(n, NONE, np.int64)
        self.next = np.full(n, NONE, np.int64)  # sibling
        self.back = np.full(n, NONE, np.int64)  # sibling before, of a first child the parent
        self.keys = np.zeros(n)
        self.orders = np.zeros(n, np.int64)

    def first(self, heap):
        """The least one, NONE when empty."""
        return int(self.roots[heap])

    def add(self, heap, i, key, order):
        self.keys[i] = key
        self.orders[i] = order
        self.child[i] = NONE
        self.next[i] = NONE
        self.back[i] = NONE
        self.roots[heap] = self.meld(int(self.roots[heap]), i)

    def pop(self, heap):
        """Takes out the least one and returns it, NONE when empty."""
        root = int(self.roots[heap])
        if root != NONE:
            self.roots[heap] = self.pair(int(self.child[root]))
        return root

    def remove(self, heap, i):
        """Takes out one that is in this heap."""
        if self.roots[heap] == i:
            self.pop(heap)
            return
        before = int(self.back[i])
        after = int(self.next[i])
        if self.child[before] == i:
            self.child[before] = after
        else:
            self.next[before] = after
        if after != NONE:
            self.back[after] = before
        self.roots[heap] = self.meld(int(self.roots[heap]), self.pair(int(self.child[i])))

    def meld(self, i, j):
        """Joins two trees; gives the root."""
        if i == NONE:
            return j
        if j == NONE:
            return i
        if self.keys[j] < self.keys[i] or (self.keys[j] == self.keys[i] and self.orders[j] < self.orders[i]):
            i, j = j, i
        child = int(self.child[i])
        self.next[j] = child
        self.back[j] = i
        if child != NONE:
            self.back[child] = j
        self.child[i] = j
        return i

    def pair(self, first):
        """Joins siblings, in pairs from the left and then all from the right; gives the root, NONE of none."""
        done = NONE  # the pairs so far, the last one first
        while first != NONE:
            second = int(self.next[first])
            rest = NONE
            if second != NONE:
                rest = int(self.next[second])
                self.next[second] = NONE
            self.next[first] = NONE
            pair = self.meld(first, second)
            self.back[pair] = done
            done = pair
            first = rest
        root = NONE
        while done != NONE:
            before = int(self.back[done])
            self.back[done] = NONE
            root = self.meld(root, done)
            done = before
        return root
