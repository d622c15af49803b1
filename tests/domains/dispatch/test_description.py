"""What jobs look like: a handful of them, counted by hand."""

import math

import numpy as np
import pytest

from sim.study.describe import describe
from tests.domains.dispatch.farms import jobs
from workloads.dispatch import poisson


def test_a_few_jobs_counted_by_hand():
    found = describe(jobs([2, 3, 3, 6], [1, 3, 2, 10], predicted_size=[1, 3, 4, 5], key=[0, 1, 0, 0]))
    assert (found["jobs"], found["span"], found["jobs_per_time"], found["offered_work"]) == (4, 4, 3 / 4, 6 / 4)
    assert (found["mean_size"], found["least_size"], found["largest_size"]) == (4, 1, 10)
    assert found["gap_cv2"] == pytest.approx((10 / 3 - 16 / 9) / (16 / 9))
    assert found["distinct_keys"] == 2
    assert found["mean_error_of_predicted_size"] == pytest.approx(math.log(2) / 2)
    assert "work_share_of_largest_1_percent" not in found


def test_clients_of_a_closed_system_have_no_arrivals_to_tell_of():
    found = describe(jobs([0, 0], [3, 3], client=[0, 0], think=[1, 2]))
    assert (found["clients"], found["mean_think"], "span" in found) == (1, 1.5, False)


def test_a_poisson_process_of_exponential_jobs_has_variations_of_one():
    found = describe(poisson(np.random.default_rng(1), rate=4.0, n_jobs=100_000))
    assert found["gap_cv2"] == pytest.approx(1, abs=0.03) and found["size_cv2"] == pytest.approx(1, abs=0.03)
    assert found["offered_work"] == pytest.approx(4, rel=0.02)
    # the largest tenth of exponential sizes are those above log 10, with 0.1 (1 + log 10) of the work
    assert found["work_share_of_largest_10_percent"] == pytest.approx(0.1 * (1 + math.log(10)), rel=0.02)
