from sim.domains import dispatch


class LeastWork(dispatch.Policy):
    """Sends a job to the server that would be done first with all the work it has, the first of equals.

    With equal servers and first come, first served, it is the central queue: each job starts when it would there.

    Reference: Harchol-Balter, "Performance Modeling and Design of Computer Systems", Cambridge 2013, chapter 24.
    """

    clairvoyant = True
    channels = ("size",)

    def route(self, job, view):
        best = 0
        least = view.work(0)
        for server in range(1, view.n_servers):
            work = view.work(server)
            if work < least:
                best = server
                least = work
        return best
