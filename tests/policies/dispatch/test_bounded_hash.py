"""bounded_hash: a key's server, unless it is full."""

import math

import numpy as np
import pytest

from sim.core.errors import InputError
from tests.policies.dispatch.servers import routes


def test_jobs_of_one_key_go_to_one_server_while_it_has_room():
    key = np.tile([0, 1, 2, 3], 10)
    chosen = np.array(routes("bounded_hash", np.arange(40) * 9.0, np.ones(40), 5, key=key))
    assert all(len(set(chosen[key == k])) == 1 for k in range(4))


def test_no_server_has_more_than_its_share_of_the_jobs_in_the_system():
    """Endless jobs of one key: after m jobs at most ceil(1.25 m / 4) on any of 4 servers, and some server at the cap."""
    chosen = np.array(routes("bounded_hash", np.zeros(40), np.full(40, 1e9), 4, key=np.zeros(40)))
    for m in range(1, 41):
        assert np.bincount(chosen[:m]).max() <= math.ceil(1.25 * m / 4)
    assert np.bincount(chosen).max() == math.ceil(1.25 * 40 / 4)


def test_a_small_eps_balances_and_a_large_one_keeps_keys_together():
    key = np.random.default_rng(1).integers(0, 3, 200)
    most = [
        np.bincount(routes(f"bounded_hash,eps={eps}", np.zeros(200), np.full(200, 1e9), 10, key=key)).max()
        for eps in (0.01, 1000)
    ]
    assert most[0] <= 21 and most[1] >= 60


@pytest.mark.parametrize("wrong", ["eps=0", "eps=-1", "points=0"])
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(InputError, match="bounded_hash: "):
        routes(f"bounded_hash,{wrong}", [0], [1], 2)
