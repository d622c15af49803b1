"""How many searches per second does a table of outcomes answer, against searches that solve?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.table import Table
from benchmarks.timing import alternated
from sim.core import engine
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.domains.bandits.lns import Setting, System
from sim.domains.bandits.lns.record import record
from sim.study import catalog
from workloads import bandits

POLICIES = ("ucb1", "softmax,tau=1.359686", "thompson_beta", "uniform")

N_REPLAYS = 200
"""Of a table, for each search that solves."""


def ask(size: Any) -> Table:
    model = bandits.multi_knapsack(stream(0, "workload", "multi_knapsack"), m=10, n=30)
    setting = Setting(budget=3000, overhead=20, portfolio="mutation_50;rins_50;rens_50;crossover", most_fallbacks=1.0)
    outcomes = record(model, setting, n_states=30, draws=10)
    table = Table(
        f"searches per second, 10 knapsacks of 30 items, {len(setting.chosen.arms)} arms, work {setting.budget:,}\n"
        f"the table has {len(outcomes):,} outcomes at {len(set(outcomes['state'].tolist()))} points",
        "A search is one policy under one seed, from the trace to its metrics; replays of the table are compiled beforehand.\n"
        "Of a table and of solving the objectives are those of seed 0: equal where the table has what the search asks.",
    )
    for policy in POLICIES:
        live, recorded = searcher(model, setting, policy), searcher(outcomes, setting, policy)
        found = recorded()
        times = alternated({"solved": live, "replayed": partial(repeated, recorded)}, max(2, size.n_rounds), most_s=20)
        rates = {"solved": 1 / times["solved"].median, "replayed": N_REPLAYS / times["replayed"].median}
        table.add(
            policy=policy,
            solved_per_s=rates["solved"],
            replayed_per_s=rates["replayed"],
            times_faster=rates["replayed"] / rates["solved"],
            pulls=found.metrics["pulls"],
            fallbacks=found.metrics["fallbacks"],
            objective=found.metrics["objective"],
            solved_objective=live().metrics["objective"],
            spread=times["replayed"].spread,
        )
    return table


def searcher(trace: Trace, setting: Setting, text: str) -> Callable[[], Any]:
    """A search of seed 0; compiled, where it can be, by now."""
    system, policy = System(setting.on(trace)), catalog.policy("bandits", text)
    run = partial(engine.replay, trace, system, policy)
    run()
    return run


def repeated(run: Callable[[], Any]) -> None:
    for _ in range(N_REPLAYS):
        run()
