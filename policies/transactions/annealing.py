import numpy as np

from sim.core.errors import InputError
from sim.domains import transactions
from sim.domains.transactions.walk import anneal

STARTS = ("arrival", "random", "longest")


class Annealing(transactions.Scheduler):
    """Moves one transaction, or exchanges two, at random, and keeps what is worse with a probability that falls.

    The cost is makespan + weight x the root mean square of the ends, which gives the wide plateaus of the makespan a slope.
    The temperature falls geometrically; the visited order of least makespan is given.

    Parameters:
        evaluations: orders evaluated; 0: 600 for each transaction.
        weight: of the root mean square in the cost, at least 0.
        hot, cold: first and last temperature, hot >= cold > 0.
        start: arrival, random, or longest (first, stable).
        relocations: share of the moves, in [0, 1], that move one transaction; the others exchange two.

    Reference: Kirkpatrick, Gelatt, Vecchi, "Optimization by Simulated Annealing", Science 220, 1983. The cost is our own.
    """

    evaluations: int = 0
    weight: float = 1.0
    hot: float = 2.0
    cold: float = 0.05
    start: str = "longest"
    relocations: float = 0.8

    def begin(self, setting, rng):
        transactions.require(self, 0, "evaluations", "weight", "relocations")
        if not self.hot >= self.cold > 0:
            raise InputError(f"annealing needs hot >= cold > 0, got hot={self.hot:g}, cold={self.cold:g}")
        if self.start not in STARTS:
            raise InputError(f'annealing starts from one of {", ".join(STARTS)}, got "{self.start}"')
        self.rng = rng
        self.n = setting.n
        self.first = np.arange(setting.n)
        if self.start == "random":
            self.first = rng.permutation(setting.n)

    def order(self, view):
        view.weigh(self.weight)
        cost = view.load(view.by_length if self.start == "longest" else self.first, self.n)
        if self.n < 2:
            return
        steps = view.budget(self.evaluations if self.evaluations > 0 else 600 * self.n) - 1
        anneal(view, self.rng, steps, cost, self.hot, self.cold, self.relocations)
