"""What policies see: the pending transactions one by one, or all of them and a counted question."""

from __future__ import annotations

import math

import numpy as np

from sim.core.structures import LinkedList, Structure
from sim.core.trace import NONE
from sim.domains.transactions.operations import FAR
from sim.domains.transactions.placement import Board

MOST_KEPT = 4_000_000
"""Times of keys that are kept to evaluate changes of an order, 16 bytes each."""

ROUNDING = 1 - 1e-9
"""Costs that are equal but for rounding are not cut off."""


class Pending(Structure):
    """What a picker sees: the transactions that have arrived and are not placed yet, and where the placed ones stand.

    Attributes:
        n_pending: how many are pending.
        pending: the first `n_pending` of this array; those that came since the last pick stand at its end, in the order in which
            they came, the others in none. `oldest()` and `youngest()` tell the first and last to come.
        length, reads, writes: of each transaction, its operations.
        clock: the unit from which the next one may start.
        makespan: the last unit of those placed.
        evaluations: questions asked of `start`, `makespan_with` and `delay`.
        starts, conflicting, delays: of each pending one, what `start`, `conflicts` and `delay` gave at the last `survey()`.
    """

    def __init__(self, operations, arrival):
        n = operations.n
        self.n = n
        self.length = operations.length
        self.reads = operations.reads
        self.writes = operations.writes
        self.board = Board(operations)
        self.arrival = arrival
        self.clock = 1
        self.makespan = 0
        self.evaluations = 0
        self.n_pending = 0
        self.pending = np.full(n, NONE)
        self.position = np.full(n, NONE)
        self.queue = LinkedList(n)
        self.readers = np.zeros(operations.n_keys, np.int64)  # of each key, pending transactions that only read it
        self.writers = np.zeros(operations.n_keys, np.int64)  # and those that write it
        self.starts = np.zeros(n, np.int64)
        self.conflicting = np.zeros(n, np.int64)
        self.delays = np.zeros(n, np.int64)
        self.next = 0

    def oldest(self):
        """The pending transaction that arrived first, NONE when there is none."""
        return self.queue.front()

    def youngest(self):
        """The pending transaction that arrived last, NONE when there is none."""
        return self.queue.back()

    def start(self, transaction):
        """The unit at which it would start."""
        self.evaluations += 1
        return self.board.start(transaction, self.clock)

    def has_keys(self, transaction):
        """Whether it touches a key, as far as the policy is told, that others touch too."""
        offsets = self.board.operations.offsets
        return offsets[transaction] < offsets[transaction + 1]

    def makespan_with(self, transaction):
        """The makespan with this one placed next."""
        end = self.start(transaction) + self.length[transaction] - 1
        return max(self.makespan, end)

    def conflicts(self, transaction):
        """With how many other pending ones it conflicts, each counted once for every key on which they do."""
        ops = self.board.operations
        n = 0
        for r in range(ops.offsets[transaction], ops.offsets[transaction + 1]):
            k = ops.key[r]
            n += self.writers[k]
            if ops.last_write[r] > 0:
                n += self.readers[k] - 1
        return n

    def delay(self, transaction):
        """By how many units its keys would be free later for other pending ones, summed over both.

        Those free by now count from now. Other readers of a key wait for its writes, other writers for all accesses.
        """
        self.evaluations += 1
        ops = self.board.operations
        latest = self.board.latest
        start = self.board.start(transaction, self.clock)
        before = self.clock - 1
        units = 0
        for r in range(ops.offsets[transaction], ops.offsets[transaction + 1]):
            k = ops.key[r]
            is_writer = ops.last_write[r] > 0
            readers = self.readers[k] - (0 if is_writer else 1)
            writers = self.writers[k] - (1 if is_writer else 0)
            units += readers * max(0, start + ops.last_write[r] - 1 - max(latest[2 * k], before))
            units += writers * max(0, start + ops.last_access[r] - 1 - max(latest[2 * k + 1], before))
        return units

    def survey(self):
        """Asks of all pending ones at once when they would start, with how many they conflict, and how much they would delay."""
        for i in range(self.n_pending):
            transaction = self.pending[i]
            self.starts[transaction] = self.start(transaction)
            self.conflicting[transaction] = self.conflicts(transaction)
            self.delays[transaction] = self.delay(transaction)

    def tell(self, clock):
        """It is `clock` now: those that have arrived by now are pending."""
        self.clock = clock
        while self.next < self.n and self.arrival[self.next] <= clock:
            self.arrive(self.next)
            self.next += 1

    def arrive(self, transaction):
        """It is pending now."""
        self.position[transaction] = self.n_pending
        self.pending[self.n_pending] = transaction
        self.n_pending += 1
        self.queue.push_back(transaction)
        self._count(transaction, 1)

    def placed(self, transaction):
        """It is pending no more."""
        start = self.board.start(transaction, self.clock)
        end = self.board.place(transaction, start)
        if end > self.makespan:
            self.makespan = end
        self.n_pending -= 1
        position = self.position[transaction]
        last = self.pending[self.n_pending]
        self.pending[position] = last
        self.position[last] = position
        self.position[transaction] = NONE
        self.queue.remove(transaction)
        self._count(transaction, -1)

    def _count(self, transaction, change):
        ops = self.board.operations
        for r in range(ops.offsets[transaction], ops.offsets[transaction + 1]):
            if ops.last_write[r] > 0:
                self.writers[ops.key[r]] += change
            else:
                self.readers[ops.key[r]] += change


class Plan(Structure):
    """What a scheduler sees: all transactions, and what any order of them would give. Each question is counted.

    The answer is the whole order of least makespan among those asked for, unless `choose(order)` gives another; where none
    was asked for, the base, if it is whole.
    `evaluate(order)` asks for a whole or partial order. Local search asks for changes of one: `load(order)` makes it the
    base, `insertion`, `relocation` and `swap` tell the cost of a changed base, and `keep()` makes the last change part of
    it. Only what comes after the first changed place is placed anew; `evaluate` changes the base too. The cost is
    makespan + weight x rms, where rms is the root of the mean squared end; the makespan alone leaves wide plateaus.

    Attributes:
        n: number of transactions.
        length, reads, writes: of each transaction, its operations.
        by_length, by_writes: all transactions, those with most operations or most writes first, else in order of arrival.
        rivals: of each transaction, with how many others it conflicts, each counted once for every key on which they do.
        makespan: of the last order asked for.
        evaluations: questions asked so far.
        size: transactions of the base; `base[:size]` is its order.
    """

    def __init__(self, operations, limit):
        n = operations.n
        self.n = n
        self.operations = operations
        self.length = operations.length
        self.reads = operations.reads
        self.writes = operations.writes
        self.by_length = np.argsort(-self.length, kind="stable")
        self.by_writes = np.argsort(-self.writes, kind="stable")
        self.rivals = _rivals(operations)
        self.limit = limit
        self.weight = 0.0
        self.evaluations = 0
        self.makespan = 0
        self.squares = 0.0
        self.is_wrong = False
        self.wrong = NONE
        self.seen = np.zeros(n, np.int64)
        self.stamp = 0
        self.board = Board(operations)
        # the base, and the same with the change that was asked for last
        self.size = 0
        self.base = np.zeros(n, np.int64)
        self.trial = np.zeros(n + 1, np.int64)
        self.trial_size = 0
        self.low = 0
        self.high = 0
        # states of the board before every `step`-th place of the base; the first `n_valid` are those of the base as it is
        self.step = max(1, min(8, n // 4), -(-(n * max(operations.n_keys, 1)) // MOST_KEPT))
        self.n_valid = 0
        self.kept = np.zeros((n // self.step + 2) * 2 * operations.n_keys, np.int64)
        self.kept_makespan = np.zeros(n // self.step + 2, np.int64)
        self.kept_squares = np.zeros(n // self.step + 2)
        # the best whole order so far, and when it became better
        self.chosen = np.arange(n)
        self.n_chosen = 0
        self.is_chosen = False
        self.least = FAR
        self.n_better = 0
        self.better_at = np.zeros(int(self.length.sum()) + 1, np.int64)
        self.better = np.zeros(int(self.length.sum()) + 1, np.int64)

    def limit_to(self, evaluations):
        """Answers so many questions only; all others with FAR."""
        self.limit = evaluations

    def budget(self, evaluations):
        """How many questions a search that would ask `evaluations` may ask: fewer where the run has a limit."""
        return min(evaluations, self.limit) if self.limit > 0 else evaluations

    def left(self, evaluations):
        """How many of its budget are left."""
        return max(self.budget(evaluations) - self.evaluations, 0)

    def is_asking(self):
        """Whether the run's limit allows another question."""
        return self.limit == 0 or self.evaluations < self.limit

    def weigh(self, weight):
        """Sets the weight of the root mean square of the ends in the cost; 0 at first."""
        self.weight = weight
        self.n_valid = 0

    def choose(self, order):
        """Gives this order as the answer, whatever was asked for before or after."""
        self.n_chosen = len(order)
        self.is_chosen = True
        for i in range(min(self.n, len(order))):
            self.chosen[i] = order[i]

    def rms(self):
        """The root of the mean squared end in the last order asked for."""
        return math.sqrt(self.squares / max(self.trial_size, 1))

    def evaluate(self, order):
        """The makespan of the transactions in this order, all or some of them, each once."""
        self.load(order, len(order))
        return self.makespan

    def load(self, order, size):
        """Makes the first `size` of an order the base; gives its cost."""
        self.stamp += 1
        self.n_valid = 0
        self.size = 0
        for i in range(size):
            transaction = order[i]
            if transaction < 0 or transaction >= self.n or self.seen[transaction] == self.stamp:
                self.is_wrong = True
                self.wrong = transaction
                return float(FAR)
            self.seen[transaction] = self.stamp
            self.base[i] = transaction
            self.trial[i] = transaction
        self.size = size
        self.trial_size = size
        self.low = 0
        self.high = 0
        return self._cost(0, float(FAR))

    def insertion(self, transaction, place, most):
        """The cost of the base with a transaction put in at a place, 0..size; FAR where it is above `most`."""
        self._forget()
        self._put(transaction, place)
        return self._cost(place, most)

    def relocation(self, place, target, most):
        """The cost of the base with what stands at a place moved, so that it stands at `target`; FAR where it is above `most`."""
        self._forget()
        moved = self.base[place]
        if place < target:
            for i in range(place, target):
                self.trial[i] = self.base[i + 1]
        else:
            for i in range(place, target, -1):
                self.trial[i] = self.base[i - 1]
        self.trial[target] = moved
        self.low = min(place, target)
        self.high = max(place, target) + 1
        return self._cost(self.low, most)

    def swap(self, place, other, most):
        """The cost of the base with what stands at two places exchanged; FAR where it is above `most`."""
        self._forget()
        self.trial[place] = self.base[other]
        self.trial[other] = self.base[place]
        self.low = min(place, other)
        self.high = max(place, other) + 1
        return self._cost(self.low, most)

    def keep(self):
        """Makes the change that was asked for last part of the base."""
        for i in range(self.low, self.high):
            self.base[i] = self.trial[i]
        self.size = self.trial_size
        self.n_valid = min(self.n_valid, self.low // self.step + 1)
        self.high = self.low

    def drop(self, place):
        """Takes what stands at a place out of the base; gives it. No question is asked."""
        self._forget()
        gone = self.base[place]
        for i in range(place, self.size - 1):
            self.base[i] = self.base[i + 1]
            self.trial[i] = self.base[i]
        self.size -= 1
        self.trial_size = self.size
        self.n_valid = min(self.n_valid, place // self.step + 1)
        return gone

    def insert_best(self, transaction):
        """Puts a transaction into the base where it costs least, at the first such place; gives the cost.

        Where the run's limit allows no question, to the end, at a cost of FAR.
        """
        least = float(FAR)
        where = self.size
        for place in range(self.size + 1):
            cost = self.insertion(transaction, place, least)
            if cost < least:
                least = cost
                where = place
        if where < self.size:
            self.insert(transaction, where)
        else:
            self.keep()
        return least

    def insert(self, transaction, place):
        """Puts a transaction into the base at a place. No question is asked."""
        self._forget()
        self._put(transaction, place)
        self.keep()

    def conflicts(self, transaction, other):
        """On how many keys two transactions conflict."""
        ops = self.operations
        r, r_end = ops.offsets[transaction], ops.offsets[transaction + 1]
        q, q_end = ops.offsets[other], ops.offsets[other + 1]
        n = 0
        while r < r_end and q < q_end:
            if ops.key[r] < ops.key[q]:
                r += 1
            elif ops.key[r] > ops.key[q]:
                q += 1
            else:
                if ops.last_write[r] > 0 or ops.last_write[q] > 0:
                    n += 1
                r += 1
                q += 1
        return n

    def settle(self):
        """Where no answer was given and no whole order asked for, the base is the answer, if it is whole."""
        if self.n_chosen == 0 and self.size == self.n:
            self.choose(self.base)

    def _put(self, transaction, place):
        self.low = place
        self.high = self.size + 1
        for i in range(self.size, place, -1):
            self.trial[i] = self.base[i - 1]
        self.trial[place] = transaction
        self.trial_size = self.size + 1

    def _forget(self):
        """Makes the trial equal to the base again."""
        for i in range(self.low, min(self.high, self.size)):
            self.trial[i] = self.base[i]
        self.trial_size = self.size
        self.high = self.low

    def _cost(self, place, most):
        """Places the trial, whose first `place` are those of the base; FAR as soon as the cost is above `most`."""
        self.evaluations += 1
        if self.limit > 0 and self.evaluations > self.limit:
            self.makespan = FAR
            return float(FAR)
        board = self.board
        weight = self.weight * self.weight * ROUNDING
        first = min(place // self.step, self.n_valid - 1)
        if first < 0:
            board.clear()
            self._keep_state(0, 0, 0.0)
            first = 0
        else:
            self._recall(first)
        makespan = self.kept_makespan[first]
        squares = self.kept_squares[first]
        n = max(self.trial_size, 1)
        for i in range(first * self.step, self.trial_size):
            if i <= place and i == self.n_valid * self.step:
                self._keep_state(self.n_valid, makespan, squares)
            transaction = self.trial[i]
            end = board.place(transaction, board.start(transaction, 1))
            squares += float(end) * float(end)
            if end > makespan:
                makespan = end
            spare = most - makespan
            if spare < 0 or weight * squares > n * spare * spare:
                self.makespan = FAR
                return float(FAR)
        self.makespan = makespan
        self.squares = squares
        if self.trial_size == self.n and makespan < self.least and not self.is_chosen:
            self._note(makespan)
        return makespan + self.weight * math.sqrt(squares / n)

    def _recall(self, number):
        n_times = len(self.board.latest)
        for k in range(n_times):
            self.board.latest[k] = self.kept[number * n_times + k]

    def _note(self, makespan):
        self.least = makespan
        self.n_chosen = self.n
        for i in range(self.n):
            self.chosen[i] = self.trial[i]
        self.better_at[self.n_better] = self.evaluations
        self.better[self.n_better] = makespan
        self.n_better += 1

    def _keep_state(self, number, makespan, squares):
        n_times = len(self.board.latest)
        for k in range(n_times):
            self.kept[number * n_times + k] = self.board.latest[k]
        self.kept_makespan[number] = makespan
        self.kept_squares[number] = squares
        self.n_valid = number + 1


def _rivals(operations):
    is_writer = operations.last_write > 0
    readers, writers = (
        np.bincount(operations.key[who], minlength=operations.n_keys) for who in (~is_writer, is_writer)
    )
    of_record = writers[operations.key] + np.where(is_writer, readers[operations.key] - 1, 0)
    owner = np.repeat(np.arange(operations.n), np.diff(operations.offsets))
    return np.bincount(owner, weights=of_record, minlength=operations.n).astype(np.int64)


def draw_to_front(pool, size, k, rng):
    """Moves k of the first `size` items of a pool to its front, drawn without replacement, each order equally likely."""
    for i in range(k):
        j = i + int(rng.random() * (size - i))
        item = pool[i]
        pool[i] = pool[j]
        pool[j] = item
