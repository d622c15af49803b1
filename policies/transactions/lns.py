import math

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import transactions
from sim.domains.transactions.view import draw_to_front


class LNS(transactions.Scheduler):
    """Takes a part of the transactions out of the order and puts each back where it costs least, over and over.

    Which go is drawn: half the time at random, else one at random and those that conflict with it on most keys. They come back in
    random order; the new order is kept where it costs no more. Begins as NEH does. The cost is makespan + weight x the root
    mean square of the ends; insertions go by the same cost.

    Parameters:
        remove: share of the transactions taken out, in (0, 1], rounded up.
        evaluations: orders evaluated; 0: 600 for each transaction.
        weight: of the root mean square in the cost, at least 0.

    Reference: large neighbourhood search: Shaw, "Using Constraint Programming and Local Search Methods to Solve Vehicle Routing
    Problems", CP 1998; the order is a permutation here and the cost our own.
    """

    remove: float = 0.1
    evaluations: int = 0
    weight: float = 1.0

    def begin(self, setting, rng):
        transactions.require(self, 0, "evaluations", "weight")
        if not 0 < self.remove <= 1:
            raise InputError(f"lns removes a share of the transactions in (0, 1], got {self.remove:g}")
        n = setting.n
        self.rng = rng
        self.n_removed = math.ceil(self.remove * n)
        self.budget = self.evaluations if self.evaluations > 0 else 600 * n
        self.before = np.zeros(n, np.int64)
        self.pool = np.arange(n)
        self.rivalry = np.zeros(n, np.int64)

    def order(self, view):
        n = view.n
        for i in range(n):
            view.insert_best(view.by_length[i])
        if n < 2:
            return
        view.weigh(self.weight)
        for i in range(n):
            self.before[i] = view.base[i]
        cost = view.load(self.before, n)
        while view.left(self.budget) > 0:
            if self.rng.random() < 0.5:
                draw_to_front(self.pool, n, self.n_removed, self.rng)
            else:
                self.rivals_to_front(view, int(self.rng.random() * n))
            for i in range(self.n_removed):
                place = 0
                while view.base[place] != self.pool[i]:
                    place += 1
                view.drop(place)
            draw_to_front(self.pool, self.n_removed, self.n_removed, self.rng)
            changed = cost
            for i in range(self.n_removed):
                changed = view.insert_best(self.pool[i])
            if changed <= cost:
                cost = changed
                for i in range(n):
                    self.before[i] = view.base[i]
            else:
                view.load(self.before, n)

    def rivals_to_front(self, view, transaction):
        """Moves a transaction, and those that conflict with it on most keys, to the front of the pool; equals by index."""
        n = view.n
        for t in range(n):
            self.pool[t] = t
            self.rivalry[t] = view.conflicts(transaction, t)
        self.rivalry[transaction] = n * n
        for i in range(self.n_removed):
            best = NONE
            for j in range(i, n):
                if best == NONE or (-self.rivalry[self.pool[j]], self.pool[j]) < (
                    -self.rivalry[self.pool[best]],
                    self.pool[best],
                ):
                    best = j
            item = self.pool[i]
            self.pool[i] = self.pool[best]
            self.pool[best] = item
