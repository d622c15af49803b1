"""Long runs against closed forms: each within the run's own 95 % interval, widened to what holds for all of them together."""

import math

import numpy as np
import pytest

from sim.domains.dispatch import Policy
from sim.domains.dispatch.measures import N_BATCHES
from tests.domains.dispatch import theory
from tests.domains.dispatch.farms import jobs, played, run
from workloads import dispatch, job_sizes

N = 300_000


def poisson(rate, seed=1, n=N, sizes="exponential"):
    return dispatch.poisson(np.random.default_rng(seed), rate=rate, n_jobs=n, sizes=sizes)


def predicted(requests, seed=2):
    """Predictions exponential with mean = true size."""
    return dispatch.size(requests, None, np.random.default_rng(seed), exponential=True)


def found(policy, requests, servers, **setting):
    return run(policy, requests, servers, mode="compiled", warmup=0.1, **setting).metrics


def assert_queues_by_little(metrics, rate):
    """Little's law: as many jobs are in the system as come in the time that one spends there."""
    assert metrics["jobs_mean"] == pytest.approx(rate * metrics["response_mean"], rel=0.03)


def assert_within(metrics, expected):
    """Twice the half width: batch means of heavy load are correlated still, and many figures are looked at."""
    assert metrics["response_mean"] == pytest.approx(expected, abs=2 * metrics["response_error"], rel=0)
    assert metrics["response_error"] < 0.2 * expected


@pytest.mark.parametrize("rho", [0.5, 0.8, 0.9])
def test_mm1(rho):
    """Mean, the exponential law of response times at its marks, and the jobs in the system."""
    metrics = found("round_robin", poisson(rho), 1)
    assert_within(metrics, 1 / (1 - rho))
    assert metrics["utilisation"] == pytest.approx(rho, rel=0.02)
    relative = 2 * metrics["response_error"] / metrics["response_mean"]
    for name, above in (("p50", 2), ("p90", 10), ("p99", 100)):
        expected = math.log(above) / (1 - rho)
        assert metrics[f"response_{name}"] == pytest.approx(expected, rel=max(2 * relative, 0.05))
    assert metrics["jobs_mean"] == pytest.approx(rho / (1 - rho), rel=relative + 0.02)
    assert_queues_by_little(metrics, rho)


class Meets(Policy):
    """Notes the jobs that each one meets at the only server."""

    def begin(self, setting, rng):
        self.met = np.zeros(setting.n_jobs, np.int64)

    def route(self, job, view):
        self.met[job.index] = view.queue[0]
        return 0


def test_mm1_holds_k_jobs_as_often_as_a_geometric_law_says():
    """Poisson arrivals see time averages: P(N = k) = (1 - rho) rho^k."""
    policy = Meets()
    played(policy, poisson(0.5, n=60_000), 1)
    shares = np.bincount(policy.met)[:5] / len(policy.met)
    assert shares == pytest.approx(0.5 ** np.arange(1, 6), abs=0.015)


@pytest.mark.parametrize(("c", "rho"), [(2, 0.5), (5, 0.9), (10, 0.9), (10, 0.95), (100, 0.9)])
def test_least_work_is_the_central_queue_of_erlang(c, rho):
    assert theory.mmc(c, rho) == pytest.approx(ERLANG[c, rho], abs=5e-5)
    metrics = found("least_work", poisson(c * rho), c)
    assert_within(metrics, theory.mmc(c, rho))
    assert_queues_by_little(metrics, c * rho)


ERLANG = {
    (2, 0.5): 1.3333,
    (5, 0.9): 2.5250,
    (10, 0.9): 1.6687,
    (10, 0.95): 2.6512,
    (100, 0.9): 1.0217,
    (2, 0.9): 5.2632,
}

WAITS = {
    (2, 0.9): 0.8526,
    (5, 0.9): 0.7625,
    (10, 0.9): 0.6687,
    (10, 0.95): 0.8256,
    (100, 0.9): 0.2169,
    (100, 0.95): 0.5065,
}


def test_jobs_of_the_central_queue_wait_as_often_as_erlang_says():
    for (c, rho), probability in WAITS.items():
        assert theory.erlang_c(c, rho) == pytest.approx(probability, abs=5e-5)
    requests = poisson(4.5, n=40_000)
    ledger = played("least_work", requests, 5).ledger
    waits = ledger.finished - ledger.arrived - requests["size"] > 1e-9
    assert waits.mean() == pytest.approx(WAITS[5, 0.9], abs=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("c", "rho"), [(1, 0.9), (2, 0.9)])
def test_heavy_load_over_more_jobs(c, rho):
    assert_within(found("least_work", poisson(c * rho, n=3_000_000), c), theory.mmc(c, rho))


def test_least_work_with_first_come_first_served_is_the_central_queue_job_by_job():
    requests = poisson(4.5, n=5000)
    ledger = played("least_work", requests, 5).ledger
    expected = theory.central_queue(requests["time"], requests["size"], 5)
    assert np.allclose(ledger.finished - ledger.arrived, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("sizes", "cv2"),
    [("deterministic", 0.0), ("exponential", 1.0), ("hyperexponential:cv2=10", 10.0), ("uniform", 1 / 3)],
)
def test_the_wait_of_pollaczek_and_khinchine(sizes, cv2):
    metrics = found("round_robin", poisson(0.8, sizes=sizes), 1)
    wait = theory.pollaczek_khinchine(0.8, cv2)
    assert metrics["waiting_mean"] == pytest.approx(wait, abs=2 * metrics["response_error"])


@pytest.mark.parametrize("sizes", ["deterministic", "exponential", "hyperexponential:cv2=10", "weibull:shape=0.5"])
def test_sharing_cares_for_the_mean_size_alone(sizes):
    metrics = found("round_robin", poisson(0.8, sizes=sizes), 1, discipline="ps")
    assert_within(metrics, 5.0)
    assert metrics["slowdown_mean"] == pytest.approx(5.0, rel=0.08)


@pytest.mark.parametrize(
    ("n", "rho", "expected"), [(2, 0.9, 7.5883), (10, 0.9, 5.6603), (2, 0.5, 1.618), (10, 0.5, 1.3246)]
)
def test_turns_make_arrivals_steadier(n, rho, expected):
    assert theory.round_robin(n, rho) == pytest.approx(expected, abs=5e-5)
    assert_within(found("round_robin", poisson(n * rho), n), expected)


@pytest.mark.slow
def test_random_servers_are_queues_by_themselves():
    assert_within(found("random", poisson(8.0), 10), 5.0)


def test_the_mean_field_of_two_choices_is_as_published():
    published = {0.5: 1.2657, 0.7: 1.6145, 0.9: 2.6141, 0.95: 3.3830, 0.99: 5.4320}
    for rho, expected in published.items():
        assert theory.power_of_d(2, rho) == pytest.approx(expected, abs=5e-5)
    for rho in (0.5, 0.7):
        assert found("power_of_d", poisson(100 * rho), 100)["response_mean"] == pytest.approx(published[rho], rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "wait"), [("deterministic", 4.5), ("exponential", 9.0), ("hyperexponential:cv2=10", 49.5)]
)
def test_waits_at_heavy_load_over_more_jobs(sizes, wait):
    assert theory.pollaczek_khinchine(0.9, {4.5: 0.0, 9.0: 1.0, 49.5: 10.0}[wait]) == pytest.approx(wait)
    metrics = found("round_robin", poisson(0.9, n=3_000_000, sizes=sizes), 1)
    assert metrics["waiting_mean"] == pytest.approx(wait, abs=2 * metrics["response_error"])


@pytest.mark.slow
@pytest.mark.parametrize("discipline", ["sjf", "spjf", "psjf", "pspjf", "srpt", "sprpt"])
def test_the_price_of_misprediction_at_heavy_load_over_more_jobs(discipline):
    expected = theory.TABLE[0.9][discipline]
    if discipline in ("sjf", "psjf", "srpt"):
        assert theory.by_size(discipline, 0.9) == pytest.approx(expected, abs=1e-4)
    assert_within(found("round_robin", predicted(poisson(0.9, n=3_000_000)), 1, discipline=discipline), expected)


@pytest.mark.slow
@pytest.mark.parametrize(("d", "expected"), [(2, 2.6141), (3, 2.0279), (10, 1.3487)])
def test_two_choices_are_worth_much(d, expected):
    assert theory.power_of_d(d, 0.9) == pytest.approx(expected, abs=5e-5)
    metrics = found(f"power_of_d,d={d}", poisson(270.0), 300)
    assert metrics["response_mean"] == pytest.approx(expected, rel=0.03)
    assert metrics["probes_per_job"] == d


@pytest.mark.slow
def test_with_many_servers_hardly_a_job_waits_that_joins_an_idle_one():
    for policy in ("join_idle", "jsq"):
        assert found(policy, poisson(270.0), 300)["response_mean"] < 1.05


@pytest.mark.parametrize("rho", [0.5, 0.7, 0.8])
@pytest.mark.parametrize("discipline", ["sjf", "spjf", "psjf", "pspjf", "srpt", "sprpt"])
def test_the_price_of_misprediction(discipline, rho):
    expected = theory.TABLE[rho][discipline]
    if discipline in ("sjf", "psjf", "srpt"):
        assert theory.by_size(discipline, rho) == pytest.approx(expected, abs=1e-4)
    assert_within(found("round_robin", predicted(poisson(rho)), 1, discipline=discipline), expected)


@pytest.mark.parametrize(("true", "by_prediction"), [("sjf", "spjf"), ("psjf", "pspjf"), ("srpt", "sprpt")])
def test_with_true_predictions_a_discipline_is_the_one_of_true_sizes_job_by_job(true, by_prediction):
    requests = poisson(3.6, n=3000)
    requests = requests.with_column("predicted_size", requests["size"])
    one, other = (played("round_robin", requests, 4, discipline=name).ledger for name in (true, by_prediction))
    assert np.array_equal(one.finished, other.finished)


def test_shortest_remaining_time_has_the_least_mean_on_one_server():
    requests = predicted(poisson(0.9, n=3000, sizes="weibull:shape=0.6"))
    means = {
        name: np.mean((ledger := played("round_robin", requests, 1, discipline=name).ledger).finished - ledger.arrived)
        for name in ("srpt", "fcfs", "ps", "sjf", "psjf", "spjf", "pspjf", "sprpt")
    }
    assert min(means, key=means.get) == "srpt"


@pytest.mark.slow
def test_full_servers_turn_jobs_away_as_often_as_erlang_says():
    """M/M/1/1 and M/M/1/3: a job that finds one, or three, is lost."""
    for most in (1, 3):
        metrics = found("round_robin", poisson(0.8, n=200_000), 1, buffer=most)
        probability = (1 - 0.8) * 0.8**most / (1 - 0.8 ** (most + 1))
        assert metrics["rejected"] / 200_000 == pytest.approx(probability, rel=0.03)
        assert metrics["lost"] == metrics["rejected"]


@pytest.mark.slow
def test_a_closed_system_keeps_its_clients():
    """One server, exponential: the machine-repair model, whose throughput the balance equations give."""
    clients, think = 5, 4.0
    requests = dispatch.closed(np.random.default_rng(3), clients=clients, think=think, n_jobs=100_000)
    metrics = found("round_robin", requests, 1)
    weights = [1.0]
    for k in range(clients):
        weights.append(weights[-1] * (clients - k) / think)
    throughput = 1 - weights[0] / sum(weights)
    assert metrics["utilisation"] == pytest.approx(throughput, rel=0.02)
    assert metrics["response_mean"] == pytest.approx(clients / throughput - think, rel=0.04)


@pytest.mark.slow
def test_cut_offs_of_equal_load_make_queues_of_like_sizes():
    requests = poisson(1.4, sizes="pareto:alpha=1.5,low=0.1,high=100")
    metrics = found("sita_e", requests, 2)
    assert metrics["utilisation_max"] - metrics["utilisation_min"] < 0.05
    size = requests["size"]
    cut = np.sort(size)[np.searchsorted(np.cumsum(np.sort(size)), size.sum() / 2)]
    expected = 0.0
    for part in (size[size <= cut], size[size > cut]):
        rate = 1.4 * len(part) / N
        wait = rate * np.mean(part**2) / (2 * (1 - rate * part.mean()))
        expected += len(part) / N * (wait + part.mean())
    assert_within(metrics, expected)


@pytest.mark.slow
def test_servers_that_crash_and_go_on_are_slower_by_their_time_down():
    """Work conserved: the share of the time that a server is up must exceed the load, and it is busy as without crashes."""
    requests = poisson(2.0, n=100_000)
    metrics = found("jsq", requests, 4, up_mean=90.0, down_mean=10.0, on_crash="resume")
    assert metrics["utilisation"] == pytest.approx(0.5, rel=0.03)
    assert metrics["wasted"] == 0 and metrics["lost"] == 0
    assert metrics["response_mean"] > found("jsq", requests, 4)["response_mean"]


def test_the_interval_of_batch_means_covers():
    """Over 40 seeds of M/M/1 at load 0.5, the interval holds the truth about as often as it says."""
    held = [
        abs((m := found("round_robin", poisson(0.5, seed, n=20_000), 1))["response_mean"] - 2) <= m["response_error"]
        for seed in range(40)
    ]
    assert N_BATCHES == 30
    assert sum(held) >= 33


def test_the_second_moment_of_a_bounded_pareto_is_that_of_its_draws():
    given = {"alpha": 1.5, "low": 0.1, "high": 10.0}
    drawn = job_sizes.draw(np.random.default_rng(1), "pareto:alpha=1.5,low=0.1,high=10", 1.0, 400_000)
    mean, second = (job_sizes.pareto_moment(k, **given) for k in (1, 2))
    assert drawn.mean() == pytest.approx(1.0, rel=0.01)
    assert np.mean(drawn**2) == pytest.approx(second / mean**2, rel=0.03)


@pytest.mark.slow
def test_one_choice_is_random_and_all_choices_are_the_shortest_queue_in_law():
    requests = poisson(4.5)
    one, rnd = found("power_of_d,d=1", requests, 5), found("random", requests, 5)
    every, jsq = found("power_of_d,d=5", requests, 5), found("jsq", requests, 5)
    assert one["response_mean"] == pytest.approx(
        rnd["response_mean"], abs=one["response_error"] + rnd["response_error"]
    )
    assert every["response_mean"] == pytest.approx(
        jsq["response_mean"], abs=every["response_error"] + jsq["response_error"]
    )


def test_jobs_of_one_time_leave_before_others_come():
    """At time 2 the first job leaves before the third comes, which so finds server 0 empty."""
    begun = played("jsq", jobs([0, 0, 2], [2, 3, 1]), 2)
    assert begun.ledger.finished.max() == 3.0
