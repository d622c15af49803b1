"""weighted_round_robin: as often as the speed says, evenly spread."""

from tests.policies.dispatch.servers import routes


def test_a_server_twice_as_fast_gets_every_second_job_of_four():
    assert routes("weighted_round_robin", [0] * 8, [1] * 8, 3, speeds="2,1,1") == [0, 1, 2, 0, 0, 1, 2, 0]


def test_the_smooth_order_of_five_one_one():
    """Five to the first, and the others between them, not after them."""
    assert routes("weighted_round_robin", [0] * 7, [1] * 7, 3, speeds="5,1,1") == [0, 0, 1, 0, 2, 0, 0]


def test_with_equal_speeds_it_goes_in_turn():
    assert routes("weighted_round_robin", [0] * 6, [1] * 6, 3) == [0, 1, 2, 0, 1, 2]
