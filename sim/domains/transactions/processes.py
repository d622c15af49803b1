"""The execution engine as SimPy processes: slow and plain, the judge of the loop in `units.py`.

A unit u has four moments: at 4u - 2 those that come join, at 4u - 1 free workers take some, at 4u the running ones try their next
operation, at 4u + 1 the unit closes with commits and aborts. SimPy keeps the order in which moments were asked for, and so
the order by (start, index).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from sim.core.policy import check_number
from sim.core.trace import NONE
from sim.domains.transactions.concurrency import ABORT, DONE, WAIT
from sim.domains.transactions.placement import LEGAL
from sim.domains.transactions.units import operate


class Shop:
    """Transactions that come, run and go, each a process; and one that goes through the units.

    Args:
        ledger, program, control, policy, view: as the loop has them.
    """

    def __init__(self, ledger: Any, program: Any, control: Any, policy: Any, view: Any):
        self.env = simpy.Environment()
        self.ledger, self.program, self.control, self.policy, self.view = ledger, program, control, policy, view
        self.newcomers: list[int] = []
        self.came = self.env.event()
        self.started: dict[int, simpy.Event] = {}
        self.closed: dict[int, simpy.Event] = {}
        while (t := ledger.coming.pop()) != NONE:
            self.env.process(self.transaction(t, int(ledger.arrival[t])))
        self.env.process(self.units())

    def transaction(self, t: int, unit: int) -> Generator[simpy.Event, Any, None]:
        """One transaction from its arrival until it leaves, through all attempts."""
        while True:
            yield self.env.timeout(4 * unit - 2 - self.env.now)
            self.newcomers.append(t)
            if not self.came.triggered:
                self.came.succeed()
            self.started[t] = self.env.event()
            yield self.started[t]
            outcome: Any = WAIT
            yield self.env.timeout(1)
            while outcome == WAIT:
                if not self.program.doomed[t] and self.program.next[t] < self.program.length[t]:
                    operate(self.ledger, self.program, self.control, t)
                self.closed[t] = self.env.event()
                outcome = yield self.closed[t]
                if outcome == WAIT:
                    yield self.env.timeout(3)
            if self.ledger.left[t]:
                return
            unit = int(self.ledger.coming.key(t))
            self.ledger.coming.discard(t)

    def units(self) -> Generator[simpy.Event, Any, None]:
        """Goes through the units, and waits for somebody to come where nobody is there."""
        while True:
            if self.program.n_running == 0 and self.view.n_pending == 0 and not self.newcomers:
                self.came = self.env.event()
                yield self.came
            yield self.env.timeout((3 - self.env.now) % 4)
            self.program.now = (int(self.env.now) + 1) // 4
            self.take()
            yield self.env.timeout(2)
            self.close()

    def take(self) -> None:
        """Those that came are pending; free workers take what the policy picks."""
        ledger, program, view = self.ledger, self.program, self.view
        for t in sorted(self.newcomers):
            ledger.is_pending[t] = 1
            view.arrive(t)
        self.newcomers.clear()
        view.clock = program.now
        taken = []
        while view.n_pending and (not ledger.workers or program.n_running < ledger.workers):
            t = self.policy.pick(view)
            check_number(self.policy, "pick", t, ledger.row)
            if not ledger.judge(t):
                return
            if ledger.log is not None:
                ledger.log.add(ledger.row, t)
            ledger.is_pending[t] = ledger.attempt_done[t] = 0
            program.start[t] = program.now
            program.first_start[t] = program.first_start[t] or program.now
            program.next[t] = program.doomed[t] = 0
            taken.append(t)
            running = sorted([*program.running[: program.n_running].tolist(), t], key=lambda i: (program.start[i], i))
            program.n_running = len(running)
            program.running[: len(running)] = running
            self.control.begin(t)
            view.placed(t)
        for t in sorted(taken):
            self.started[t].succeed()

    def close(self) -> None:
        """The end of a unit."""
        ledger, program, control = self.ledger, self.program, self.control
        control.settle()
        running = program.running[: program.n_running].tolist()
        stay = []
        for t in running:
            is_done = program.next[t] == program.length[t]
            outcome = ABORT if program.doomed[t] else control.verdict(t) if is_done else WAIT
            if outcome == WAIT:
                stay.append(t)
            else:
                control.finish(t, outcome == DONE)
            if outcome == ABORT and not program.has_rolled_back(t):
                ledger.wasted += ledger.attempt_done[t]
                ledger.pause(t, program.now)
            elif outcome != WAIT:
                ledger.leave(t, program.now, outcome == DONE)
                ledger.row = ledger.n_left
                self.follow(t)
            self.closed[t].succeed(outcome)
        program.running[: len(stay)] = stay
        program.n_running = len(stay)

    def follow(self, t: int) -> None:
        """In a closed loop, the client's next transaction comes."""
        if self.ledger.clients:
            self.ledger.give(self.ledger.client[t], self.program.now + 1 + self.ledger.think)
            following = self.ledger.n_given - 1
            if self.ledger.coming.contains(following) and self.ledger.retries[following] == 0:
                self.ledger.coming.discard(following)
                self.env.process(self.transaction(following, int(self.ledger.arrival[following])))


def play(shop: Shop, policy: Any, start: int, stop: int) -> None:
    """Lets processes go on until `stop` transactions have left for good."""
    while shop.ledger.n_left < stop and shop.ledger.broken == LEGAL:
        shop.env.step()
