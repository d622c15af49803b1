"""The loop of the execution engine: unit after unit, who starts, who does an operation, who commits or aborts.

In each unit: those that have arrived, or whose pause after an abort is over, become pending; while a worker is free the policy
picks one, which starts now; the running ones try their next operation, by (start, index); at the end those that did their last
one commit, if they may, and what they held is free from the next unit on. One that waits holds its worker. One that aborts frees
it, and its r-th retry may start from unit u + 1 + p + jitter on, where p = b 2^(r-1) and the jitter is uniform in 0..p-1: it
grows with the pause, as otherwise, with b = 1, those that abort each other would come again together for ever.
"""

from __future__ import annotations

import numpy as np

from sim.core.policy import check_number
from sim.core.structures import Heap, Structure
from sim.core.trace import NONE
from sim.domains.transactions.concurrency import ABORT, DONE, WAIT
from sim.domains.transactions.operations import PRIVATE
from sim.domains.transactions.placement import LEGAL, NOT_PENDING, REPEATED, UNKNOWN

MOST_RETRIES = 40
"""Pauses that have doubled so often are beyond all sense; a run does not go on then."""

ENDLESS = 100
"""What is broken then, beside the codes of `placement`."""


class Ledger(Structure):
    """The truth of a run of the engine.

    Args:
        program: what each transaction does.
        arrival: of each, unit; of a closed loop, that of the first of each client.
        clients: 0: transactions arrive at their times; else so many clients take them in order.
        think: units between the end of a client's transaction and its next.
        workers: transactions that run at once; 0: any number.
        backoff: b, at least 1.
        key: of each operation, the key that it touches; NONE of a private one.
    """

    def __init__(self, program, arrival, setting, key, n_keys, log):
        n = program.n
        self.n = n
        self.arrival = arrival.copy()
        self.clients = setting.clients
        self.think = setting.think
        self.workers = setting.workers
        self.backoff = setting.backoff
        self.log = log
        self.key = key
        self.coming = Heap(n)
        self.n_given = 0
        self.is_pending = np.zeros(n, np.int64)
        self.client = np.full(n, NONE)
        self.left = np.zeros(n, np.int64)  # the unit of its commit, or of its own rollback
        self.retries = np.zeros(n, np.int64)
        self.attempt_done = np.zeros(n, np.int64)
        self.op_unit = np.zeros(len(key), np.int64)
        self.n_left = 0
        self.n_rolled_back = 0
        self.n_aborts = 0
        self.done = 0
        self.wasted = 0
        self.busy_at = np.zeros(n_keys, np.int64)
        self.busy = np.zeros(n_keys, np.int64)
        self.outstanding = 0
        self.most_outstanding = 0
        self.row = 0
        self.broken = LEGAL
        self.broken_subject = NONE
        if self.clients == 0:
            for t in range(n):
                self.coming.set(t, float(arrival[t]), t)
            self.n_given = n
        else:
            for c in range(min(self.clients, n)):
                self.give(c, 1)

    def give(self, client, unit):
        """A client's next transaction arrives."""
        if self.n_given < self.n:
            t = self.n_given
            self.n_given += 1
            self.client[t] = client
            self.arrival[t] = unit
            self.coming.set(t, float(unit), t)
            self.outstanding += 1
            self.most_outstanding = max(self.most_outstanding, self.outstanding)

    def jitter(self, t, width):
        """Uniform in 0..width-1; it belongs to the transaction and its retry, so that all policies meet the same."""
        x = (t * 7919 + self.retries[t] * 104729 + 12345) % 2147483647
        x = x * 48271 % 2147483647
        x = x * 48271 % 2147483647
        return x % width

    def pause(self, t, unit):
        """It has aborted at the end of a unit, and comes again."""
        self.retries[t] += 1
        self.n_aborts += 1
        if self.retries[t] > MOST_RETRIES:
            self.broken = ENDLESS
            self.broken_subject = t
        pause = self.backoff * (1 << (self.retries[t] - 1))
        back = unit + 1 + pause + self.jitter(t, pause)
        self.coming.set(t, float(back), t)

    def leave(self, t, unit, is_commit):
        """It has committed, or rolled back by itself, and does not come again."""
        self.left[t] = unit
        self.n_left += 1
        self.n_rolled_back += 0 if is_commit else 1
        self.outstanding -= 1

    def judge(self, t):
        self.broken_subject = t
        if t < 0 or t >= self.n:
            self.broken = UNKNOWN
        elif self.is_pending[t] == 0:
            self.broken = REPEATED if self.left[t] > 0 else NOT_PENDING
        return self.broken == LEGAL


class Log(Structure):
    """Which transactions were started, in order, and how many had committed before; as long as there is room."""

    def __init__(self, room: int):
        self.size = 0
        self.row = np.zeros(room, np.int64)
        self.subject = np.zeros(room, np.int64)

    def add(self, row, subject):
        if self.size < len(self.row):
            self.row[self.size] = row
            self.subject[self.size] = subject
        self.size += 1


def play(ledger, program, control, policy, view, start, stop):
    """Plays units until `stop` transactions have left for good."""
    for row in range(start, stop):
        ledger.row = row
        while ledger.n_left <= row:
            if not unit(ledger, program, control, policy, view):
                return


def unit(ledger, program, control, policy, view):
    """Plays one unit; whether all was legal."""
    if program.n_running == 0 and view.n_pending == 0:
        program.now = max(program.now, int(ledger.coming.key(ledger.coming.first())))
    arrive(ledger, program, view)
    while view.n_pending > 0 and (ledger.workers == 0 or program.n_running < ledger.workers):
        t = policy.pick(view)
        check_number(policy, "pick", t, ledger.row)
        if not ledger.judge(t):
            return False
        begin(ledger, program, control, view, t)
    for i in range(program.n_running):
        t = program.running[i]
        if program.doomed[t] == 0 and program.next[t] < program.length[t]:
            operate(ledger, program, control, t)
    control.settle()
    leave(ledger, program, control)
    program.now += 1
    return ledger.broken == LEGAL


def arrive(ledger, program, view):
    coming = ledger.coming
    while coming.size > 0 and coming.key(coming.first()) <= program.now:
        t = coming.pop()
        ledger.is_pending[t] = 1
        view.arrive(t)
    view.clock = program.now


def begin(ledger, program, control, view, t):
    """An attempt starts now, among the running ones by (start, index)."""
    if ledger.log is not None:
        ledger.log.add(ledger.row, t)
    ledger.is_pending[t] = 0
    program.start[t] = program.now
    if program.first_start[t] == 0:
        program.first_start[t] = program.now
    program.next[t] = 0
    program.doomed[t] = 0
    ledger.attempt_done[t] = 0
    place = program.n_running
    while place > 0 and program.start[program.running[place - 1]] == program.now and program.running[place - 1] > t:
        program.running[place] = program.running[place - 1]
        place -= 1
    program.running[place] = t
    program.n_running += 1
    control.begin(t)
    view.placed(t)


def operate(ledger, program, control, t):
    place = program.first[t] + program.next[t]
    outcome = control.attempt(t)
    if outcome == ABORT:
        program.doomed[t] = 1
    elif outcome == DONE:
        program.next[t] += 1
        ledger.done += 1
        ledger.attempt_done[t] += 1
        ledger.op_unit[place] = program.now
        if program.rolls_back[t] == 1 and program.is_done(t):
            program.doomed[t] = 1
        key = ledger.key[place]
        if program.kind[place] != PRIVATE and ledger.busy_at[key] != program.now:
            ledger.busy_at[key] = program.now
            ledger.busy[key] += 1


def leave(ledger, program, control):
    """The end of a unit: commits and aborts, by (start, index)."""
    n_kept = 0
    for i in range(program.n_running):
        t = program.running[i]
        outcome = WAIT
        if program.doomed[t] == 1:
            outcome = ABORT
        elif program.next[t] == program.length[t]:
            outcome = control.verdict(t)
        if outcome == WAIT:
            program.running[n_kept] = t
            n_kept += 1
            continue
        control.finish(t, outcome == DONE)
        if outcome == ABORT and not program.has_rolled_back(t):
            ledger.wasted += ledger.attempt_done[t]
            ledger.pause(t, program.now)
        else:
            ledger.leave(t, program.now, outcome == DONE)
            if ledger.clients > 0:
                ledger.give(ledger.client[t], program.now + 1 + ledger.think)
    program.n_running = n_kept
