import numpy as np

from sim.core.trace import NONE
from sim.domains import transactions
from sim.domains.transactions.view import draw_to_front


class Beam(transactions.Scheduler):
    """Keeps several beginnings of an order, lengthens each by several transactions, and keeps the best of these.

    The best are those of least makespan, then of least root mean square of the ends, then first in the alphabet of indices; of
    those that hold the same transactions only the best one is kept.

    Parameters:
        width: beginnings that are kept, at least 1.
        branch: transactions drawn for each; 0: all that are left.

    Reference: beam search: Lowerre, "The HARPY Speech Recognition System", PhD thesis, Carnegie Mellon University, 1976.
    """

    width: int = 5
    branch: int = 10

    def begin(self, setting, rng):
        transactions.require(self, 1, "width")
        transactions.require(self, 0, "branch")
        n = setting.n
        self.rng = rng
        self.branches = min(self.branch, n) if self.branch > 0 else n
        n_found = max(self.width * self.branches, 1)
        self.prefixes = np.zeros((self.width, n), np.int64)
        self.following = np.zeros((self.width, n), np.int64)
        self.holds = np.zeros((self.width, n), np.int64)
        self.pool = np.zeros(n, np.int64)
        self.current = np.zeros(n, np.int64)
        self.parent = np.zeros(n_found, np.int64)
        self.added = np.zeros(n_found, np.int64)
        self.makespan = np.zeros(n_found, np.int64)
        self.squares = np.zeros(n_found)
        self.is_left = np.zeros(n_found, np.int64)
        self.kept = np.zeros(self.width, np.int64)

    def order(self, view):
        n_prefixes = 1
        for size in range(view.n):
            n_found = 0
            for p in range(n_prefixes):
                n_found = self.lengthen(view, p, size, n_found)
            n_prefixes = self.select(size, n_found)
        if view.n > 0:
            for i in range(view.n):
                self.current[i] = self.prefixes[0, i]
            view.choose(self.current)

    def lengthen(self, view, p, size, n_found):
        """Adds the beginnings that prefix p grows into to those found."""
        for t in range(view.n):
            self.holds[p, t] = 0
        for i in range(size):
            self.current[i] = self.prefixes[p, i]
            self.holds[p, self.current[i]] = 1
        n_left = 0
        for t in range(view.n):
            if self.holds[p, t] == 0:
                self.pool[n_left] = t
                n_left += 1
        k = min(self.branches, n_left)
        draw_to_front(self.pool, n_left, k, self.rng)
        view.load(self.current, size)
        for i in range(k):
            view.insertion(self.pool[i], size, 1e12)
            self.parent[n_found] = p
            self.added[n_found] = self.pool[i]
            self.makespan[n_found] = view.makespan
            self.squares[n_found] = view.squares
            self.is_left[n_found] = 1
            n_found += 1
        return n_found

    def select(self, size, n_found):
        """Makes the best of those found the prefixes; gives how many there are."""
        n_kept = 0
        while n_kept < self.width:
            best = NONE
            for i in range(n_found):
                if self.is_left[i] == 1 and (best == NONE or self.is_before(i, best, size)):
                    best = i
            if best == NONE:
                break
            self.is_left[best] = 0
            is_new = True
            for k in range(n_kept):
                if self.is_same_set(best, self.kept[k]):
                    is_new = False
            if is_new:
                self.kept[n_kept] = best
                n_kept += 1
        for k in range(n_kept):
            for i in range(size):
                self.following[k, i] = self.prefixes[self.parent[self.kept[k]], i]
            self.following[k, size] = self.added[self.kept[k]]
        for k in range(n_kept):
            for i in range(size + 1):
                self.prefixes[k, i] = self.following[k, i]
        return n_kept

    def is_before(self, i, j, size):
        if self.makespan[i] != self.makespan[j]:
            return self.makespan[i] < self.makespan[j]
        if self.squares[i] != self.squares[j]:
            return self.squares[i] < self.squares[j]
        p, q = self.parent[i], self.parent[j]
        for k in range(size):
            if self.prefixes[p, k] != self.prefixes[q, k]:
                return self.prefixes[p, k] < self.prefixes[q, k]
        return self.added[i] < self.added[j]

    def is_same_set(self, i, j):
        p, q = self.parent[i], self.parent[j]
        for t in range(len(self.pool)):
            mine = self.holds[p, t] == 1 or self.added[i] == t
            theirs = self.holds[q, t] == 1 or self.added[j] == t
            if mine != theirs:
                return False
        return True
