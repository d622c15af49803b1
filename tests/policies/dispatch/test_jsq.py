"""jsq: the fewest jobs, ties at random."""

import numpy as np

from tests.policies.dispatch.servers import routes


def test_a_job_joins_the_only_shortest_queue():
    first, second, third = routes("jsq", [0, 0, 3], [9, 1, 1], 2)
    assert {first, second} == {0, 1} and third == second  # the one of 1 is done by then


def test_work_does_not_count_only_jobs_do():
    """Two short jobs on one server are more than one endless on the other."""
    for seed in range(5):
        first, second, third, fourth = routes("jsq", [0, 1, 2, 3], [1e6, 4, 1, 1], 2, seed=seed)
        assert second != first and {third, fourth} == {0, 1}


def test_ties_are_drawn_evenly():
    counts = np.bincount([routes("jsq", [0], [1], 4, seed=seed)[0] for seed in range(400)], minlength=4)
    assert counts.min() > 60
