import numpy as np

from sim.domains import transactions
from sim.domains.transactions.operations import FAR


class BranchAndBound(transactions.Scheduler):
    """Tries all orders but those that cannot be better, and so gives a best one; for a dozen transactions or so.

    A beginning of an order is given up where some transaction that is left would end too late if it came next: later it ends
    no earlier. Of two neighbours that do not conflict only one order is tried. `evaluations` bounds the search; where it
    ends early, the best order found is given and a notice says that it is not proven.

    Parameters:
        evaluations: beginnings of orders that are evaluated; 0: until it is proven.

    Reference: Land, Doig, "An Automatic Method of Solving Discrete Programming Problems", Econometrica 28(3), 1960.
    """

    evaluations: int = 0

    def begin(self, setting, rng):
        transactions.require(self, 0, "evaluations")
        n = setting.n
        self.is_proven = False
        self.prefix = np.zeros(n, np.int64)
        self.next = np.zeros(n + 1, np.int64)
        self.is_placed = np.zeros(n, np.int64)

    def order(self, view):
        n = view.n
        for i in range(n):
            view.insert_best(view.by_length[i])
        for i in range(n):
            self.prefix[i] = view.base[i]
        size = 0
        budget = self.evaluations if self.evaluations > 0 else FAR
        is_open = view.is_asking() and self.is_open(view, size)
        while size >= 0 and view.left(budget) > 0:
            transaction = self.next_after(view, size) if is_open else n
            if transaction < n:
                self.next[size] = transaction + 1
                self.prefix[size] = transaction
                self.is_placed[transaction] = 1
                size += 1
                self.next[size] = 0
                is_open = size < n and self.is_open(view, size)
            else:
                size -= 1
                if size >= 0:
                    self.is_placed[self.prefix[size]] = 0
                is_open = True
        self.is_proven = size < 0

    def is_open(self, view, size):
        """Whether the first `size` may begin a better order; asks for it with each that is left coming next."""
        view.load(self.prefix, size)
        for transaction in range(view.n):
            if self.is_placed[transaction] == 0:
                view.insertion(transaction, size, float(FAR))
                if view.makespan >= view.least:
                    return False
        return True

    def next_after(self, view, size):
        """The next transaction to try after the first `size`; n when there is none."""
        transaction = self.next[size]
        while transaction < view.n:
            if self.is_placed[transaction] == 0:
                is_first_way = size == 0 or transaction > self.prefix[size - 1]
                if is_first_way or view.conflicts(transaction, self.prefix[size - 1]) > 0:
                    return transaction
            transaction += 1
        return view.n

    def notices(self):
        return [] if self.is_proven else ["branch_and_bound: its order is not proven to be a best one"]
