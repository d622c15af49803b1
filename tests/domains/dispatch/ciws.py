"""The same jobs through Ciw, an independent simulator of queueing networks."""

from __future__ import annotations

from typing import Any

import ciw
import numpy as np

from sim.core.trace import Trace


class Given(ciw.dists.Distribution):
    """Values in the order of the jobs."""

    def __init__(self, values: np.ndarray):
        self.values = values.tolist()
        self.n = 0

    def sample(self, t: Any = None, ind: Any = None) -> float:
        if ind is not None:
            return self.values[ind.id_number - 1]
        self.n += 1
        return self.values[self.n - 1] if self.n <= len(self.values) else float("inf")


def responses(trace: Trace, router: Any, servers: int, discipline: str = "fcfs", central: bool = False) -> np.ndarray:
    """Response time of each job: from a dispatching node, which takes no time, to single-server nodes, or to one of many."""
    gaps, sizes = Given(np.diff(trace["time"], prepend=0.0)), Given(trace["size"])
    if central:
        network = ciw.create_network(
            arrival_distributions=[gaps], service_distributions=[sizes], number_of_servers=[servers]
        )
        simulation = ciw.Simulation(network)
    else:
        network = ciw.create_network(
            arrival_distributions=[gaps] + [None] * servers,
            service_distributions=[ciw.dists.Deterministic(0)] + [sizes] * servers,
            number_of_servers=[float("inf")] + [float("inf") if discipline == "ps" else 1] * servers,
            routing=ciw.routing.NetworkRouting(routers=[router, *(ciw.routing.Leave() for _ in range(servers))]),
            **({"ps_thresholds": [float("inf")] + [1] * servers} if discipline == "ps" else {}),
        )
        kinds = [ciw.Node] + [ciw.PSNode if discipline == "ps" else ciw.Node] * servers
        simulation = ciw.Simulation(network, node_class=kinds)
    simulation.simulate_until_max_customers(len(trace), method="Finish")
    records = [record for record in simulation.get_all_records() if central or record.node > 1]
    response = np.full(len(trace), np.nan)
    for record in records:
        if record.id_number <= len(trace):
            response[record.id_number - 1] = record.exit_date - record.arrival_date
    return response
