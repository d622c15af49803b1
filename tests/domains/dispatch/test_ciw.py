"""Shared scenarios against Ciw, job by job."""

import numpy as np
import pytest

from sim.domains import dispatch
from tests.domains.dispatch.farms import played
from workloads.dispatch import poisson

ciw = pytest.importorskip("ciw", reason="Ciw is not installed")
from tests.domains.dispatch import ciws  # noqa: E402


class Shortest(dispatch.Policy):
    """The first of the shortest queues."""

    def route(self, job, view):
        return int(np.argmin(view.queue))


def mine(policy, trace, servers, **setting):
    ledger = played(policy, trace, servers, **setting).ledger
    return ledger.finished - ledger.arrived


@pytest.fixture(scope="module")
def trace():
    made = poisson(np.random.default_rng(4), rate=2.6, n_jobs=1500, sizes="hyperexponential:cv2=3")
    return made.with_column("time", made["time"] - made["time"][0])


def test_one_central_queue(trace):
    theirs = ciws.responses(trace, None, 3, central=True)
    assert np.allclose(mine("least_work", trace, 3), theirs, rtol=1e-6, atol=1e-8)


def test_the_shortest_queue(trace):
    theirs = ciws.responses(trace, ciw.routing.LoadBalancing([2, 3, 4], tie_break="order"), 3)
    assert np.allclose(mine(Shortest(), trace, 3), theirs, rtol=1e-6, atol=1e-8)


def test_servers_in_turn(trace):
    theirs = ciws.responses(trace, ciw.routing.Cycle([2, 3, 4]), 3)
    assert np.allclose(mine("round_robin", trace, 3), theirs, rtol=1e-6, atol=1e-8)


def test_processor_sharing(trace):
    theirs = ciws.responses(trace, ciw.routing.Cycle([2, 3, 4]), 3, discipline="ps")
    assert np.allclose(mine("round_robin", trace, 3, discipline="ps"), theirs, rtol=1e-6, atol=1e-8)
