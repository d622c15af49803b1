"""How many orders of transactions are evaluated in a second, and how many transactions does the execution engine commit?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.table import Table, target
from benchmarks.timing import alternated
from policies.transactions.annealing import Annealing
from policies.transactions.arrival import Arrival
from policies.transactions.best_of_random import BestOfRandom
from sim.core.engine import replay
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.domains.transactions import Policy, Setting, System, engine
from sim.domains.transactions.tokens import tokens_of
from workloads import transactions

N_PLAIN = 200


def ask(size: Any) -> Table:
    n = size.n_requests // 10
    table = Table(
        "Orders of 100 transactions evaluated per second; transactions committed per second by the engine\n"
        f"{n:,} random orders and {n:,} changes of one compiled, {N_PLAIN} random orders in plain Python; rates are compared",
        "Plain Python keeps the two times of each key in dictionaries. A change is a relocation or an exchange of annealing, of\n"
        "which only what comes after the first changed place is evaluated. Engine: 8 workers, the order of arrival.",
    )
    for name, trace in orders().items():
        tokens = tokens_of(trace)
        times = alternated(
            {
                "random orders, plain Python": lambda tokens=tokens: plain(tokens),
                "random orders, compiled": replayer(trace, BestOfRandom(m=n)),
                "changes of an order, compiled": replayer(trace, Annealing(evaluations=n)),
            },
            size.n_rounds,
        )
        slow = N_PLAIN / times["random orders, plain Python"].median
        for way, taken in times.items():
            rate = (N_PLAIN if "plain" in way else n) / taken.median
            table.add(way=way, input=name, k_per_s=rate / 1e3, times_plain=rate / slow, spread=taken.spread)
            table.rows[-1] |= target(100 if "compiled" in way else None, rate / slow)
    trace = transactions.tpcc(stream(0, "workload"), n_transactions=n // 20, n_warehouses=100)
    for protocol in engine.PROTOCOLS:
        setting = engine.Setting(protocol=protocol, workers=8)
        taken = alternated({"": played(trace, engine.System(setting), Arrival())}, size.n_rounds)[""]
        table.add(way=f"engine, {protocol}", input="tpcc", k_per_s=len(trace) / taken.median / 1e3, spread=taken.spread)
    return table


def orders() -> dict[str, Trace]:
    """Long and short transactions, many keys and few."""
    return {
        "ycsb": transactions.ycsb(stream(0, "workload"), n_transactions=100, n_keys=165, reads=0.45),
        "public shape 3": transactions.public_shape_3(stream(0, "workload")),
    }


def replayer(trace: Trace, policy: Policy) -> Callable[[], Any]:
    return played(trace, System(Setting()), policy)


def played(trace: Trace, system: Any, policy: Policy) -> Callable[[], Any]:
    """The run, compiled beforehand."""
    replay(trace.rows(0, min(len(trace), 100)), system, policy, mode="compiled")
    return lambda: replay(trace, system, policy, mode="compiled")


def plain(tokens: list[list[str]]) -> int:
    rng = np.random.default_rng(0)
    return min(makespan(tokens, rng.permutation(len(tokens)).tolist()) for _ in range(N_PLAIN))


def makespan(tokens: list[list[str]], order: list[int]) -> int:
    """The rule in plain Python, as fast as dictionaries make it."""
    writes: dict[str, int] = {}
    accesses: dict[str, int] = {}
    last = 0
    for transaction in order:
        start = 1
        for place, token in enumerate(tokens[transaction], 1):
            if token != "*":
                latest = (writes if token[0] == "r" else accesses).get(token[2:])
                if latest is not None and latest + 2 - place > start:
                    start = latest + 2 - place
        time = 0
        for time, token in enumerate(tokens[transaction], start):
            if token != "*":
                key = token[2:]
                if time > accesses.get(key, 0):
                    accesses[key] = time
                if token[0] == "w" and time > writes.get(key, 0):
                    writes[key] = time
        last = max(last, time)
    return last
