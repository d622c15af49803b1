"""How transactions that run at once are kept apart: locks, validation, versions. One class each, with the same verbs.

    begin(t)        an attempt starts
    attempt(t)      tries its next operation: DONE, WAIT or ABORT
    settle()        at the end of a unit, before commits: what only shows then (deadlocks)
    verdict(t)      of one that has done its last operation: DONE (it may commit), WAIT or ABORT
    finish(t, is_commit)    it leaves; what it held is free from the next unit on

Operations on keys that no two transactions conflict on always succeed at once.
"""

from __future__ import annotations

import numpy as np

from sim.core.structures import Structure
from sim.core.trace import NONE
from sim.domains.transactions.chains import Chains
from sim.domains.transactions.operations import FAR, READ, WRITE

DONE, WAIT, ABORT = 0, 1, 2

DETECT, WAIT_DIE, WOUND_WAIT, NO_WAIT = 0, 1, 2, 3
DEADLOCK = {"detect": DETECT, "wait_die": WAIT_DIE, "wound_wait": WOUND_WAIT, "no_wait": NO_WAIT}


class Program(Structure):
    """What each transaction does, operation by operation, and how far it is.

    Operation p (from 0) of transaction t stands at first[t] + p.

    Attributes:
        kind, record: of each operation; record NONE where nobody conflicts on its key.
        next: of each transaction, the operation it does next.
        start: unit in which its attempt started; first_start: in which its first one did.
        running: the first n_running are those that run, by (start, index).
        doomed: it aborts at the end of this unit.
        rolls_back: it does so by itself after its last operation, and does not come again.
        now: the unit.
    """

    def __init__(self, operations, kind, record, first, rolls_back):
        n = operations.n
        self.n = n
        self.operations = operations
        self.owner = np.repeat(np.arange(n), np.diff(operations.offsets))
        self.length = operations.length
        self.kind = kind
        self.record = record
        self.first = first
        self.next = np.zeros(n, np.int64)
        self.start = np.zeros(n, np.int64)
        self.first_start = np.zeros(n, np.int64)
        self.running = np.zeros(n, np.int64)
        self.n_running = 0
        self.doomed = np.zeros(n, np.int64)
        self.rolls_back = rolls_back
        self.now = 1

    def is_older(self, t, other):
        """Whether one began its first attempt before another; of the same unit, the one of smaller index."""
        if self.first_start[t] != self.first_start[other]:
            return self.first_start[t] < self.first_start[other]
        return t < other

    def is_done(self, t):
        return self.next[t] == self.length[t]

    def has_rolled_back(self, t):
        return self.rolls_back[t] == 1 and self.is_done(t)


class Validation(Structure):
    """No locks: at its end, a transaction fails where one that has committed since it started wrote a key that it read."""

    def __init__(self, program, deadlock, hot):
        self.program = program
        self.committed = np.full(max(program.operations.n_keys, 1), -FAR)

    def begin(self, t):
        return

    def attempt(self, t):
        return DONE

    def settle(self):
        return

    def verdict(self, t):
        ops = self.program.operations
        for r in range(ops.offsets[t], ops.offsets[t + 1]):
            if ops.first_read[r] < FAR and self.committed[ops.key[r]] >= self.program.start[t]:
                return ABORT
        return DONE

    def finish(self, t, is_commit):
        if is_commit:
            ops = self.program.operations
            for r in range(ops.offsets[t], ops.offsets[t + 1]):
                if ops.last_write[r] > 0:
                    self.committed[ops.key[r]] = self.program.now


class Locks(Structure):
    """Shared locks for reads, exclusive ones for writes, held to the end of the transaction; requests wait in line.

    A request waits behind holders and earlier requests that it does not go with; one that holds the key for reading and would
    write it goes before the line, as soon as it is the only holder.
    """

    def __init__(self, program, deadlock, hot):
        n_records = len(program.operations.key)
        n_keys = program.operations.n_keys
        self.program = program
        self.deadlock = deadlock
        self.held = np.zeros(n_records, np.int64)
        self.wanted = np.zeros(n_records, np.int64)
        self.holders = Chains(n_records, max(n_keys, 1))
        self.line = Chains(n_records, max(n_keys, 1))
        self.waits_for = np.full(program.n, NONE)
        self.has_new_wait = False
        self.is_stuck = np.zeros(program.n, np.int64)
        self.step_of = np.zeros(program.n, np.int64)

    def begin(self, t):
        return

    def attempt(self, t):
        program = self.program
        place = program.first[t] + program.next[t]
        r = program.record[place]
        if r == NONE or self.held[r] >= program.kind[place]:
            return DONE
        if self.wanted[r] == 0:
            self.enter(r, program.kind[place])
            self.has_new_wait = True
            self.waits_for[t] = r
        if self.is_free(r):
            self.leave(r)
            self.held[r] = program.kind[place]
            if not self.holders.contains(r):
                self.holders.push_back(program.operations.key[r], r)
            self.waits_for[t] = NONE
            return DONE
        if self.deadlock == NO_WAIT:
            return ABORT
        if self.deadlock == WAIT_DIE or self.deadlock == WOUND_WAIT:
            return self.by_age(t, r)
        return WAIT

    def enter(self, r, kind):
        """Puts a request in line: to its end, or, where it holds the key for reading, behind others of that sort at the front."""
        key = self.program.operations.key[r]
        self.wanted[r] = kind
        if self.held[r] == 0:
            self.line.push_back(key, r)
            return
        other = self.line.front(key)
        last = NONE
        while other != NONE and self.held[other] > 0:
            last = other
            other = self.line.after(other)
        self.line.insert_after(key, r, last)

    def leave(self, r):
        if self.wanted[r] > 0:
            self.line.remove(r)
            self.wanted[r] = 0

    def is_free(self, r):
        """Whether nothing stands in the way of a request."""
        return self.next_block(r, NONE) == NONE

    def next_block(self, r, after):
        """The next record that a request waits for, behind `after` (NONE: the first): holders, then earlier requests."""
        key = self.program.operations.key[r]
        is_holder = after == NONE or self.is_in_holders(r, after)
        if is_holder:
            other = self.holders.front(key) if after == NONE else self.holders.after(after)
            while other != NONE:
                if other != r and (self.wanted[r] == WRITE or self.held[other] == WRITE):
                    return other
                other = self.holders.after(other)
            other = self.line.front(key)
        else:
            other = self.line.after(after)
        while other != NONE and other != r:
            if self.held[other] == 0 and (self.wanted[r] == WRITE or self.wanted[other] == WRITE):
                return other
            if self.held[other] > 0 and self.held[r] == 0 and self.wanted[r] == READ:
                return other  # it would read, and one that holds the key is waiting to write it
            other = self.line.after(other)
        return NONE

    def is_in_holders(self, r, other):
        """Whether next_block gave this record as a holder: those that also wait to write are given again as requests."""
        if self.held[other] == 0:
            return False
        return self.wanted[r] == WRITE or self.held[other] == WRITE

    def by_age(self, t, r):
        """What becomes of a request that is in the way of others or they of it, by who is older."""
        program = self.program
        other = self.next_block(r, NONE)
        while other != NONE:
            who = program.owner[other]
            if self.deadlock == WAIT_DIE and program.is_older(who, t):
                return ABORT
            if self.deadlock == WOUND_WAIT and program.is_older(t, who) and not program.is_done(who):
                program.doomed[who] = 1
            other = self.next_block(r, other)
        return WAIT

    def settle(self):
        if self.deadlock == DETECT and self.has_new_wait:
            self.has_new_wait = False
            while self.break_one():
                continue

    def break_one(self):
        """Looks for a circle of those that wait for each other, and dooms its youngest; whether there was one."""
        program = self.program
        n_stuck = 0
        for i in range(program.n_running):
            t = program.running[i]
            self.is_stuck[t] = 1 if self.waits_for[t] != NONE and program.doomed[t] == 0 else 0
            n_stuck += self.is_stuck[t]
        is_changing = True
        while is_changing:
            is_changing = False
            for i in range(program.n_running):
                t = program.running[i]
                if self.is_stuck[t] == 1 and self.stuck_block(t) == NONE:
                    self.is_stuck[t] = 0
                    n_stuck -= 1
                    is_changing = True
        if n_stuck == 0:
            return False
        first = 0
        while self.is_stuck[program.running[first]] == 0:
            first += 1
        t = program.running[first]
        for _ in range(n_stuck):  # after so many steps it is in a circle
            t = self.stuck_block(t)
        youngest = t
        other = self.stuck_block(t)
        while other != t:
            if program.is_older(youngest, other):
                youngest = other
            other = self.stuck_block(other)
        program.doomed[youngest] = 1
        return True

    def stuck_block(self, t):
        """The first transaction that this one waits for and that is stuck itself, NONE when there is none."""
        r = self.waits_for[t]
        other = self.next_block(r, NONE)
        while other != NONE:
            who = self.program.owner[other]
            if self.is_stuck[who] == 1:
                return who
            other = self.next_block(r, other)
        return NONE

    def verdict(self, t):
        return DONE

    def finish(self, t, is_commit):
        ops = self.program.operations
        self.waits_for[t] = NONE
        for r in range(ops.offsets[t], ops.offsets[t + 1]):
            self.leave(r)
            self.holders.remove(r)
            self.held[r] = 0


class Versions(Structure):
    """Every write makes a version, stamped with its attempt's start and index; a read takes the newest not after its own stamp.

    A write aborts where the version before it was read by a later stamp. Who has read an uncommitted version waits with its
    commit for the writer's, and aborts with it. With `is_ordered`, an operation on a hot key waits first until every running
    transaction of an earlier stamp has done its conflicting accesses of that key.
    """

    def __init__(self, program, deadlock, hot):
        ops = program.operations
        n_records = len(ops.key)
        self.program = program
        self.hot = hot
        self.is_ordered = bool(hot.any())
        self.n_records = n_records
        self.versions = Chains(n_records, max(ops.n_keys, 1))
        self.present = Chains(n_records, max(ops.n_keys, 1))
        self.read_stamp = np.full(n_records + ops.n_keys, -FAR)
        self.read_from = np.full(n_records, NONE)
        self.attempts = np.zeros(program.n, np.int64)
        self.is_committed = np.zeros(program.n, np.int64)

    def stamp(self, t):
        return self.program.start[t] * self.program.n + t

    def begin(self, t):
        ops = self.program.operations
        for r in range(ops.offsets[t], ops.offsets[t + 1]):
            self.read_from[r] = NONE
            if self.is_ordered and self.hot[ops.key[r]]:
                self.present.push_back(ops.key[r], r)

    def attempt(self, t):
        program = self.program
        place = program.first[t] + program.next[t]
        r = program.record[place]
        if r == NONE:
            return DONE
        key = program.operations.key[r]
        if self.is_ordered and self.hot[key] and self.must_wait(t, r, key, program.kind[place]):
            return WAIT
        stamp = self.stamp(t)
        version = self.versions.back(key)
        while version != NONE and self.stamp(program.owner[version]) > stamp:
            version = self.versions.ahead(version)
        node = version if version != NONE else self.n_records + key
        if program.kind[place] == READ:
            self.read_stamp[node] = max(self.read_stamp[node], stamp)
            if version != NONE and version != r:
                self.read_from[r] = version
            return DONE
        if self.read_stamp[node] > stamp:
            return ABORT
        if version != r:
            self.versions.insert_after(key, r, version)
            self.read_stamp[r] = -FAR
        return DONE

    def must_wait(self, t, r, key, kind):
        program = self.program
        ops = program.operations
        other = self.present.front(key)
        while other != NONE:
            who = program.owner[other]
            if self.stamp(who) < self.stamp(t):
                last = ops.last_access[other] if kind == WRITE else ops.last_write[other]
                if last > program.next[who]:
                    return True
            other = self.present.after(other)
        return False

    def settle(self):
        """Who has read a version of a doomed transaction is doomed too."""
        program = self.program
        is_changing = True
        while is_changing:
            is_changing = False
            for i in range(program.n_running):
                t = program.running[i]
                if program.doomed[t] == 0 and self.reads_of_doomed(t):
                    program.doomed[t] = 1
                    is_changing = True

    def reads_of_doomed(self, t):
        ops = self.program.operations
        for r in range(ops.offsets[t], ops.offsets[t + 1]):
            if self.read_from[r] != NONE and self.program.doomed[self.program.owner[self.read_from[r]]] == 1:
                return True
        return False

    def verdict(self, t):
        program = self.program
        ops = program.operations
        for r in range(ops.offsets[t], ops.offsets[t + 1]):
            if self.read_from[r] != NONE and self.is_committed[program.owner[self.read_from[r]]] == 0:
                return WAIT
        return DONE

    def finish(self, t, is_commit):
        ops = self.program.operations
        if is_commit:
            self.is_committed[t] = 1
        for r in range(ops.offsets[t], ops.offsets[t + 1]):
            self.present.remove(r)
            if not is_commit:
                self.versions.remove(r)
