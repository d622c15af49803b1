import numpy as np

from sim.domains import transactions


class SMFFirstTie(transactions.Picker):
    """Takes, of a few pending transactions drawn at random, the one that lengthens the schedule least; of equals the first drawn.

    The first one is drawn uniformly.

    Parameters:
        k: how many are drawn, without replacement, at least 1.

    Reference: the seed program of the public transaction-scheduling benchmark (Apache-2.0); shortest makespan first: Cheng et
    al., "Towards Optimal Transaction Scheduling", PVLDB 17(11), 2024, section 4.
    """

    k: int = 10

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
        for _ in range(min(self.k, view.n_pending)):
            transaction = self.drawn(view)
            makespan = view.makespan_with(transaction)
            if chosen < 0 or makespan < least:
                chosen, least = transaction, makespan
        return chosen

    def drawn(self, view):
        """A pending transaction that was not drawn before in this pick."""
        transaction = view.pending[int(self.rng.random() * view.n_pending)]
        while self.drawn_at[transaction] == self.n_picked:
            transaction = view.pending[int(self.rng.random() * view.n_pending)]
        self.drawn_at[transaction] = self.n_picked
        return transaction
