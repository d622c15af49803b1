import numpy as np
import pytest
from hypothesis import given

from policies.paging.follow_pred import FollowPred
from policies.paging.ftp import FTP
from policies.paging.marker import Marker
from policies.paging.robust_ftp import RobustFTP
from sim.core.errors import InputError
from sim.domains.paging import truth
from tests.policies.paging.states import following, instances, perfect
from tests.worked import golden, misses, run


def robust(**parameters):
    return RobustFTP(of=(Marker(), FTP()), **parameters)


def test_it_follows_states_that_are_right_and_marker_where_they_are_wrong():
    trace, capacity, seeds = golden(), 20, range(8)
    optimum = truth.optimum(trace, capacity)
    right = perfect(trace, capacity)
    wrong = following(trace, -truth.next_use(trace).astype(float), capacity)  # keeps what is needed last
    marker = np.mean([misses(Marker(), trace, capacity, seed=seed) for seed in seeds])
    assert misses(FTP(), wrong, capacity) > 1.8 * marker
    assert np.mean([misses(robust(), wrong, capacity, seed=seed) for seed in seeds]) < 1.2 * marker
    assert optimum < np.mean([misses(robust(), right, capacity, seed=seed) for seed in seeds]) < 1.1 * optimum


def test_the_published_experiments_take_follow_pred_in_place_of_ftp():
    trace = following(golden(), np.arange(1000.0) + 50, 20).with_column("predicted_next_use", np.arange(1000.0) + 50)
    with_states = run(robust(), trace, 20)
    with_next_use = run(RobustFTP(of=(Marker(), FollowPred())), trace, 20)
    assert with_states.decisions.same_as(with_next_use.decisions)


@given(instances())
def test_it_never_beats_the_optimum_and_both_forms_agree(instance):
    trace, capacity = instance
    forms = [run(robust(), trace, capacity, mode=mode) for mode in ("interpreted", "compiled")]
    assert forms[0].decisions.same_as(forms[1].decisions)
    assert forms[0].metrics["misses"] >= truth.optimum(trace, capacity)


def test_a_rate_outside_its_range_is_refused():
    with pytest.raises(InputError, match="eps"):
        misses(robust(eps=1.0), perfect(golden(), 20), 20)
