"""The rule that gives each transaction its time, and the loops that apply it to what a policy decides.

A transaction that starts at s does its operation at place p in unit s + p - 1 and never stalls inside; all waiting is before
its start. A key is occupied in the single unit of an operation, and operations of two transactions on it conflict unless both
read. Of each key two times are kept, of the latest write and of the latest access. A transaction starts at the least s, 1 or
more, at which each of its reads comes after the latest write of the key and each of its writes after the latest access, as they
stood before it; then it moves both times on. Nothing is filled into holes, and a later one of the order may end earlier.
"""

from __future__ import annotations

import numpy as np

from sim.core.memory import unchecked
from sim.core.policy import check_number
from sim.core.structures import Structure
from sim.core.trace import NONE
from sim.domains.transactions.operations import FAR


class Board(Structure):
    """Where the placed transactions stand: per key the latest write at 2k, the latest access at 2k + 1.

    Args:
        operations: of all transactions.
    """

    def __init__(self, operations):
        self.operations = operations
        self.latest = np.full(2 * operations.n_keys, -FAR)

    def clear(self):
        for k in range(len(self.latest)):
            self.latest[k] = -FAR

    @unchecked("r", "k")
    def start(self, transaction, floor):
        """The least unit from `floor` on at which a transaction can start."""
        start = floor
        latest = self.latest
        ops = self.operations
        for r in range(ops.offsets[transaction], ops.offsets[transaction + 1]):
            k = 2 * ops.key[r]
            start = max(start, latest[k] + 2 - ops.first_read[r], latest[k + 1] + 2 - ops.first_write[r])
        return start

    @unchecked("r", "k")
    def place(self, transaction, start):
        """Places a transaction at its start; gives the unit of its last operation."""
        latest = self.latest
        ops = self.operations
        for r in range(ops.offsets[transaction], ops.offsets[transaction + 1]):
            k = 2 * ops.key[r]
            latest[k] = max(latest[k], start + ops.last_write[r] - 1)
            latest[k + 1] = max(latest[k + 1], start + ops.last_access[r] - 1)
        return start + ops.length[transaction] - 1


LEGAL, UNKNOWN, REPEATED, NOT_PENDING, INCOMPLETE, EVALUATED = range(6)
"""What may be wrong with a decision."""


class Ledger(Structure):
    """The truth of a run: what was placed where, in the order of the decisions.

    Args:
        operations: of all transactions.
        arrival: of each.
        inflight: transactions at once at most; 0: any number.
    """

    def __init__(self, operations, arrival, inflight):
        n = operations.n
        self.n = n
        self.board = Board(operations)
        self.arrival = arrival
        self.length = operations.length
        self.inflight = inflight
        self.now = 0
        self.clock = 1
        self.makespan = 0
        self.broken = LEGAL
        self.broken_subject = NONE
        self.order = np.full(n, NONE)
        self.start = np.zeros(n, np.int64)
        self.end = np.zeros(n, np.int64)
        self.running = np.zeros(n, np.int64)  # ends of those in flight, in no order
        self.n_running = 0

    def judge(self, transaction):
        """Whether it may be placed; otherwise notes what is wrong."""
        self.broken_subject = transaction
        if transaction < 0 or transaction >= self.n:
            self.broken = UNKNOWN
        elif self.start[transaction] > 0:
            self.broken = REPEATED
        elif self.arrival[transaction] > self.clock:
            self.broken = NOT_PENDING
        return self.broken == LEGAL

    def place(self, row, transaction):
        floor = self.clock
        start = self.board.start(transaction, floor)
        end = self.board.place(transaction, start)
        self.order[row] = transaction
        self.start[transaction] = start
        self.end[transaction] = end
        if end > self.makespan:
            self.makespan = end
        if self.inflight > 0:
            self.running[self.n_running] = end
            self.n_running += 1

    def make_room(self):
        """Moves the clock on to the first unit at which another may be placed: fewer than `inflight` are in flight."""
        if self.inflight > 0:
            self._leave()
            while self.n_running >= self.inflight:
                first = self.running[0]
                for i in range(1, self.n_running):
                    first = min(first, self.running[i])
                self.clock = first + 1
                self._leave()

    def _leave(self):
        kept = 0
        for i in range(self.n_running):
            if self.running[i] >= self.clock:
                self.running[kept] = self.running[i]
                kept += 1
        self.n_running = kept


def pick_all(ledger, policy, view, start, stop):
    """Asks a picker for one transaction after the other."""
    for row in range(start, stop):
        ledger.now = row
        ledger.make_room()
        if view.n_pending == 0 and view.next < ledger.n and ledger.arrival[view.next] > ledger.clock:
            ledger.clock = ledger.arrival[view.next]
        view.tell(ledger.clock)
        transaction = policy.pick(view)
        check_number(policy, "pick", transaction, row)
        if not ledger.judge(transaction):
            return
        ledger.place(row, transaction)
        view.placed(transaction)


def follow_order(ledger, policy, view, start, stop):
    """Asks a scheduler for its order before the first row, and places it row by row."""
    if start == 0 and stop > 0:
        ledger.now = 0
        policy.order(view)
        view.settle()
        if view.is_wrong:
            ledger.broken = EVALUATED
            ledger.broken_subject = view.wrong
            return
        if view.n_chosen != ledger.n:
            ledger.broken = INCOMPLETE
            ledger.broken_subject = view.n_chosen
            return
    for row in range(start, stop):
        ledger.now = row
        transaction = view.chosen[row]
        if not ledger.judge(transaction):
            return
        ledger.place(row, transaction)
