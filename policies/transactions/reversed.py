from sim.domains import transactions


class Reversed(transactions.Picker):
    """Takes the transaction that arrived last.

    Reference: last come, first served; the reversed order of the public benchmark (Cheng et al., PVLDB 17(11), 2024).
    """

    def pick(self, view):
        return view.youngest()
