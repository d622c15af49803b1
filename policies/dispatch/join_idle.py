from sim.core.structures import LinkedList, draw
from sim.core.trace import NONE
from sim.domains import dispatch


class JoinIdle(dispatch.Policy):
    """Sends a job to the server that has been idle longest; where none is idle, to one drawn at random.

    Idle servers queue at the dispatcher: it learns of them without asking.

    Reference: Lu, Xie, Kliot, Geller, Larus, Greenberg, "Join-Idle-Queue", Performance Evaluation 2011.
    """

    def begin(self, setting, rng):
        self.rng = rng
        self.idle_servers = LinkedList(setting.servers)
        for server in range(setting.servers):
            self.idle_servers.push_back(server)

    def idle(self, server):
        if not self.idle_servers.contains(server):
            self.idle_servers.push_back(server)

    def route(self, job, view):
        server = self.idle_servers.pop_front()
        while server != NONE and not view.up[server]:
            server = self.idle_servers.pop_front()
        if server == NONE:
            server = draw(self.rng, view.n_servers)
        return server
