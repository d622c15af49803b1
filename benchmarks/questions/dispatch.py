"""How much faster is the compiled event loop than SimPy processes and Ciw, and how does it grow with servers?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import ciw
import numpy as np
import simpy

from benchmarks.table import Table, target
from benchmarks.timing import alternated
from sim.core import engine
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.domains.dispatch import Setting, System
from sim.study import catalog

LOAD = 0.9
SERVERS = (16, 64, 256, 1024)
POLICIES = ("jsq", "power_of_d", "least_work", "random")


def ask(size: Any) -> Table:
    n_jobs, n_slow = size.n_requests // 10, size.n_requests // 500
    table = Table(
        f"jobs per second, M/M/n at load {LOAD:g}, first come first served, policy jsq unless said\n"
        f"{n_jobs:,} jobs compiled; SimPy and Ciw play the first {n_slow:,}, rates are compared",
        "The processes are the judge of the tests, with everything a setting may ask for; the lean SimPy program has Resources,\n"
        "a process for each job and nothing else. Ciw's load balancing is jsq.",
    )
    trace = poisson(16, n_jobs)
    few = trace.rows(0, n_slow)
    compiled = replayer(trace, "jsq", 16)
    means: dict[str, float] = {}
    times = alternated(
        {
            "compiled": lambda: means.update(ours=compiled().metrics["response_mean"]),
            "SimPy processes": replayer(few, "jsq", 16, simpy=True),
            "lean SimPy program": partial(lean, few, 16),
            "Ciw": partial(by_ciw, few, 16),
        },
        size.n_rounds,
        most_s=90,
    )
    ours = n_jobs / times["compiled"].median
    for name, taken in times.items():
        rate = (n_jobs if name == "compiled" else n_slow) / taken.median
        least = {"SimPy processes": 50, "Ciw": 100}.get(name)
        table.add(
            way=name,
            servers=16,
            policy="jsq",
            k_jobs_per_s=rate / 1e3,
            compiled_by_this=ours / rate,
            spread=taken.spread,
        )
        table.rows[-1] |= target(least, ours / rate)
    for servers in SERVERS:
        for name in POLICIES:
            if (servers, name) != (16, "jsq"):
                run = replayer(poisson(servers, n_jobs), name, servers)
                taken = alternated({name: run}, 3, most_s=20)[name]
                rate = n_jobs / taken.median
                table.add(way="compiled", servers=servers, policy=name, k_jobs_per_s=rate / 1e3, spread=taken.spread)
    return table


def poisson(servers: int, n_jobs: int) -> Trace:
    return catalog.workloads("dispatch")["poisson"](stream(0, "workload"), rate=LOAD * servers, n_jobs=n_jobs)


def replayer(trace: Trace, policy: str, servers: int, simpy: bool = False) -> Callable[[], Any]:
    """A function that plays the whole trace, compiled by now unless by SimPy processes."""
    built = catalog.policy("dispatch", policy)
    system = System(Setting(servers, simpy=simpy))
    if not simpy:
        engine.replay(trace.rows(0, 10_000), system, built, mode="compiled")
    return lambda: engine.replay(trace, system, built, mode="auto" if simpy else "compiled")


def lean(trace: Trace, n_servers: int) -> float:
    """The scenario as a SimPy tutorial would write it; gives the mean response time."""
    environment = simpy.Environment()
    servers = [simpy.Resource(environment) for _ in range(n_servers)]
    rng = np.random.default_rng(0)
    responses = []

    def job(size: float) -> Any:
        begun = environment.now
        queues = [server.count + len(server.queue) for server in servers]
        least = min(queues)
        shortest = [i for i, queue in enumerate(queues) if queue == least]
        with servers[shortest[int(rng.random() * len(shortest))]].request() as turn:
            yield turn
            yield environment.timeout(size)
        responses.append(environment.now - begun)

    def arrivals() -> Any:
        for gap, size in zip(np.diff(trace["time"], prepend=0.0).tolist(), trace["size"].tolist(), strict=True):
            yield environment.timeout(gap)
            environment.process(job(size))

    environment.process(arrivals())
    environment.run()
    return float(np.mean(responses))


def by_ciw(trace: Trace, n_servers: int) -> None:
    rate = LOAD * n_servers
    infinite = float("inf")
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate)] + [None] * n_servers,
        service_distributions=[ciw.dists.Deterministic(0)] + [ciw.dists.Exponential(1)] * n_servers,
        number_of_servers=[infinite] + [1] * n_servers,
        routing=ciw.routing.NetworkRouting(
            routers=[
                ciw.routing.LoadBalancing(list(range(2, n_servers + 2))),
                *(ciw.routing.Leave() for _ in range(n_servers)),
            ]
        ),
    )
    ciw.Simulation(network).simulate_until_max_customers(len(trace), method="Finish")
