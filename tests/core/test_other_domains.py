"""The core knows no domain: jobs with durations on SimPy, and rows that are whole instances, need nothing but its nouns."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
import simpy

from sim.core import policy
from sim.core.engine import replay
from sim.core.errors import CannotCompile, IllegalDecision, PolicyError
from sim.core.metric import Metric
from sim.core.rows import Rows
from sim.core.structures import Structure
from sim.core.trace import NONE, Ragged, Trace


@dataclass(frozen=True)
class Plain:
    """What both systems share: nothing to complete, no hindsight."""

    REFERENCE: ClassVar[None] = None

    def completed(self, trace, policy):
        return trace

    def hindsight(self, trace):
        return None

    def judge(self, trace, policy, metrics, hindsight):
        return {}


# jobs that take time


class Router(policy.Policy):
    """Told the queues' lengths, names the server of each job."""

    def route(self, job, n_waiting):
        return 0


class Shortest(Router):
    def route(self, job, n_waiting):
        return int(np.argmin(n_waiting))


class Beyond(Router):
    def route(self, job, n_waiting):
        return 9 if job.index == 2 else 0


class Breaks(Router):
    def route(self, job, n_waiting):
        if job.index == 1:
            raise RuntimeError("no road")
        return 0


class Farm:
    def __init__(self, n_servers, n_jobs):
        self.env = simpy.Environment()
        self.servers = [simpy.Resource(self.env) for _ in range(n_servers)]
        self.response_s = np.full(n_jobs, np.nan)
        self.now = 0
        self.wrong = NONE

    def job(self, server, job):
        with self.servers[server].request() as turn:
            yield turn
            yield self.env.timeout(job.size_s)
        self.response_s[job.index] = self.env.now - job.time_s


def serve(farm, router, jobs, start, stop):
    for i in range(start, stop):
        farm.now = i
        job = jobs[i]
        if job.time_s > farm.env.now:
            farm.env.run(until=job.time_s)
        server = router.route(job, [s.count + len(s.queue) for s in farm.servers])
        if not 0 <= server < len(farm.servers):
            farm.wrong = server
            return
        farm.env.process(farm.job(server, job))
        farm.env.step()  # it joins its queue before the next one looks
    if stop == jobs.n:
        farm.env.run()


class FarmRun:
    loop = staticmethod(serve)
    why_interpreted = "time passes on SimPy"

    def __init__(self, trace, router, n_servers):
        self.name = type(router).__name__
        self.n_rows = len(trace)
        self.farm = Farm(n_servers, len(trace))
        router.begin(None, None)
        jobs = Rows("Job", len(trace), {"time_s": trace["time_s"], "size_s": trace["size_s"]})
        self.objects: dict[str, Any] = {"farm": self.farm, "router": router, "jobs": jobs}

    @property
    def now(self):
        return self.farm.now

    def illegal(self):
        if self.farm.wrong == NONE:
            return None
        return f"{self.name} sent job {self.now} to server {self.farm.wrong}; there are {len(self.farm.servers)}"

    def counters(self):
        return {"finished": float(np.isfinite(self.farm.response_s).sum())}

    def metrics(self):
        return {"response_mean_s": float(self.farm.response_s.mean())}

    def notices(self):
        return []

    def decisions(self):
        return None


@dataclass(frozen=True)
class Dispatch(Plain):
    n_servers: int = 2
    domain: ClassVar[str] = "jobs"
    METRICS: ClassVar[tuple] = (Metric("response_mean_s", "s", "lower", "from arrival to end"),)
    Setting: ClassVar[type] = object

    def begin(self, trace, policy, rng, *, record=False):
        return FarmRun(trace, policy, self.n_servers)


JOBS = Trace("jobs", "jobs", {"time_s": np.array([0.0, 0.0, 1.0, 9.0]), "size_s": np.array([3.0, 2.0, 1.0, 1.0])})


def test_jobs_with_durations_wait_for_each_other_on_simpy():
    # server 0: jobs 0 (0-3) and 2, which finds one job on each and waits from 1 to 3; server 1: job 1; job 3 finds both idle
    result = replay(JOBS, Dispatch(), Shortest(), mode="auto")
    assert result.metrics["response_mean_s"] == (3 + 2 + 3 + 1) / 4
    assert result.engine == "interpreted"
    assert result.notices == ("Shortest runs interpreted: time passes on SimPy",)
    assert result.timeline["finished"].sum() == 4
    assert replay(JOBS, Dispatch(), Router()).metrics["response_mean_s"] == (3 + 5 + 5 + 1) / 4


def test_a_system_with_durations_stops_at_illegal_decisions_and_errors_as_any_other():
    with pytest.raises(IllegalDecision, match="Beyond sent job 2 to server 9; there are 2"):
        replay(JOBS, Dispatch(), Beyond())
    with pytest.raises(PolicyError, match="Breaks raised RuntimeError at request 1: no road"):
        replay(JOBS, Dispatch(), Breaks())
    with pytest.raises(CannotCompile, match="time passes on SimPy"):
        replay(JOBS, Dispatch(), Shortest(), mode="compiled")


# rows that are whole instances


class Chooser(policy.Policy):
    """Given an instance, its items' values and weights, names the item to take."""

    def choose(self, values, weights):
        return 0


class Densest(Chooser):
    def choose(self, values, weights):
        best = 0
        for k in range(len(values)):
            if values[k] * weights[best] > values[best] * weights[k]:
                best = k
        return best


class Instances(Structure):
    """Ragged columns as a loop reads them."""

    def __init__(self, values, weights):
        self.values = values.values
        self.weights = weights.values
        self.offsets = values.offsets

    def values_of(self, i):
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    def weights_of(self, i):
        return self.weights[self.offsets[i] : self.offsets[i + 1]]


class Score(Structure):
    def __init__(self, n):
        self.now = 0
        self.chosen = np.zeros(n, np.int64)
        self.gained = 0.0
        self.is_wrong = False


def choose_all(score, chooser, instances, start, stop):
    for i in range(start, stop):
        score.now = i
        values = instances.values_of(i)
        item = chooser.choose(values, instances.weights_of(i))
        if item < 0 or item >= len(values):
            score.is_wrong = True
            return
        score.chosen[i] = item
        score.gained += values[item]


class ChoiceRun:
    loop = staticmethod(choose_all)

    def __init__(self, trace, chooser):
        self.n_rows = len(trace)
        self.score = Score(len(trace))
        chooser.begin(None, None)
        instances = Instances(trace["values"], trace["weights"])
        self.objects = {"score": self.score, "chooser": chooser, "instances": instances}

    @property
    def now(self):
        return self.score.now

    def illegal(self):
        return f"no such item in instance {self.now}" if self.score.is_wrong else None

    def counters(self):
        return {"gained": self.score.gained}

    def metrics(self):
        return {"gained": self.score.gained, "chosen": tuple(self.score.chosen.tolist())}

    def notices(self):
        return []

    def decisions(self):
        return None


@dataclass(frozen=True)
class Choice(Plain):
    domain: ClassVar[str] = "choice"
    METRICS: ClassVar[tuple] = (Metric("gained", "", "higher", "value of the chosen items"),)
    Setting: ClassVar[type] = object

    def begin(self, trace, policy, rng, *, record=False):
        return ChoiceRun(trace, policy)


def test_a_row_that_is_a_whole_instance_compiles_as_any_other():
    rng = np.random.default_rng(1)
    sizes = rng.integers(1, 6, 50)
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    columns = {name: Ragged(rng.random(offsets[-1]), offsets) for name in ("values", "weights")}
    trace = Trace("instances", "choice", columns)
    plain, compiled = (replay(trace, Choice(), Densest(), mode=mode) for mode in ("interpreted", "compiled"))
    assert (plain.engine, compiled.engine) == ("interpreted", "compiled")
    assert plain.metrics == compiled.metrics
    density = [trace["values"][i] / trace["weights"][i] for i in range(50)]
    assert plain.metrics["chosen"] == tuple(int(np.argmax(each)) for each in density)
    assert plain.timeline["gained"].sum() == pytest.approx(plain.metrics["gained"])
