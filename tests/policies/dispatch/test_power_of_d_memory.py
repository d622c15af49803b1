"""power_of_d_memory: one choice more, from memory, for nothing."""

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.seeds import stream
from tests.domains.dispatch.farms import run
from tests.policies.dispatch.servers import routes
from workloads import dispatch


def test_the_best_server_that_got_no_job_is_remembered():
    """Two servers, one drawn: the second job joins the other server, drawn or remembered, unless only the first is known."""
    for seed in range(20):
        chosen = routes("power_of_d_memory,d=2", [0, 0, 0, 0], [9] * 4, 2, seed=seed)
        assert sorted(chosen) == [0, 0, 1, 1]


def test_memory_makes_one_choice_better_than_none_and_two_better_than_two():
    trace = dispatch.poisson(stream(1, "workload"), rate=18.0, n_jobs=20_000)
    mean = {
        name: run(name, trace, 20).metrics["response_mean"]
        for name in ("random", "power_of_d", "power_of_d_memory,d=1", "power_of_d_memory")
    }
    assert mean["power_of_d_memory,d=1"] < 0.5 * mean["random"]
    assert mean["power_of_d_memory"] < mean["power_of_d"]


def test_what_is_remembered_need_not_be_drawn_again():
    counts = np.bincount(routes("power_of_d_memory,d=1", np.zeros(200), np.full(200, 1e9), 4, seed=3), minlength=4)
    assert counts.min() > 20


def test_it_cannot_draw_more_servers_than_there_are():
    with pytest.raises(InputError, match="1 to 2, got d=3"):
        routes("power_of_d_memory,d=3", [0], [1], 2)
