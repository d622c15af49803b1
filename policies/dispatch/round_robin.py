from sim.domains import dispatch


class RoundRobin(dispatch.Policy):
    """Sends the jobs to the servers in turn.

    With Poisson arrivals each of n servers sees Erlang-n times between its jobs, steadier than at random.

    Reference: Harchol-Balter, "Performance Modeling and Design of Computer Systems", Cambridge 2013, chapter 24.
    """

    def begin(self, setting, rng):
        self.next = 0

    def route(self, job, view):
        server = self.next
        self.next = (server + 1) % view.n_servers
        return server
