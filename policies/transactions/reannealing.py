import numpy as np

from sim.core.errors import InputError
from sim.domains import transactions
from sim.domains.transactions.walk import anneal


class Reannealing(transactions.Scheduler):
    """Anneals slowly, several times anew, and gives the best order of all.

    The cost and the moves are those of annealing, but most of them are over short distances: late in the walk those are kept more
    often than others, and cost less. One slow walk ends lower than many fast ones, but two of them differ by a few units: the
    best of two is more certain.

    Parameters:
        evaluations: orders evaluated in all; 0: 80,000 for each transaction.
        runs: walks among which they are divided, at least 1; each starts from the longest first.
        hot, cold: first and last temperature, hot >= cold > 0.
        weight: of the root mean square of the ends in the cost, at least 0.
        relocations: share of the moves, in [0, 1], that move one transaction; the others exchange two.
        near: share of the moves, in [0, 1], over short distances; the others are over any.

    Reference: Kirkpatrick, Gelatt, Vecchi, "Optimization by Simulated Annealing", Science 220, 1983. The cost and the division
    are our own.
    """

    evaluations: int = 0
    runs: int = 2
    hot: float = 0.8
    cold: float = 0.08
    weight: float = 1.0
    relocations: float = 0.8
    near: float = 0.6

    def begin(self, setting, rng):
        transactions.require(self, 0, "evaluations", "weight", "relocations", "near")
        transactions.require(self, 1, "runs")
        if not self.hot >= self.cold > 0:
            raise InputError(f"reannealing needs hot >= cold > 0, got hot={self.hot:g}, cold={self.cold:g}")
        self.rng = rng
        self.first = np.arange(setting.n)

    def order(self, view):
        n = view.n
        for i in range(n):
            self.first[i] = view.by_length[i]
        view.weigh(self.weight)
        steps = view.budget(self.evaluations if self.evaluations > 0 else 80_000 * n) // self.runs - 1
        for _ in range(self.runs):
            cost = view.load(self.first, n)
            if n > 1:
                anneal(view, self.rng, steps, cost, self.hot, self.cold, self.relocations, self.near)
