"""round_robin: in turn."""

from tests.policies.dispatch.servers import routes


def test_servers_get_jobs_in_turn_whatever_their_state():
    assert routes("round_robin", [0, 0, 0, 0, 9], [9, 1, 1, 1, 1], 3) == [0, 1, 2, 0, 1]
