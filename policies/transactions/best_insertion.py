from dataclasses import field

from sim.core.errors import InputError
from sim.domains import transactions

FIRST = ("arrival", "longest", "most_writes")


class BestInsertion(transactions.Scheduler):
    """Takes the transactions one by one and puts each where the order so far grows least, at the first such place.

    Parameters:
        first: in which order they are taken: arrival, longest or most_writes first (stable); may be spelled `order`.

    Reference: Nawaz, Enscore, Ham, "A Heuristic Algorithm for the m-Machine, n-Job Flow-shop Sequencing Problem", Omega
    11(1), 1983; the orders by writes follow published programs for the public benchmark.
    """

    first: str = field(default="arrival", metadata={"also": "order"})

    def begin(self, setting, rng):
        if self.first not in FIRST:
            raise InputError(f'best_insertion takes first one of {", ".join(FIRST)}, got "{self.first}"')

    def order(self, view):
        for i in range(view.n):
            if self.first == "longest":
                view.insert_best(view.by_length[i])
            elif self.first == "most_writes":
                view.insert_best(view.by_writes[i])
            else:
                view.insert_best(i)
