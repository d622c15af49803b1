"""sita_e: by size, with cut-offs of equal load."""

import numpy as np

from tests.policies.dispatch.servers import routes


def test_short_jobs_go_to_the_first_server_and_each_gets_the_same_work():
    """Sizes 1, 1, 2, 4: the three short ones are as much work as the long one."""
    assert routes("sita_e", [0, 1, 2, 3], [4, 1, 2, 1], 2) == [1, 0, 0, 0]


def test_a_faster_server_gets_more_work():
    size = np.random.default_rng(2).exponential(1, 5000)
    chosen = np.array(routes("sita_e", np.arange(5000), size, 3, speeds="1,2,3"))
    work = np.bincount(chosen, size)
    assert np.allclose(work / work.sum(), [1 / 6, 2 / 6, 3 / 6], atol=0.01)
    assert size[chosen == 0].max() <= size[chosen == 1].min()
