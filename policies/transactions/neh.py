from sim.domains import transactions


class NEH(transactions.Scheduler):
    """Takes the transactions from the longest on and puts each where the order so far grows least, at the first such place.

    Reference: Nawaz, Enscore, Ham, "A Heuristic Algorithm for the m-Machine, n-Job Flow-shop Sequencing Problem", Omega
    11(1), 1983.
    """

    def order(self, view):
        for i in range(view.n):
            view.insert_best(view.by_length[i])
