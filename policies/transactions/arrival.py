from sim.domains import transactions


class Arrival(transactions.Picker):
    """Takes the transaction that arrived first.

    Reference: first come, first served, as every database does that schedules nothing; the identity order of the public
    benchmark (Cheng et al., "Towards Optimal Transaction Scheduling", PVLDB 17(11), 2024, compare with it).
    """

    def pick(self, view):
        return view.oldest()
