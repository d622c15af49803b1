"""least_predicted_work: done first by what is predicted."""

import numpy as np
import pytest

from tests.policies.dispatch.servers import routes


def test_predictions_are_believed():
    assert routes("least_predicted_work", [0, 0, 0], [9, 1, 1], 2, predicted_size=[1, 9, 1]) == [0, 1, 0]


def test_a_job_longer_than_predicted_hides():
    """At 3, the job predicted 1 still runs on server 0, and nothing is expected of it."""
    assert routes("least_predicted_work", [0, 0, 3], [99, 5, 1], 2, predicted_size=[1, 5, 1]) == [0, 1, 0]


@pytest.mark.parametrize("discipline", ["fcfs", "ps", "srpt"])
def test_with_true_predictions_it_is_least_work(discipline):
    rng = np.random.default_rng(1)
    time, size = np.cumsum(rng.exponential(0.3, 500)), rng.exponential(1, 500)
    one = routes("least_predicted_work", time, size, 4, predicted_size=size, discipline=discipline)
    assert one == routes("least_work", time, size, 4, discipline=discipline)
