from sim.core.structures import draw
from sim.domains import dispatch


class Random(dispatch.Policy):
    """Sends each job to a server drawn uniformly, whatever its state.

    With Poisson arrivals each server is a queue by itself: the yardstick of all policies that look.

    Reference: Harchol-Balter, "Performance Modeling and Design of Computer Systems", Cambridge 2013, chapter 24.
    """

    def begin(self, setting, rng):
        self.rng = rng

    def route(self, job, view):
        return draw(self.rng, view.n_servers)
