"""calibrated_work: predictions are worth what they proved to be."""

import numpy as np
import pytest

from policies.dispatch.calibrated_work import CalibratedWork
from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.domains.dispatch import Setting
from tests.domains.dispatch.farms import run
from tests.policies.dispatch.servers import routes
from workloads import dispatch


class Job:
    index, size = 0, 3.0


def begun(n_jobs=10):
    policy = CalibratedWork()
    policy.begin(Setting(2, n_jobs=n_jobs), np.random.default_rng(0))
    return policy


def test_bins_are_powers_of_two():
    policy = begun()
    assert policy.bin_of(2.0) == policy.bin_of(3.9) == policy.bin_of(1.0) + 1 == policy.bin_of(0.5) + 2
    assert 0 <= policy.bin_of(1e-300) < policy.bin_of(1e300) < 128


def test_a_bin_is_worth_the_mean_true_size_of_its_jobs_drawn_to_that_of_all():
    """Forty jobs predicted 3 took 1: with a prior of 10 at the same mean, 1; other bins are worth the mean of all."""
    policy = begun()
    assert policy.expected(policy.bin_of(3.0), 3.0) == 3.0  # nothing is known
    for _ in range(40):
        policy.done(Job, 0, 1.0, 2.0)
    assert policy.expected(policy.bin_of(3.0), 3.0) == 1.0
    Job.size = 100.0
    policy.done(Job, 0, 42.0, 50.0)
    mean = (40 + 42) / 41
    assert policy.expected(policy.bin_of(100.0), 100.0) == pytest.approx((42 + 10 * mean) / 11)
    assert policy.expected(policy.bin_of(1e6), 1e6) == pytest.approx(mean)
    Job.size = 3.0


def trace(rate=9.0, n_jobs=20_000):
    return dispatch.poisson(stream(1, "workload"), rate=rate, n_jobs=n_jobs, sizes="hyperexponential:cv2=10")


def test_useless_predictions_cost_it_little_beside_the_shortest_queue():
    useless = dispatch.size(trace(), None, stream(1, "prediction"), useless=1.0)
    mean = {
        name: run(name, useless, 10).metrics["response_mean"]
        for name in ("calibrated_work", "least_predicted_work", "jsq")
    }
    assert mean["calibrated_work"] < 1.1 * mean["jsq"]
    assert mean["calibrated_work"] < mean["least_predicted_work"]


def test_good_predictions_bring_it_below_the_shortest_queue():
    good = dispatch.size(trace(), None, stream(1, "prediction"))
    mean = {name: run(name, good, 10).metrics["response_mean"] for name in ("calibrated_work", "jsq", "least_work")}
    assert mean["least_work"] < mean["calibrated_work"] < 0.95 * mean["jsq"]


def test_reversed_predictions_are_read_backwards():
    """It learns that what is predicted short is long: an adversary's order is as good as the right one."""
    wrong = dispatch.size(trace(), None, stream(1, "prediction"), reversed=True)
    mean = {
        name: run(name, wrong, 10).metrics["response_mean"]
        for name in ("calibrated_work", "least_predicted_work", "jsq")
    }
    assert mean["calibrated_work"] < mean["jsq"] < mean["least_predicted_work"]


def test_a_prior_out_of_range_is_refused():
    with pytest.raises(InputError, match="prior must be above 0, got 0"):
        routes("calibrated_work,prior=0", [0], [1], 2, predicted_size=[1])
