import numpy as np

from sim.core.errors import InputError
from sim.domains import transactions


class Descent(transactions.Scheduler):
    """Exchanges neighbours and moves transactions as long as that makes the order better, the first better one at once.

    The cost is makespan + weight x the root mean square of the ends.

    Parameters:
        after: a scheduler whose order is made better; none: the order of arrival.
        weight: of the root mean square in the cost, at least 0.

    Reference: iterative improvement by first descent, as in Osman, Potts, "Simulated Annealing for Permutation Flow-Shop
    Scheduling", Omega 17(6), 1989.
    """

    after: transactions.Policy | None = None
    weight: float = 1.0

    def begin(self, setting, rng):
        transactions.require(self, 0, "weight")
        if self.after is not None:
            if not isinstance(self.after, transactions.Scheduler):
                raise InputError(f"descent comes after a scheduler, and {type(self.after).__name__} picks one by one")
            self.after.begin(setting, rng)
        self.first = np.arange(setting.n)

    def order(self, view):
        n = view.n
        if self.after is not None:
            self.after.order(view)
            for i in range(n):
                self.first[i] = view.chosen[i]
        view.weigh(self.weight)
        cost = view.load(self.first, n)
        is_better = True
        while is_better and view.is_asking():
            is_better = False
            for place in range(n - 1):
                changed = view.swap(place, place + 1, cost)
                if changed < cost:
                    view.keep()
                    cost = changed
                    is_better = True
            for place in range(n):
                for target in range(n):
                    if abs(target - place) > 1:
                        changed = view.relocation(place, target, cost)
                        if changed < cost:
                            view.keep()
                            cost = changed
                            is_better = True
