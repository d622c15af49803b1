"""Policies that are one formula: what may be known of a waiting transaction goes into its key, and the lowest comes next."""

from __future__ import annotations

import math

import numpy as np

from sim.core.trace import NONE
from sim.domains.transactions.policy import Picker, require

LENGTH, READS, WRITES, WAIT, GROWTH, CONFLICTS, DELAY, TURN, CAME, TRIES, N_KNOWN = range(11)
"""What is kept of each transaction."""


class Waiting(Picker):
    """Keeps what can be known of the pending transactions, for a `key(transaction)` that a subclass defines; the lowest is next.

    It is made of the features below, all floats. Times are in units, of which an operation takes one.

        length(transaction)     its operations
        reads(transaction)      of these, reads of keys
        writes(transaction)     of these, writes
        wait(transaction)       units from now until it can start behind those placed
        growth(transaction)     units by which the makespan would grow with it
        conflicts(transaction)  with how many others pending it conflicts, each counted once for every key on which they do
        delay(transaction)      by how many units its keys would be free later for others pending, summed over both
        turn(transaction)       its number in the order in which they came, from 0; one that comes again comes last
        waited(transaction)     units since it came
        tries(transaction)      how often it was started before, and came again
        left()                  units until the last of those placed has ended
        pending()               number of pending transactions
        picked()                number of transactions picked so far

    References: `growth`: Cheng et al., "Towards Optimal Transaction Scheduling", PVLDB 17(11), 2024, section 4; `conflicts` and
    `delay` are our own.
    """

    def begin(self, setting, rng):
        self.rng = rng
        self.known = np.zeros((setting.n, N_KNOWN))
        self.now = 0.0
        self.until = 0.0
        self.n_waiting = 0
        self.n_picked = 0
        self.n_seen = 0  # of the pending ones, the first ones, that were seen before
        self.n_came = 0

    def note(self, view):
        """Sees who came since the last pick."""
        self.now = float(view.clock)
        self.until = float(view.makespan)
        self.n_waiting = view.n_pending
        known = self.known
        for i in range(self.n_seen, view.n_pending):
            transaction = view.pending[i]
            known[transaction, LENGTH] = float(view.length[transaction])
            known[transaction, READS] = float(view.reads[transaction])
            known[transaction, WRITES] = float(view.writes[transaction])
            known[transaction, TURN] = float(self.n_came)
            known[transaction, CAME] = self.now
            self.n_came += 1

    def look(self, transaction, start, conflicts, delay):
        """Takes in what the view tells of a transaction now."""
        known = self.known
        known[transaction, WAIT] = float(start) - self.now
        known[transaction, GROWTH] = max(0.0, float(start) + known[transaction, LENGTH] - 1.0 - self.until)
        known[transaction, CONFLICTS] = float(conflicts)
        known[transaction, DELAY] = float(delay)

    def take(self, transaction):
        """It comes next."""
        self.known[transaction, TRIES] += 1.0
        self.n_picked += 1
        self.n_seen = self.n_waiting - 1

    def length(self, transaction):
        return float(self.known[transaction, LENGTH])

    def reads(self, transaction):
        return float(self.known[transaction, READS])

    def writes(self, transaction):
        return float(self.known[transaction, WRITES])

    def wait(self, transaction):
        return float(self.known[transaction, WAIT])

    def growth(self, transaction):
        return float(self.known[transaction, GROWTH])

    def conflicts(self, transaction):
        return float(self.known[transaction, CONFLICTS])

    def delay(self, transaction):
        return float(self.known[transaction, DELAY])

    def turn(self, transaction):
        return float(self.known[transaction, TURN])

    def waited(self, transaction):
        return self.now - float(self.known[transaction, CAME])

    def tries(self, transaction):
        return float(self.known[transaction, TRIES])

    def left(self):
        return max(0.0, self.until - self.now + 1.0)

    def pending(self):
        return float(self.n_waiting)

    def picked(self):
        return float(self.n_picked)


class Keyed(Waiting):
    """Takes, of all pending transactions, the one of the lowest key; of equals the first that came. No number ranks last."""

    def pick(self, view):
        self.note(view)
        view.survey()
        pending, starts, conflicting, delays = view.pending, view.starts, view.conflicting, view.delays
        best = NONE
        least = math.inf
        for i in range(view.n_pending):
            transaction = int(pending[i])
            self.look(transaction, starts[transaction], conflicting[transaction], delays[transaction])
            key = self.key(transaction)
            key = key if key == key else math.inf
            if best == NONE or key < least or (key == least and self.turn(transaction) < self.turn(best)):
                best = transaction
                least = key
        self.take(best)
        return best


class Drawn(Waiting):
    """Takes, of a few pending transactions drawn at random, the one of the lowest key, ties at random.

    The first one of all is drawn uniformly, whatever its key. A key that is no number ranks last.

    Parameters:
        sample: transactions drawn without replacement, at least 1; all, where there are no more.
    """

    sample: int = 5

    def begin(self, setting, rng):
        require(self, 1, "sample")
        super().begin(setting, rng)
        self.drawn_at = np.full(setting.n, -1)

    def pick(self, view):
        self.note(view)
        best = NONE
        least = math.inf
        n_least = 0
        for _ in range(min(self.sample, view.n_pending) if self.n_picked > 0 else 1):
            transaction = self.drawn(view)
            self.look(transaction, view.start(transaction), view.conflicts(transaction), view.delay(transaction))
            key = self.key(transaction)
            key = key if key == key else math.inf
            if best == NONE or key < least:
                best, least, n_least = transaction, key, 1
            elif key == least:
                n_least += 1
                if self.rng.random() * n_least < 1.0:
                    best = transaction
        self.take(best)
        return best

    def drawn(self, view):
        """A pending transaction that was not drawn before in this pick."""
        transaction = int(view.pending[int(self.rng.random() * view.n_pending)])
        while self.drawn_at[transaction] == self.n_picked:
            transaction = int(view.pending[int(self.rng.random() * view.n_pending)])
        self.drawn_at[transaction] = self.n_picked
        return transaction
