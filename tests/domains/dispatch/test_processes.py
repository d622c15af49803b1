"""The compiled loop's text against SimPy processes: the same response time of every job, whatever goes wrong."""

import numpy as np
import pytest

from sim.domains.dispatch.queues import DISCIPLINES
from tests.domains.dispatch.farms import played
from workloads import dispatch

N_JOBS = 600


def trace(seed, kind="poisson", **options):
    rng = np.random.default_rng(seed)
    if kind == "closed":
        made = dispatch.closed(rng, clients=8, think=2.0, n_jobs=N_JOBS, **options)
    else:
        made = dispatch.poisson(rng, rate=3.4, n_jobs=N_JOBS, **options)
    noise = np.exp(0.7 * np.random.default_rng((seed, 1)).standard_normal(N_JOBS))
    return made.with_column("predicted_size", made["size"] * noise)


def assert_same(policy, requests, servers=4, **setting):
    compiled, processes = (played(policy, requests, servers, simpy=simpy, **setting) for simpy in (False, True))
    mine, theirs = compiled.ledger, processes.ledger
    assert np.allclose(mine.finished, theirs.finished, rtol=1e-9, equal_nan=True)
    assert compiled.decisions().same_as(processes.decisions())
    one, other = compiled.metrics(), processes.metrics()
    assert one.keys() == other.keys()
    given = [name for name, value in one.items() if value is not None]
    assert given == [name for name, value in other.items() if value is not None]
    assert [one[name] for name in given] == pytest.approx([other[name] for name in given], rel=1e-9, abs=1e-9)
    return one


@pytest.mark.parametrize("discipline", DISCIPLINES)
@pytest.mark.parametrize("policy", ["jsq", "power_of_d", "least_predicted_work"])
def test_every_discipline_serves_each_job_as_the_processes_do(discipline, policy):
    assert_same(policy, trace(1), discipline=discipline, speeds="1,1,0.8,1.2")


@pytest.mark.parametrize("discipline", DISCIPLINES)
@pytest.mark.parametrize("on_crash", ["restart", "resume", "move", "lose"])
def test_crashes_and_repairs_do_the_same_to_each_job(discipline, on_crash):
    found = assert_same(
        "jsq", trace(2), discipline=discipline, up_mean=15.0, down_mean=2.0, on_crash=on_crash, retries=2, backoff=0.5
    )
    assert found["crashes"] > 10


@pytest.mark.parametrize("discipline", DISCIPLINES)
@pytest.mark.parametrize("policy", ["join_idle", "least_predicted_work"])
def test_antagonists_slow_servers_alike(discipline, policy):
    found = assert_same(policy, trace(7), discipline=discipline, up_mean=15.0, down_mean=5.0, down_speed=0.3)
    assert found["crashes"] > 10 and found["wasted"] == 0


@pytest.mark.parametrize("discipline", DISCIPLINES)
@pytest.mark.parametrize("cancel", [True, False])
def test_clients_give_up_and_come_again_alike(discipline, cancel):
    found = assert_same(
        "random", trace(3), discipline=discipline, timeout=3.0, retries=2, backoff=0.5, cancel=cancel, buffer=6
    )
    assert found["timeouts"] > 20 and found["retries"] > 20 and found["lost"] > 0


@pytest.mark.parametrize("late", [{"refresh": 2.0}, {"delay": 1.5}])
@pytest.mark.parametrize("policy", ["jsq", "least_work", "least_predicted_work"])
@pytest.mark.parametrize("discipline", ["fcfs", "ps", "srpt"])
def test_the_dispatcher_is_told_late_alike(late, policy, discipline):
    assert_same(policy, trace(4), discipline=discipline, **late)


@pytest.mark.parametrize("setting", [{}, {"timeout": 2.0, "retries": 1}, {"up_mean": 10.0, "on_crash": "lose"}])
def test_clients_of_a_closed_system_go_on_alike(setting):
    assert_same("join_idle", trace(5, "closed"), **setting)


def test_of_events_of_one_time_the_order_is_the_same():
    """Whole numbers everywhere: completions, time-outs, news and arrivals fall together all the time."""
    rng = np.random.default_rng(6)
    made = trace(6)
    made = made.with_column("time", np.sort(rng.integers(0, 300, N_JOBS)).astype(float))
    made = made.with_column("size", rng.integers(1, 5, N_JOBS).astype(float)).with_column(
        "predicted_size", rng.integers(1, 5, N_JOBS).astype(float)
    )
    for discipline in DISCIPLINES:
        assert_same("jsq", made, discipline=discipline, refresh=3.0, timeout=8.0, retries=1)
        assert_same("round_robin", made, discipline=discipline, timeout=5.0, retries=2, cancel=False)
