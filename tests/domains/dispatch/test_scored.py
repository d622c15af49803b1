"""What policies made of one formula know: every feature by hand, and who is chosen by a score."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.domains import dispatch
from tests.domains.dispatch.farms import jobs, played

OF_SERVER = ("jobs", "sent", "speed", "serving", "unused", "response", "up")
OF_ALL = ("load", "mean_speed", "mean_size", "mean_left", "gap", "news_age", "servers")


class Watched(dispatch.Scored):
    """Sends jobs where it is told to, and writes down what it knew then."""

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.known_then = []

    def score(self, server):
        if server == 0:
            self.known_then.append({name: getattr(self, name)() for name in OF_ALL})
        self.known_then[-1] |= {f"{name} {server}": getattr(self, name)(server) for name in OF_SERVER}
        return float(server != self.wanted[self.n_came - 1])


def knew(time, size, wanted, **setting):
    """What it knew at each job, by the names of features and servers."""
    policy = Watched()
    policy.wanted = wanted
    played(policy, jobs(time, size), 2, **setting)
    return policy.known_then


def test_what_is_known_of_servers_and_jobs():
    """Speeds 2 and 1; the jobs are done at 2, 4, 3.5 and later."""
    first, second, third, fourth = knew([0, 1, 3, 5], [4, 3, 1, 2], [0, 1, 0, 0], speeds="2,1")
    assert {first[name] for name in ("load", "mean_size", "mean_left", "gap", "jobs 0", "unused 1", "response 1")} == {
        0
    }
    assert (first["mean_speed"], first["servers"], first["speed 0"], first["speed 1"]) == (1.5, 2, 2, 1)
    assert (second["jobs 0"], second["serving 0"], second["load"], second["gap"]) == (1, 1, 0.5, 1)
    assert (third["jobs 0"], third["serving 0"], third["unused 0"], third["response 0"]) == (0, 0, 3, 2)
    assert (third["jobs 1"], third["serving 1"], third["unused 1"], third["response 1"]) == (1, 2, 2, 0)
    assert (third["mean_size"], third["mean_left"], third["gap"]) == (4, 16 / (2 * 4), 1 + 1 / 64)
    assert (fourth["response 0"], fourth["response 1"]) == (2 + (0.5 - 2) / 8, 3)
    assert fourth["mean_size"] == pytest.approx(8 / 3)
    assert fourth["mean_left"] == (16 + 9 + 1) / (2 * 8)
    assert {known[name] for known in (first, second, third, fourth) for name in ("sent 0", "sent 1", "news_age")} == {0}
    assert {known[name] for known in (first, second, third, fourth) for name in ("up 0", "up 1")} == {1}


def test_a_server_serves_the_next_job_since_it_completed_the_one_before():
    *_, last = knew([0, 1, 5], [4, 9, 1], [0, 0, 1])
    assert last["serving 0"] == 1  # the first was done at 4


def test_jobs_are_sent_until_the_dispatcher_is_told_of_them():
    """Told at 0, 2, 4: the job of time 2 comes after the news of 2, which has the two before it."""
    known = knew([0, 1, 2, 3, 4.5], [9] * 5, [0] * 5, refresh=2.0)
    assert [each["jobs 0"] for each in known] == [0, 0, 2, 2, 4]
    assert [each["sent 0"] for each in known] == [0, 1, 0, 1, 0]
    assert [each["news_age"] for each in known] == [0, 1, 0, 1, 0.5]


def test_news_that_comes_a_while_later_takes_off_what_was_sent_before_it():
    known = knew([0, 0.5, 1, 3], [9] * 4, [0] * 4, delay=1.0)
    assert [each["jobs 0"] for each in known] == [0, 0, 1, 3]
    assert [each["sent 0"] for each in known] == [0, 1, 1, 0]
    assert [each["news_age"] for each in known] == [0, 0.5, 1, 1]


def test_a_server_that_is_down_is_known_to_be():
    policy = Watched()
    policy.begin(dispatch.Setting(2).on(jobs([0], [1])), np.random.default_rng(0))
    policy.look(1, 3, SimpleNamespace(up=np.array([True, False])))
    assert (policy.up(0), policy.up(1), policy.jobs(1)) == (1, 0, 3)


class Informed(dispatch.Informed):
    """Sends all jobs to the first server, and writes down what it knew."""

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.known_then = []

    def score(self, server):
        if server == 0:
            self.known_then.append((self.size(), self.work(0), self.usual_size(0), self.usual()))
        return float(server)


def test_what_is_known_of_predicted_sizes():
    """Speed 2: of a job predicted to be 8, half is left after 2, and with that one of 6, (2 + 6) / 2 of time after 3."""
    policy = Informed()
    played(policy, jobs([0, 2, 3], [7, 7, 7], predicted_size=[8, 6, 2]), 2, speeds="2")
    assert policy.known_then == [(8, 0, 0, 8), (6, 2, 8, 7), (2, 4, 8 + (6 - 8) / 8, 16 / 3)]


class Fixed(dispatch.Scored):
    """Scores as they were set."""

    def score(self, server):
        return self.values[server]


def chosen(values, seed=0):
    policy = Fixed()
    policy.values = values
    return played(policy, jobs([0], [1]), len(values), seed=seed).decisions().subject[0]


def test_the_lowest_score_gets_the_job_and_ties_are_drawn():
    assert chosen([2.0, -1.0, 3.0]) == 1
    assert {chosen([2.0, 1.0, 1.0], seed) for seed in range(20)} == {1, 2}


def test_a_score_that_is_no_number_ranks_last_and_all_the_same_somebody_gets_the_job():
    assert chosen([math.nan, 5.0, math.inf]) == 1
    assert chosen([math.nan, -math.inf, 0.0]) == 1
    assert {chosen([math.nan, math.nan], seed) for seed in range(20)} == {0, 1}


class Polling(dispatch.Polled):
    """The first server is best."""

    def score(self, server):
        return float(server)


def test_only_as_many_as_are_polled_are_asked():
    trace = jobs(range(8), [0.5] * 8)
    few = played(Polling(sample=2), trace, 4)
    assert few.metrics()["probes_per_job"] == 2 and len(set(few.decisions().subject)) > 1
    everyone = played(Polling(sample=9), trace, 4)
    assert everyone.metrics()["probes_per_job"] == 4 and set(everyone.decisions().subject) == {0}


def test_a_sample_of_none_is_refused():
    with pytest.raises(InputError, match="Polling needs a sample of at least 1 server, got 0"):
        played(Polling(sample=0), jobs([0], [1]), 2)
