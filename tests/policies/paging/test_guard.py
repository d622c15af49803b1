import numpy as np
import pytest

from policies.paging.discard_bit import DiscardBit
from policies.paging.follow_pred import FollowPred
from policies.paging.gdsf import GDSF
from policies.paging.guard import Guard
from policies.paging.lru import LRU
from sim.core.errors import InputError
from sim.domains import paging
from tests.contracts.paging.subjects import predicted as with_predictions
from tests.worked import evictions, golden, run, trace_of


class Newest(paging.Policy):
    """Finds worst what was loaded last; as a user might write it."""

    def begin(self, setting, rng):
        self.loaded = np.zeros(setting.n_pages)
        self.is_resident = np.zeros(setting.n_pages, np.bool_)

    def admit(self, request):
        self.loaded[request.page] = request.index
        self.is_resident[request.page] = True

    def evict(self, request):
        newest = -1
        for page in range(len(self.loaded)):
            if self.is_resident[page] and (newest < 0 or self.loaded[page] > self.loaded[newest]):
                newest = page
        self.forget(newest)
        return newest

    def forget(self, page):
        self.is_resident[page] = False

    def score(self, page):
        return self.loaded[page]


def predicted(pages, *values):
    return trace_of(pages).with_column("predicted_next_use", np.array(values, float))


def bits(pages, values):
    return trace_of(pages).with_column("discard_bit", np.array([value == "1" for value in values]))


def test_a_page_evicted_in_this_phase_comes_back_for_one_not_requested_in_it():
    # c evicts b, the base's choice; when b is back the base would evict c, the guard lets a go
    trace = predicted("abcb", 5, 9, 20, 1)
    assert evictions(FollowPred(), trace, 2) == ["b", "c"]
    assert evictions(Guard(base=FollowPred()), trace, 2) == ["b", "a"]
    assert evictions(Guard(base=DiscardBit()), bits("abcb", "0110"), 2) == ["b", "a"]
    assert evictions(Guard(base=Newest()), "abcb", 2) == ["b", "a"]


def test_it_stays_under_guard_for_the_rest_of_the_phase():
    # b is back and predicted furthest of all; for e the base's choice among the unguarded leaves, d
    trace = predicted("abcdbe", 5, 9, 7, 20, 50, 0)
    runs = {tuple(evictions(Guard(base=FollowPred()), trace, 3, seed=seed)) for seed in range(40)}
    assert runs == {("b", "a", "d"), ("b", "c", "d")}


def test_a_guard_relaxed_to_the_second_error_follows_the_base_at_the_first():
    trace = predicted("abcb", 5, 9, 20, 1)
    assert evictions(Guard(base=FollowPred(), relax_times=2), trace, 2) == ["b", "c"]
    assert evictions(Guard(base=FollowPred(), relax_prob=1.0), trace, 2) == ["b", "c"]


def test_a_base_without_a_score_is_refused():
    with pytest.raises(InputError, match=r"guard needs a base with score\(page\), and LRU has none"):
        run(Guard(base=LRU()), "ab", 2)


@pytest.mark.parametrize("base", [DiscardBit(), GDSF(), Newest()], ids=["discard_bit", "gdsf", "of a user"])
def test_it_compiles_around_other_bases_than_its_default(base):
    trace = with_predictions(golden(), 10)
    forms = [run(Guard(base=base), trace, 10, mode=mode).decisions for mode in ("interpreted", "compiled")]
    assert forms[0].same_as(forms[1])
