"""join_idle: idle servers queue for jobs."""

from tests.policies.dispatch.servers import routes


def test_the_server_that_is_idle_longest_comes_first():
    """All are idle at first, in order; at 5 server 1 has been idle since 2, server 0 since 4."""
    assert routes("join_idle", [0, 0, 5, 5], [4, 2, 1, 1], 2) == [0, 1, 1, 0]


def test_where_none_is_idle_the_server_is_drawn():
    chosen = {routes("join_idle", [0, 0, 0], [9, 9, 9], 2, seed=seed)[2] for seed in range(20)}
    assert chosen == {0, 1}


def test_a_server_that_got_a_job_is_idle_no_more():
    assert routes("join_idle", [0, 1, 2], [9, 9, 9], 3) == [0, 1, 2]
