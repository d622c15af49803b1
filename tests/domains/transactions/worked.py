"""Worked examples in a line: operations as text, a policy; and plain forms of the rule, which judge the fast one."""

from __future__ import annotations

import itertools

from sim.core.engine import Mode, replay
from sim.core.result import Result
from sim.core.trace import Trace
from sim.domains.transactions import Policy, Scheduler, Setting, System
from sim.domains.transactions.tokens import tokens_of, trace_of


def made(*transactions: str, name: str = "worked", **columns) -> Trace:
    """A trace from "r-x w-y" and so on, one text a transaction."""
    return trace_of(name, [text.split() for text in transactions], **columns)


class Given(Scheduler):
    """Gives this order."""

    transactions: tuple = ()

    def order(self, view):
        view.choose(self.transactions)


def run(policy: Policy, trace: Trace, *, mode: Mode = "interpreted", seed: int = 0, **setting) -> Result:
    return replay(trace, System(Setting(**setting)), policy, mode=mode, seed=seed, record=True)


def makespan(trace: Trace, order, **setting) -> int:
    """The system's makespan of an order."""
    return run(Given(tuple(order)), trace, **setting).metrics["makespan"]


def by_lists(trace: Trace, order) -> tuple[list[int], int]:
    """The rule told plainly, with every access of every key kept: starts by transaction, and the makespan."""
    placed: dict[str, list[tuple[int, bool]]] = {}
    tokens = tokens_of(trace)
    starts, last = [0] * len(tokens), 0
    for transaction in order:
        mine = tokens[transaction]
        start = 1
        for place, token in enumerate(mine, 1):
            for time, is_write in placed.get(token[2:], []) if token != "*" else []:
                if is_write or token[0] == "w":
                    start = max(start, time + 1 - (place - 1))
        for place, token in enumerate(mine, 1):
            if token != "*":
                placed.setdefault(token[2:], []).append((start + place - 1, token[0] == "w"))
        starts[transaction] = start
        last = max(last, start + len(mine) - 1)
    return starts, last


def by_two_numbers(tokens: list[list[str]], order) -> int:
    """The makespan by the two times of each key, in plain Python."""
    writes: dict[str, int] = {}
    accesses: dict[str, int] = {}
    makespan = 0
    for transaction in order:
        start = 1
        for place, token in enumerate(tokens[transaction], 1):
            if token != "*":
                latest = (writes if token[0] == "r" else accesses).get(token[2:])
                if latest is not None and latest + 2 - place > start:
                    start = latest + 2 - place
        for place, token in enumerate(tokens[transaction], 1):
            if token != "*":
                key, time = token[2:], start + place - 1
                accesses[key] = max(accesses.get(key, 0), time)
                if token[0] == "w":
                    writes[key] = max(writes.get(key, 0), time)
        makespan = max(makespan, start + len(tokens[transaction]) - 1)
    return makespan


def optimum(trace: Trace) -> int:
    """The least makespan over all orders; for a handful of transactions."""
    return min(by_lists(trace, order)[1] for order in itertools.permutations(range(len(trace))))
