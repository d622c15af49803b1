import numpy as np

from sim.core.trace import NONE
from sim.domains import transactions


class RSMF(transactions.Picker):
    """Takes, of a few pending transactions drawn at random, the one that lengthens the schedule least as far as hints tell.

    One without hinted keys comes first. Of every hinted key the newest accesses count that were placed, where they are still to
    come. Ties go to the one that waits least for its keys, then to the one drawn first. After `barrier` decisions without
    it, the oldest pending transaction is taken, so that none starves whatever the hints.

    Parameters:
        k: how many are drawn, without replacement, at least 1.
        barrier: decisions after which the oldest one is taken, at least 1.

    Reference: Cheng, Kabcenell, Chan, Shi, Bailis, Crooks, Stoica, "Towards Optimal Transaction Scheduling", PVLDB 17(11), 2024,
    section 5; the barrier's default and the ties are our own.
    """

    channels = ("hints",)

    k: int = 5
    barrier: int = 100

    def begin(self, setting, rng):
        transactions.require(self, 1, "k", "barrier")
        self.rng = rng
        self.drawn_at = np.full(setting.n, -1)
        self.n_picked = 0
        self.oldest = NONE
        self.oldest_since = 0

    def pick(self, view):
        self.n_picked += 1
        oldest = view.oldest()
        if oldest != self.oldest:
            self.oldest = oldest
            self.oldest_since = self.n_picked
        if self.n_picked - self.oldest_since >= self.barrier:
            return oldest
        chosen = NONE
        least = 0
        least_start = 0
        for _ in range(min(self.k, view.n_pending)):
            transaction = self.drawn(view)
            if not view.has_keys(transaction):
                return transaction
            start = view.start(transaction)
            makespan = max(view.makespan, start + view.length[transaction] - 1)
            if chosen == NONE or makespan < least or (makespan == least and start < least_start):
                chosen, least, least_start = transaction, makespan, start
        return chosen

    def drawn(self, view):
        """A pending transaction that was not drawn before in this pick."""
        transaction = view.pending[int(self.rng.random() * view.n_pending)]
        while self.drawn_at[transaction] == self.n_picked:
            transaction = view.pending[int(self.rng.random() * view.n_pending)]
        self.drawn_at[transaction] = self.n_picked
        return transaction
