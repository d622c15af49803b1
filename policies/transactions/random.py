from sim.domains import transactions


class Random(transactions.Picker):
    """Takes any pending transaction, each with the same probability.

    Reference: the random schedules that Cheng et al., "Towards Optimal Transaction Scheduling", PVLDB 17(11), 2024, compare
    with.
    """

    def begin(self, setting, rng):
        self.rng = rng

    def pick(self, view):
        return view.pending[int(self.rng.random() * view.n_pending)]
