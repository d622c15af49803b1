from sim.core.errors import InputError
from sim.core.structures import RandomSet
from sim.domains import dispatch


class PowerOfD(dispatch.Policy):
    """Asks d different servers drawn at random, and joins the shortest queue among them, ties at random.

    Two choices already turn the tail of the queue lengths from exponential to doubly exponential.

    Parameters:
        d: servers asked, 1 to n; 1 is `random`, n is `jsq`.

    Reference: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 2001.
    """

    d: int = 2

    def begin(self, setting, rng):
        if not 1 <= self.d <= setting.servers:
            raise InputError(f"power_of_d asks d different servers, 1 to {setting.servers}, got d={self.d}")
        self.rng = rng
        self.servers = RandomSet(setting.servers)
        for server in range(setting.servers):
            self.servers.add(server)

    def route(self, job, view):
        best = self.servers.draw_to(0, self.rng)
        least = view.probe(best)
        for k in range(1, self.d):
            server = self.servers.draw_to(k, self.rng)
            queue = view.probe(server)
            if queue < least:
                best = server
                least = queue
        return best
