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

LEFT = {
    "length": Feature("its operations", "operations"),
    "reads": Feature("of these, reads of keys", "operations"),
    "writes": Feature("of these, writes", "operations"),
    "turn": Feature("its place in the order of arrival, from 0"),
    "rivals": Feature(
        "with how many others it conflicts, each counted once for every key on which they do", "conflicts"
    ),
    "met": Feature("the same, of those in the order so far", "conflicts"),
    "size": Feature(
        "transactions in the order so far; in a later pass, of those put back", "transactions", of_subject=False
    ),
    "transactions": Feature("number of all", "transactions", of_subject=False),
}

MOVED = {
    "growth": Feature("by how much the makespan grows with the change", "units", of_subject=False),
    "spread": Feature("by how much the root mean square of the ends grows", "units", of_subject=False),
    "above": Feature("makespan, changed, above the least found so far", "units", of_subject=False),
    "luck": Feature("an exponential number of mean 1, drawn anew each step", of_subject=False),
    "temperature": Feature(
        "falls geometrically, from 2 at the first step to 0.05 at the last", "units", of_subject=False
    ),
    "left": Feature("share of the steps that are left, 1 at first", of_subject=False),
    "distance": Feature("places between the two that the step is about", of_subject=False),
    "length": Feature("operations of the transaction that moves, or is exchanged", "operations"),
    "writes": Feature("of these, writes", "operations"),
    "rivals": Feature(
        "with how many others it conflicts, each counted once for every key on which they do", "conflicts"
    ),
    "transactions": Feature("number of all", "transactions", of_subject=False),
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


class InsertedProgram(transactions.Inserted):
    """`Inserted` by a program."""

    codes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    constants: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.program = Program(self.codes, self.constants)

    def rank(self, transaction):
        return self.program.value(self, transaction)

    def feature(self, k, transaction):
        if k == 0:
            return self.length(transaction)
        if k == 1:
            return self.reads(transaction)
        if k == 2:
            return self.writes(transaction)
        if k == 3:
            return self.turn(transaction)
        if k == 4:
            return self.rivals(transaction)
        if k == 5:
            return self.met(transaction)
        if k == 6:
            return self.size()
        return self.transactions()


class WalkedProgram(transactions.Walked):
    """`Walked` by a program."""

    codes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    constants: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.program = Program(self.codes, self.constants)

    def loss(self, moved):
        return self.program.value(self, moved)

    def feature(self, k, moved):
        if k == 0:
            return self.growth()
        if k == 1:
            return self.spread()
        if k == 2:
            return self.above()
        if k == 3:
            return self.luck()
        if k == 4:
            return self.temperature()
        if k == 5:
            return self.left()
        if k == 6:
            return self.distance()
        if k == 7:
            return self.length(moved)
        if k == 8:
            return self.writes(moved)
        if k == 9:
            return self.rivals(moved)
        return self.transactions()


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

INSERTED = Template(
    name="inserted",
    decision="Puts the transaction of the lowest rank where the order so far costs least, until none is left.",
    base="transactions.Inserted",
    programmed=InsertedProgram,
    hole="rank",
    subject="transaction",
    features=LEFT,
    seeds={
        "best_insertion": "turn",
        "neh": "-length",
        "most_writes": "-writes",
        "most_rivals": "-rivals",
    },
    parameters={"weight": (0, 4), "passes": (0, 2)},
)

WALKED = Template(
    name="walked",
    decision="Changes an order at random, step by step, and keeps the changes whose loss is 0 or less.",
    base="transactions.Walked",
    programmed=WalkedProgram,
    hole="loss",
    subject="moved",
    features=MOVED,
    seeds={
        "annealing": "growth + spread - temperature * luck",
        "annealing_of_makespan": "growth - temperature * luck",
        "first_better": "growth + spread",
    },
    parameters={"moves": (0, 100), "near": (0, 100)},
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
    templates=(KEYED, INSERTED, WALKED),
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
    setting={"evaluations": "10000"},
    traces=(
        "workload:ycsb,n_transactions=100,reads=0.5,n_keys=1000",
        "workload:smallbank,n_transactions=100,hot_probability=0.9,hot_size=5",
        "workload:tpcc,n_transactions=100,n_warehouses=1",
        "workload:public_shape_3",
    ),
    foreign=(
        "workload:public_shape_2",
        "workload:ycsb,n_transactions=100,variant=F,n_operations=8,n_keys=500",
    ),
)

ENGINE = Problem(
    domain="transactions",
    system="transactions/engine",
    task=(
        "Database transactions that touch the same keys get in each other's way: they wait for locks, or abort and come again. "
        "Clients send one after the other; when a worker is free, which of the waiting ones does it take, so that many commit?"
    ),
    metric="throughput",
    baseline="arrival",
    bound=None,
    templates=(KEYED, DRAWN),
    rivals=("arrival", "reversed", "random", "smf", "smf_first_tie"),
    tunable={"smf": {"k": (1, 64)}, "smf_first_tie": {"k": (1, 64)}},
    setting={"protocol": "strict_2pl,occ", "workers": "16", "clients": "64"},
    traces=(
        "workload:ycsb,n_transactions=300,reads=0.8,n_keys=10000",
        "workload:smallbank,n_transactions=300,hot_probability=0.9,hot_size=20",
        "workload:tpcc,n_transactions=300,n_warehouses=2",
    ),
    foreign=(
        "workload:taobench,n_transactions=300,n_keys=1000",
        "workload:ycsb,n_transactions=300,variant=F,n_operations=8,n_keys=2000",
    ),
)

FURTHER = (ENGINE,)
