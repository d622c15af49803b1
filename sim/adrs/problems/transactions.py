"""Which transaction comes next."""

from __future__ import annotations

from dataclasses import field

import numpy as np

from sim.adrs.problem import Feature, Problem, Template
from sim.adrs.program import Program
from sim.domains import transactions

WAITING = {
    "length": Feature("its operations", "operations"),
    "reads": Feature("of these, reads of keys", "operations"),
    "writes": Feature("of these, writes", "operations"),
    "wait": Feature("time from now until it can start behind those placed", "units"),
    "growth": Feature("by how much the makespan would grow with it", "units"),
    "conflicts": Feature(
        "with how many others pending it conflicts, each counted once for every key on which they do", "conflicts"
    ),
    "delay": Feature("by how much its keys would be free later for others pending, summed over both", "units"),
    "turn": Feature("its number in the order in which they came, from 0; one that comes again comes last"),
    "waited": Feature("time since it came", "units"),
    "tries": Feature("how often it was started before, and came again", "starts"),
    "left": Feature("time until the last of those placed has ended", "units", of_subject=False),
    "pending": Feature("number of pending transactions", "transactions", of_subject=False),
    "picked": Feature("number of transactions picked so far", "transactions", of_subject=False),
}


class KeyedProgram(transactions.Keyed):
    """`Keyed` by a program."""

    codes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    constants: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.program = Program(self.codes, self.constants)

    def key(self, transaction):
        return self.program.value(self, transaction)

    def feature(self, k, transaction):
        return of_waiting(self, k, transaction)


class DrawnProgram(transactions.Drawn):
    """`Drawn` by a program."""

    codes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    constants: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.program = Program(self.codes, self.constants)

    def key(self, transaction):
        return self.program.value(self, transaction)

    def feature(self, k, transaction):
        return of_waiting(self, k, transaction)


def of_waiting(policy, k, transaction):
    """The k-th feature of `WAITING`."""
    if k == 0:
        return policy.length(transaction)
    if k == 1:
        return policy.reads(transaction)
    if k == 2:
        return policy.writes(transaction)
    if k == 3:
        return policy.wait(transaction)
    if k == 4:
        return policy.growth(transaction)
    if k == 5:
        return policy.conflicts(transaction)
    if k == 6:
        return policy.delay(transaction)
    if k == 7:
        return policy.turn(transaction)
    if k == 8:
        return policy.waited(transaction)
    if k == 9:
        return policy.tries(transaction)
    if k == 10:
        return policy.left()
    if k == 11:
        return policy.pending()
    return policy.picked()


KEYED = Template(
    name="keyed",
    decision="Takes, of all pending transactions, the one of the lowest key; of equals the first that came.",
    base="transactions.Keyed",
    programmed=KeyedProgram,
    hole="key",
    subject="transaction",
    features=WAITING,
    seeds={
        "arrival": "turn",
        "reversed": "-turn",
        "least_growth": "growth",
        "first_to_start": "wait",
        "longest": "-length",
        "most_conflicts": "-conflicts",
        "least_delay": "delay",
    },
)

DRAWN = Template(
    name="drawn",
    decision="Takes, of a few pending transactions drawn at random, the one of the lowest key, ties at random.",
    base="transactions.Drawn",
    programmed=DrawnProgram,
    hole="key",
    subject="transaction",
    features=WAITING,
    seeds={
        "smf": "growth",
        "random": "1.0",
    },
    parameters={"sample": (2, 64)},
)

PROBLEM = Problem(
    domain="transactions",
    system="transactions",
    task=(
        "Database transactions that touch the same keys must not meet: each starts as early as those placed before it allow, "
        "and never stalls once it runs. In which order should they come, so that the last one ends early?"
    ),
    metric="makespan",
    baseline="smf",
    bound=None,
    templates=(KEYED, DRAWN),
    rivals=(
        "smf",
        "arrival",
        "beam",
        "best_of_random",
        "neh",
        "regret_insertion",
        "descent",
        "lns",
        "annealing",
        "reannealing",
    ),
    tunable={
        "smf": {"k": (1, 64)},
        "beam": {"width": (1, 16), "branch": (1, 64)},
        "regret_insertion": {"sample": (1, 16)},
        "lns": {"remove": (0.02, 0.5), "weight": (0.0, 4.0)},
        "annealing": {"weight": (0.0, 4.0), "hot": (0.5, 10.0), "cold": (0.01, 0.5), "relocations": (0.0, 1.0)},
        "reannealing": {
            "weight": (0.0, 4.0),
            "hot": (0.5, 10.0),
            "cold": (0.01, 0.5),
            "near": (0.0, 1.0),
            "runs": (1, 8),
        },
    },
    setting={"evaluations": "20000"},
    traces=(
        "workload:ycsb,n_transactions=100,reads=0.5,n_keys=1000",
        "workload:smallbank,n_transactions=100,hot_probability=0.5,hot_size=10",
        "workload:tpcc,n_transactions=100,n_warehouses=2",
        "workload:public_shape_3",
    ),
    foreign=(
        "workload:taobench,n_transactions=100,n_keys=1000",
        "workload:public_shape_2",
    ),
)
