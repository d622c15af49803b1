"""The rules of dispatch as SimPy processes: slow and plain to read, the judge of the compiled loop in `farm.py`."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

import simpy
from simpy.events import EventPriority

from sim.core.policy import check_number, defines
from sim.core.trace import NONE
from sim.domains.dispatch import farm as compiled
from sim.domains.dispatch.farm import LOSE, RESTART, RESUME
from sim.domains.dispatch.queues import BY_KEY


@dataclass(eq=False)
class Attempt:
    """A job at a server.

    Attributes:
        row: of the job.
        number: 0 for its first attempt.
        left: work that is left.
        size: work in all.
        predicted: the same by its prediction.
    """

    row: int
    number: int
    left: float
    size: float
    predicted: float

    @property
    def predicted_left(self) -> float:
        return max(self.predicted - (self.size - self.left), 0.0)


class Server:
    """A server as a process that sleeps until its next job is complete, or until something changes."""

    def __init__(self, farm: Farm, index: int):
        self.farm = farm
        self.index = index
        self.present: list[Attempt] = []  # in order of arrival here
        self.current: Attempt | None = None
        self.changed = farm.environment.event()

    def key(self, attempt: Attempt) -> float:
        _, by_left, by_prediction = BY_KEY.get(self.farm.discipline, (False, False, False))
        whole = attempt.predicted if by_prediction else attempt.size
        return whole - (attempt.size - attempt.left) if by_left else whole

    def choose(self) -> None:
        """Names the attempt in service, by the discipline."""
        if not self.present:
            self.current = None
        elif self.farm.discipline in ("fcfs", "ps"):
            self.current = self.present[0]
        elif self.current is None or self.current not in self.present or BY_KEY[self.farm.discipline][0]:
            self.current = min(self.present, key=self.key)  # the first of equals

    def served(self) -> list[Attempt]:
        if self.farm.discipline == "ps":
            return self.present
        return [self.current] if self.current is not None else []

    def settle(self) -> None:
        """Accounts for the work done since the last time, and writes down what a dispatcher may see."""
        state, i, now = self.farm.state, self.index, self.farm.environment.now
        span, state.since[i] = now - state.since[i], now
        served = self.served()
        if served and state.rate[i]:
            state.busy[i] += span
            state.done_work[i] += span * state.rate[i]
            for attempt in served:
                attempt.left = max(attempt.left - span * state.rate[i] / len(served), 0.0)
            if self.farm.discipline == "ps":
                state.predicted_work[i] = max(state.predicted_work[i] - span * state.rate[i], 0.0)
        self.write()

    def write(self) -> None:
        state, i = self.farm.state, self.index
        state.queue[i] = len(self.present)
        state.work[i] = sum(attempt.left for attempt in self.present)
        if self.farm.discipline != "ps" or not self.present:
            state.predicted_work[i] = sum(attempt.predicted_left for attempt in self.present)

    def join(self, attempt: Attempt) -> None:
        self.settle()
        self.present.append(attempt)
        self.farm.state.predicted_work[self.index] += attempt.predicted
        self.change()

    def leave(self, attempt: Attempt) -> None:
        self.settle()
        self.present.remove(attempt)
        state = self.farm.state
        state.predicted_work[self.index] = max(state.predicted_work[self.index] - attempt.predicted_left, 0.0)
        self.change()

    def change(self) -> None:
        self.choose()
        self.write()
        if not self.changed.triggered:
            self.changed.succeed()

    def run(self, policy: Any, jobs: Any) -> Generator[Any, Any, None]:
        farm, state, i = self.farm, self.farm.state, self.index
        while True:
            self.changed = farm.environment.event()
            served = self.served()
            if not served or not state.rate[i]:
                yield self.changed
                continue
            first = min(served, key=lambda attempt: attempt.left)
            alarm = farm.alarm(first.left * len(served) / state.rate[i], farm.completion + i)
            yield alarm | self.changed
            if alarm.processed and not self.changed.triggered:
                farm.complete(self, first, policy, jobs)

    def crash(self, policy: Any) -> Generator[Any, Any, None]:
        """Crashes and is repaired, for ever."""
        farm, state, i = self.farm, self.farm.state, self.index
        crashes = farm.plain.crashes
        yield farm.alarm(crashes.next.key(i), farm.crash + i)
        while True:
            farm.tick()
            farm.ledger.n_crashes += 1
            self.settle()
            state.up[i], state.rate[i] = farm.plain.is_slowed, state.speeds[i] * farm.plain.down_speed
            down = crashes.rng.standard_exponential() * crashes.down_mean
            self.fall()
            self.change()
            yield farm.alarm(down, farm.crash + i)
            farm.tick()
            self.settle()
            state.up[i], state.rate[i] = True, state.speeds[i]
            up = crashes.rng.standard_exponential() * crashes.up_mean
            self.change()
            if defines(policy, "idle") and not self.present and not farm.plain.is_slowed:
                policy.idle(i)
            yield farm.alarm(up, farm.crash + i)

    def fall(self) -> None:
        """What becomes of the jobs of a server that has crashed."""
        farm = self.farm
        if farm.plain.on_crash == RESUME:
            return
        # those in service first, then as they would have been served
        waiting = [] if self.current is None or farm.discipline == "ps" else [self.current]
        rank = {"fcfs": lambda a: 0.0, "ps": lambda a: a.left}.get(farm.discipline, self.key)
        waiting += sorted((a for a in self.present if a not in waiting), key=rank)
        for attempt in waiting:
            farm.ledger.wasted += attempt.size - attempt.left
        if farm.plain.on_crash == RESTART:
            self.present.clear()
            self.current = None
            for attempt in waiting:
                attempt.left = attempt.size
                self.present.append(attempt)
                self.choose()
            self.farm.state.predicted_work[self.index] = sum(a.predicted for a in waiting)
            return
        for attempt in waiting:
            self.leave(attempt)
            if farm.is_awaited(attempt):
                farm.fail(attempt.row, farm.plain.on_crash == LOSE)
        farm.send(self.index)


class Farm:
    """Dispatcher and servers; outcomes go where those of the compiled loop go.

    Args:
        setting: with the trace's fields.
        plain: the compiled loop's farm, begun and not played; its arrays hold what the dispatcher sees.
    """

    def __init__(self, setting: Any, plain: compiled.Farm):
        self.plain = plain
        self.ledger = plain.ledger
        self.state = plain.queues
        self.discipline = setting.discipline
        self.environment = simpy.Environment()
        self.servers = [Server(self, i) for i in range(setting.servers)]
        n = setting.servers
        self.completion, self.crash, self.timeout, self.refresh = 2, 2 + n, 2 + 2 * n, 3 + 2 * n
        self.again, self.arrival = 4 + 2 * n, 4 + 2 * n + setting.n_jobs
        self.at: dict[int, Attempt] = {}

    def alarm(self, delay: float, priority: int) -> simpy.Event:
        """An event after a delay; of those of one time the lowest priority number comes first, after SimPy's own 0 and 1."""
        event = self.environment.event()
        event._ok, event._value = True, None
        self.environment.schedule(event, EventPriority(priority), delay)  # type: ignore[arg-type]
        return event

    def call(self, delay: float, priority: int, action: Callable[[], None]) -> None:
        self.alarm(delay, priority).callbacks.append(lambda _: action())

    def tick(self) -> None:
        self.ledger.pass_time(self.environment.now)

    def note_busy(self, now: float, busy: Any) -> None:
        for server in self.servers:
            server.settle()
        busy[:] = self.state.busy

    def begin(self, policy: Any, jobs: Any) -> None:
        """Puts all on the clock that is known while it stands at 0, so that each arrival comes at its very time."""
        plain = self.plain
        for server in self.servers:
            self.environment.process(server.run(policy, jobs))
            if plain.crashes is not None:
                self.environment.process(server.crash(policy))
        if plain.time is not None:
            for row, time in enumerate(plain.time.tolist()):
                self.call(time, self.arrival, partial(self.arrive, row, policy, jobs))
        if plain.returns is not None:
            for row in range(plain.n_jobs):
                if plain.returns.coming.contains(row):
                    self.come_again(row, plain.returns.coming.key(row), policy, jobs)
        if plain.is_refreshed:
            self.environment.process(self.tell_all())
        self.policy, self.jobs = policy, jobs

    def come_again(self, row: int, delay: float, policy: Any, jobs: Any) -> None:
        self.call(delay, self.again + row, partial(self.arrive, row, policy, jobs))

    def tell_all(self) -> Generator[Any, Any, None]:
        k = 0
        while True:
            yield self.alarm(max(k * self.plain.period - self.environment.now, 0.0), self.refresh)
            self.tick()
            for server in self.servers:
                server.settle()
                for name in ("queue", "since", "work", "predicted_work"):
                    getattr(self.plain.known, name)[server.index] = getattr(self.state, name)[server.index]
            self.plain.shown.as_of = self.environment.now
            k += 1

    def send(self, server: int) -> None:
        if self.plain.known is not None:
            self.plain.known.send(self.state, server, self.environment.now)

    def arrive(self, row: int, policy: Any, jobs: Any) -> None:
        ledger, plain, now = self.ledger, self.plain, self.environment.now
        self.tick()
        if ledger.attempt[row] == 0:
            ledger.arrive(self, row)
        ledger.row, plain.shown.now = row, now
        if plain.known is not None and plain.known.is_delayed:
            plain.known.tell(now)
            plain.shown.as_of = max(now - plain.known.delay, 0.0)
        server = policy.route(jobs[row], plain.shown)
        check_number(policy, "route", server, row)
        if not 0 <= server < len(self.servers):
            ledger.is_broken, ledger.wrong = True, server
            return
        if ledger.log is not None:
            ledger.log.add(row, server)
        ledger.server[row] = server
        if plain.has_buffer and len(self.servers[server].present) >= plain.buffer:
            ledger.rejected += 1
            self.fail(row, True)
            return
        size = float(self.state.size[row])
        predicted = 0.0 if self.state.predicted is None else float(self.state.predicted[row])
        attempt = self.at[row] = Attempt(row, int(ledger.attempt[row]), size, size, predicted)
        ledger.waits[row] = True
        self.servers[server].join(attempt)
        ledger.longest_queue = max(ledger.longest_queue, len(self.servers[server].present))
        if plain.deadlines is not None:
            self.call(plain.deadlines.timeout, self.timeout, lambda: self.give_up(attempt, server))
        self.send(server)

    def is_awaited(self, attempt: Attempt) -> bool:
        return bool(self.ledger.waits[attempt.row]) and self.ledger.attempt[attempt.row] == attempt.number

    def complete(self, server: Server, attempt: Attempt, policy: Any, jobs: Any) -> None:
        self.tick()
        server.settle()
        attempt.left = 0.0
        server.leave(attempt)
        row, ledger = attempt.row, self.ledger
        if self.is_awaited(attempt):
            ledger.finish(row)
            self.follow(row)
            if defines(policy, "done"):
                policy.done(jobs[row], server.index, attempt.size, self.environment.now - ledger.arrived[row])
        else:
            ledger.wasted += attempt.size
        self.send(server.index)
        if defines(policy, "idle") and not server.present and self.state.up[server.index]:
            policy.idle(server.index)

    def give_up(self, attempt: Attempt, server: int) -> None:
        if not self.is_awaited(attempt):
            return
        self.tick()
        self.ledger.timeouts += 1
        if self.plain.cancels:
            self.servers[server].leave(attempt)
            self.ledger.wasted += attempt.size - attempt.left
            self.send(server)
        self.fail(attempt.row, True)

    def fail(self, row: int, waits_a_while: bool) -> None:
        ledger, returns = self.ledger, self.plain.returns
        ledger.waits[row] = False
        k = int(ledger.attempt[row])
        if returns is not None and k < returns.retries:
            ledger.attempt[row] = k + 1
            ledger.retried += 1
            self.come_again(row, returns.backoff * 2.0**k if waits_a_while else 0.0, self.policy, self.jobs)
            return
        ledger.lose(row)
        self.follow(row)

    def follow(self, row: int) -> None:
        """The job has left the system, and its client thinks of the next one."""
        returns = self.plain.returns
        if returns is not None and returns.following is not None and returns.following[row] != NONE:
            after = int(returns.following[row])
            self.come_again(after, float(returns.think[after]), self.policy, self.jobs)


def play(farm, policy, jobs, start, stop):
    """Plays the events until row stop - 1 has arrived, and after the last one all until no job is left."""
    if start == 0:
        farm.begin(policy, jobs)
    ledger, environment = farm.ledger, farm.environment
    while ledger.n_arrived < stop and not ledger.is_broken:
        environment.step()
    while stop == ledger.n_jobs and not ledger.is_over() and not ledger.is_broken and environment.peek() < math.inf:
        environment.step()
