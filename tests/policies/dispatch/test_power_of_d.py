"""power_of_d: the shortest of d queues drawn at random."""

import numpy as np
import pytest

from sim.core.errors import InputError
from tests.domains.dispatch.farms import jobs, run
from tests.policies.dispatch.servers import routes


def test_with_as_many_choices_as_servers_it_finds_the_shortest_queue():
    for seed in range(5):
        assert set(routes("power_of_d,d=4", [0, 0, 0, 0], [9] * 4, 4, seed=seed)) == {0, 1, 2, 3}


def test_the_servers_asked_are_different_and_counted():
    """Of two servers two are asked, so the second job never joins the first."""
    for seed in range(10):
        assert len(set(routes("power_of_d", [0, 0], [9, 9], 2, seed=seed))) == 2
    assert run("power_of_d,d=3", jobs([0, 1], [1, 1]), 5).metrics["probes_per_job"] == 3


def test_the_longest_of_three_queues_gets_a_job_of_two_choices_never():
    """Servers with 0, 1 and 2 jobs: the last is asked only beside a shorter one."""
    seen = {routes("power_of_d", np.zeros(40), np.full(40, 1e9), 3, seed=seed)[-1] for seed in range(20)}
    assert seen == {0, 1, 2}  # balanced, so any may be last
    counts = np.bincount(routes("power_of_d", np.zeros(300), np.full(300, 1e9), 3, seed=1))
    assert counts.max() - counts.min() <= 4


@pytest.mark.parametrize("d", [0, 4])
def test_it_cannot_ask_more_servers_than_there_are(d):
    with pytest.raises(InputError, match=f"asks d different servers, 1 to 3, got d={d}"):
        routes(f"power_of_d,d={d}", [0], [1], 3)
