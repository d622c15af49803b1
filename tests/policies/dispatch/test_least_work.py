"""least_work: done first with all it has."""

from tests.policies.dispatch.servers import routes


def test_one_long_job_is_more_than_two_short_ones():
    assert routes("least_work", [0, 0, 0, 0], [9, 1, 1, 1], 2) == [0, 1, 1, 1]


def test_work_done_meanwhile_counts():
    """At 6, server 0 has 1 left of 7, server 1 has 2 left of 8."""
    assert routes("least_work", [0, 0, 6], [7, 8, 1], 2) == [0, 1, 0]


def test_a_fast_server_with_more_work_may_be_done_first():
    """6 of work at speed 3 take 2, and 3 at speed 1 take 3."""
    assert routes("least_work", [0, 0, 0, 0], [6, 3, 1, 1], 2, speeds="3,1") == [0, 1, 0, 0]


def test_of_equals_the_first():
    assert routes("least_work", [0, 9, 18], [1, 1, 1], 3) == [0, 0, 0]
