from sim.core.errors import InputError
from sim.core.structures import RandomSet
from sim.core.trace import NONE
from sim.domains import dispatch


class PowerOfDMemory(dispatch.Policy):
    """Asks d servers drawn at random and the one it remembers, joins the shortest queue, and remembers the best of them.

    One remembered server and one new choice do better than two new ones.

    Parameters:
        d: servers drawn for each job, 1 to n.

    Reference: Mitzenmacher, Prabhakar, Shah, "Load Balancing with Memory", FOCS 2002.
    """

    d: int = 2

    def begin(self, setting, rng):
        if not 1 <= self.d <= setting.servers:
            raise InputError(f"power_of_d_memory asks d different servers, 1 to {setting.servers}, got d={self.d}")
        self.rng = rng
        self.remembered = NONE
        self.servers = RandomSet(setting.servers)
        for server in range(setting.servers):
            self.servers.add(server)

    def route(self, job, view):
        best = self.remembered
        least = view.probe(best) if best != NONE else 0
        second = NONE
        second_least = 0
        for k in range(self.d):
            server = self.servers.draw_to(k, self.rng)
            if server == self.remembered:
                continue
            queue = view.probe(server)
            if best == NONE or queue < least:
                second = best
                second_least = least
                best = server
                least = queue
            elif second == NONE or queue < second_least:
                second = server
                second_least = queue
        self.remembered = best
        if second != NONE and second_least < least + 1:
            self.remembered = second
        return best
