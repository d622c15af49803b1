import numpy as np

from sim.domains import transactions


class SMF(transactions.Picker):
    """Takes, of a few pending transactions drawn at random, the one that lengthens the schedule least.

    The first one is drawn uniformly; ties are broken at random.

    Parameters:
        k: how many are drawn, without replacement, at least 1.

    Reference: shortest makespan first: Cheng, Kabcenell, Chan, Shi, Bailis, Crooks, Stoica, "Towards Optimal Transaction
    Scheduling", PVLDB 17(11), 2024, section 4.
    """

    k: int = 5

    def begin(self, setting, rng):
        transactions.require(self, 1, "k")
        self.rng = rng
        self.drawn_at = np.full(setting.n, -1)
        self.n_picked = 0

    def pick(self, view):
        self.n_picked += 1
        if self.n_picked == 1:
            return view.pending[int(self.rng.random() * view.n_pending)]
        chosen = -1
        least = 0
        n_least = 0
        for _ in range(min(self.k, view.n_pending)):
            transaction = self.drawn(view)
            makespan = view.makespan_with(transaction)
            if chosen < 0 or makespan < least:
                chosen, least, n_least = transaction, makespan, 1
            elif makespan == least:
                n_least += 1
                if self.rng.random() * n_least < 1.0:
                    chosen = transaction
        return chosen

    def drawn(self, view):
        """A pending transaction that was not drawn before in this pick."""
        transaction = view.pending[int(self.rng.random() * view.n_pending)]
        while self.drawn_at[transaction] == self.n_picked:
            transaction = view.pending[int(self.rng.random() * view.n_pending)]
        self.drawn_at[transaction] = self.n_picked
        return transaction
