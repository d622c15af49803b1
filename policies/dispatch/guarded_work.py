from sim.core.errors import InputError
from sim.domains import dispatch


class GuardedWork(dispatch.Policy):
    """Sends a job to the server with the least predicted work among those whose queues are nearly the shortest.

    Predictions decide only between servers that hold at most `slack` jobs more than the shortest queue: with good ones it is
    close to `least_predicted_work`, and however bad they are, no queue grows more than `slack` + 1 beyond the shortest by its
    own decisions.

    Parameters:
        slack: jobs that a queue may have above the shortest, at least 0; 0 lets predictions break ties alone.

    Reference: this library, 2026; the guard follows Lykouris and Vassilvitskii, "Competitive Caching with Machine Learned
    Advice", ICML 2018, who let predictions choose only among candidates that a robust rule allows.
    """

    channels = ("size",)
    slack: int = 1

    def begin(self, setting, rng):
        if self.slack < 0:
            raise InputError(f"guarded_work: slack must be at least 0, got {self.slack}")

    def route(self, job, view):
        shortest = view.queue[0]
        for server in range(1, view.n_servers):
            shortest = min(shortest, view.queue[server])
        best = -1
        least = 0.0
        for server in range(view.n_servers):
            if view.queue[server] <= shortest + self.slack:
                work = view.predicted_work(server)
                if best < 0 or work < least:
                    best = server
                    least = work
        return best
