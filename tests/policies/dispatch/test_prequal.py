"""prequal: cold servers of least latency, by a pool of recent answers."""

import numpy as np
import pytest

from policies.dispatch.prequal import Prequal
from sim.core.errors import InputError
from sim.core.seeds import stream
from tests.domains.dispatch.farms import run
from tests.policies.dispatch.servers import routes
from workloads import dispatch


def pool_of(*answers, q):
    """A pool of answers (RIF, latency)."""
    policy = Prequal(q=q)
    policy.size = len(answers)
    policy.rif = np.array([rif for rif, _ in answers])
    policy.latency = np.array([latency for _, latency in answers], float)
    return policy


def test_of_cold_answers_the_least_latency_is_taken():
    """RIFs 1, 2, 3, 9: at q = 0.5 the limit is 3, so the answer of 9 is hot though it is quickest."""
    assert pool_of((1, 5), (2, 4), (3, 3), (9, 1), q=0.5).best() == 2
    assert pool_of((1, 5), (2, 4), (3, 3), (9, 1), q=1.0).best() == 3


def test_at_quantile_0_requests_in_flight_alone_decide():
    assert pool_of((3, 1), (1, 9), (2, 2), q=0.0).best() == 1


def test_the_worst_answer_is_the_hottest_and_of_these_the_slowest():
    assert pool_of((3, 1), (5, 2), (5, 4), q=0.8).worst() == 2


def test_each_job_costs_its_probes_and_does_better_than_chance():
    trace = dispatch.poisson(stream(1, "workload"), rate=18.0, n_jobs=10_000)
    metrics = run("prequal", trace, 20).metrics
    assert metrics["probes_per_job"] == 3
    assert metrics["response_mean"] < 0.5 * run("random", trace, 20).metrics["response_mean"]


def test_it_learns_which_servers_are_slow():
    """Half of the servers work at a quarter of the speed: they get less than half of a fast one's jobs."""
    trace = dispatch.poisson(stream(1, "workload"), rate=5.0, n_jobs=10_000)
    chosen = np.bincount(run("prequal", trace, 10, speeds="5x1,5x0.25").decisions.subject, minlength=10)
    assert chosen[5:].mean() < 0.5 * chosen[:5].mean()


@pytest.mark.parametrize("wrong", ["pool=0", "probes=0", "uses=0", "q=1.5", "age=0"])
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(InputError, match="prequal: "):
        routes(f"prequal,{wrong}", [0], [1], 2)
