"""Which server a job joins."""

from __future__ import annotations

from dataclasses import field

import numpy as np

from sim.adrs.problem import Feature, Problem, Template
from sim.adrs.program import Program
from sim.domains import dispatch

SERVER = {
    "jobs": Feature("jobs there, the one in service included, as far as the dispatcher was told", "jobs"),
    "sent": Feature("jobs sent there that it was not told of yet; 0 where it sees the queues as they are", "jobs"),
    "speed": Feature("work it does in a unit of time", "work per time"),
    "serving": Feature(
        "time since it last completed a job or, after that, was sent one while empty; 0 while it is empty", "time"
    ),
    "unused": Feature("time since a job was last sent there; since the start where none was", "time"),
    "response": Feature("running mean of the times that jobs took there, 0 before the first", "time"),
    "up": Feature("1 where it works, 0 where it is down"),
    "load": Feature("jobs at a server, mean over the servers looked at", "jobs", of_subject=False),
    "mean_speed": Feature("mean over all servers", "work per time", of_subject=False),
    "mean_size": Feature("mean size of complete jobs, 0 before the first", "work", of_subject=False),
    "mean_left": Feature(
        "what is left on average of a job in service by the sizes so far: half their mean square by their mean",
        "work",
        of_subject=False,
    ),
    "gap": Feature("running mean of the time between arrivals", "time", of_subject=False),
    "news_age": Feature("time since the dispatcher was told of the queues", "time", of_subject=False),
    "servers": Feature("number of servers", of_subject=False),
}

PREDICTED = {
    "size": Feature("of the job, as predicted", "work", of_subject=False),
    "work": Feature("time until it has done what its jobs are predicted to need, at its speed", "time"),
    "usual_size": Feature("running mean of the predicted sizes of jobs sent there, 0 before the first", "work"),
    "usual": Feature("mean of all predicted sizes so far", "work", of_subject=False),
}


class ScoredProgram(dispatch.Scored):
    """`Scored` by a program."""

    codes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    constants: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.program = Program(self.codes, self.constants)

    def score(self, server):
        return self.program.value(self, server)

    def feature(self, k, server):
        return of_server(self, k, server)


class PolledProgram(dispatch.Polled):
    """`Polled` by a program."""

    codes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    constants: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.program = Program(self.codes, self.constants)

    def score(self, server):
        return self.program.value(self, server)

    def feature(self, k, server):
        return of_server(self, k, server)


class InformedProgram(dispatch.Informed):
    """`Informed` by a program."""

    codes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    constants: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.program = Program(self.codes, self.constants)

    def score(self, server):
        return self.program.value(self, server)

    def feature(self, k, server):
        if k == 14:
            return self.size()
        if k == 15:
            return self.work(server)
        if k == 16:
            return self.usual_size(server)
        if k == 17:
            return self.usual()
        return of_server(self, k, server)


def of_server(policy, k, server):
    """The k-th feature of `SERVER`."""
    if k == 0:
        return policy.jobs(server)
    if k == 1:
        return policy.sent(server)
    if k == 2:
        return policy.speed(server)
    if k == 3:
        return policy.serving(server)
    if k == 4:
        return policy.unused(server)
    if k == 5:
        return policy.response(server)
    if k == 6:
        return policy.up(server)
    if k == 7:
        return policy.load()
    if k == 8:
        return policy.mean_speed()
    if k == 9:
        return policy.mean_size()
    if k == 10:
        return policy.mean_left()
    if k == 11:
        return policy.gap()
    if k == 12:
        return policy.news_age()
    return policy.servers()


SCORED = Template(
    name="scored",
    decision="Sends each job to the server of the lowest score, ties at random.",
    base="dispatch.Scored",
    programmed=ScoredProgram,
    hole="score",
    subject="server",
    features=SERVER,
    seeds={
        "jsq": "jobs",
        "shortest_delay": "divide(jobs + 1.0, speed)",
        "random": "1.0",
        "round_robin": "-unused",
        "sent_included": "divide(jobs + sent + 1.0, speed)",
    },
)

POLLED = Template(
    name="polled",
    decision="Asks a few servers drawn at random, and sends the job to the one of the lowest score.",
    base="dispatch.Polled",
    programmed=PolledProgram,
    hole="score",
    subject="server",
    features=SERVER,
    seeds={
        "power_of_d": "jobs",
        "fast_of_d": "divide(jobs + 1.0, speed)",
    },
    parameters={"sample": (2, 16)},
)

INFORMED = Template(
    name="informed",
    decision="Sends each job, whose size is predicted, to the server of the lowest score, ties at random.",
    base="dispatch.Informed",
    programmed=InformedProgram,
    hole="score",
    subject="server",
    features={**SERVER, **PREDICTED},
    seeds={
        "least_predicted_work": "work",
        "first_complete": "work + divide(size, speed)",
        "of_a_size": "work + max(size - usual_size, usual_size - size)",
    },
)

PROBLEM = Problem(
    domain="dispatch",
    system="dispatch",
    task=(
        "Jobs come one after the other; a dispatcher sends each on its arrival to one of several servers, some faster than "
        "others, where it waits for those before it. Sizes vary much and are predicted roughly. Which server?"
    ),
    metric="response_mean",
    baseline="jsq",
    bound=None,
    templates=(SCORED, POLLED, INFORMED),
    rivals=(
        "jsq",
        "shortest_delay",
        "least_predicted_work",
        "calibrated_work",
        "guarded_work",
        "power_of_d",
        "power_of_d_memory",
        "join_idle",
        "prequal",
        "weighted_round_robin",
        "random",
    ),
    tunable={
        "calibrated_work": {"prior": (0.1, 10_000.0)},
        "guarded_work": {"slack": (0, 16)},
        "power_of_d": {"d": (1, 8)},
        "power_of_d_memory": {"d": (1, 8)},
        "prequal": {"pool": (2, 32), "probes": (1, 8), "q": (0.0, 1.0), "age": (0.1, 100.0), "uses": (1, 8)},
    },
    setting={"servers": "8", "speeds": "4x1,2x2,2x4"},
    traces=(
        "workload:poisson,rate=14.4,n_jobs=30000",
        "workload:poisson,rate=12.8,n_jobs=30000,sizes=hyperexponential:cv2=10",
        "workload:poisson,rate=12.8,n_jobs=30000,sizes=lognormal:sigma=1.5",
    ),
    foreign=(
        "workload:mmpp,rate=11.2,burst=3,n_jobs=30000,sizes=weibull:shape=0.5",
        "workload:diurnal,rate=12,swing=0.25,n_jobs=30000,sizes=[pareto:alpha=1.5,low=0.1,high=100]",
    ),
    predictions={"predicted_size": "size:lognormal=1"},
)
