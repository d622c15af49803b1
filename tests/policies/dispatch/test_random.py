"""random: every server alike, whatever its state."""

import numpy as np

from tests.policies.dispatch.servers import routes


def test_each_server_gets_its_share_and_none_is_avoided():
    counts = np.bincount(routes("random", np.zeros(4000), np.full(4000, 9.0), 4), minlength=4)
    assert abs(counts - 1000).max() < 5 * np.sqrt(4000 * 0.25 * 0.75)
