"""shortest_delay: jobs there and one more, by the speed; ties at random."""

from tests.policies.dispatch.servers import routes


def test_a_fast_server_with_jobs_is_joined_as_long_as_it_is_sooner_done():
    """Of speeds 4 and 1 the first is done after 1/4, 2/4, 3/4 of a mean job, the second after 1; the fourth job is a tie."""
    assert routes("shortest_delay", [0, 0, 0], [9, 9, 9], 2, speeds="4,1") == [0, 0, 0]
    ties = {tuple(routes("shortest_delay", [0] * 4, [9] * 4, 2, speeds="4,1", seed=seed)) for seed in range(20)}
    assert ties == {(0, 0, 0, 0), (0, 0, 0, 1)}


def test_with_equal_speeds_it_is_jsq_draw_by_draw():
    time, size = [0, 0, 1, 1, 2, 2, 3, 5], [9, 2, 4, 1, 6, 1, 1, 3]
    for seed in range(5):
        assert routes("shortest_delay", time, size, 3, seed=seed) == routes("jsq", time, size, 3, seed=seed)
