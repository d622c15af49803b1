import numpy as np

from sim.core.trace import NONE
from sim.domains import transactions
from sim.domains.transactions.operations import FAR
from sim.domains.transactions.view import draw_to_front


class RegretInsertion(transactions.Scheduler):
    """Puts that transaction in next whose second best place is worst against its best one, at its best place.

    Begins with the longest. Ties go to the smaller makespan, then to the smaller index; an only place has regret 0.

    Parameters:
        sample: how many of those left are looked at each time, drawn at random; 0: all.

    Reference: regret insertion for vehicle routing: Potvin, Rousseau, "A Parallel Route Building Algorithm for the Vehicle
    Routing and Scheduling Problem with Time Windows", EJOR 66(3), 1993.
    """

    sample: int = 10

    def begin(self, setting, rng):
        transactions.require(self, 0, "sample")
        self.rng = rng
        self.left = np.arange(setting.n)

    def order(self, view):
        if view.n == 0:
            return
        n_left = view.n
        view.insert_best(view.by_length[0])
        self.left[view.by_length[0]] = n_left - 1
        n_left -= 1
        while n_left > 0:
            k = min(self.sample, n_left) if self.sample > 0 else n_left
            draw_to_front(self.left, n_left, k, self.rng)
            chosen, chosen_place, chosen_regret, chosen_least = NONE, 0, -1.0, 0.0
            for i in range(k):
                least, second, where = float(FAR), float(FAR), view.size
                for place in range(view.size + 1):
                    cost = view.insertion(self.left[i], place, second)
                    if cost < least:
                        least, second, where = cost, least, place
                    elif cost < second:
                        second = cost
                regret = second - least if view.size > 0 else 0.0
                is_tie = regret == chosen_regret
                if (
                    regret > chosen_regret
                    or (is_tie and least < chosen_least)
                    or (is_tie and least == chosen_least and self.left[i] < self.left[chosen])
                ):
                    chosen, chosen_place, chosen_regret, chosen_least = i, where, regret, least
            view.insert(self.left[chosen], chosen_place)
            n_left -= 1
            self.left[chosen] = self.left[n_left]
