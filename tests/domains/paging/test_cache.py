"""The rules, by small examples: who is resident, what counts, what leaves without being asked."""

import numpy as np
import pytest

from policies.paging.lru import LRU
from sim.core.errors import IllegalDecision, InputError
from sim.core.operations import Operation
from sim.domains import paging
from sim.domains.paging.cache import BYPASS, RELEASE
from tests.worked import golden, run, trace_of


class Picky(LRU):
    """Lets in only what was requested before."""

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.seen = np.zeros(setting.n_pages, np.bool_)

    def wants(self, request):
        was_seen = self.seen[request.page]
        self.seen[request.page] = True
        return was_seen


class Forgetful(LRU):
    """Drops everything after every third request."""

    def release(self, request):
        return self.order.pop_back() if request.index % 3 == 2 else -1


class WrongRelease(LRU):
    def release(self, request):
        return 1 if request.index == 0 else -1


class Answers(LRU):
    """Gives the text of its parameter, as Python reads it, for a page."""

    verb: str = "evict"
    text: str = "None"

    def answer(self, verb):
        return eval(self.text) if verb == self.verb else -1

    def evict(self, request):
        return self.answer("evict")

    def release(self, request):
        return self.answer("release")


class CannotForget(paging.Policy):
    def evict(self, request):
        return 0


BOTH = pytest.mark.parametrize("mode", ["interpreted", "compiled"])


@BOTH
def test_sized_pages_leave_until_the_new_one_fits(mode):
    trace = trace_of("abcd", size_bytes=np.array([40, 30, 30, 60]))
    result = run(LRU(), trace, 100, sized=True, mode=mode)
    assert result.decisions.subject.tolist() == [0, 1]
    assert result.metrics["byte_miss_ratio"] == 1.0


@BOTH
def test_a_page_larger_than_the_cache_is_a_miss_and_not_let_in(mode):
    trace = trace_of("abba", size_bytes=np.array([40, 200, 200, 40]))
    metrics = run(LRU(), trace, 100, sized=True, mode=mode).metrics
    assert (metrics["misses"], metrics["too_large"], metrics["evictions"]) == (3, 2, 0)
    assert metrics["byte_miss_ratio"] == 440 / 480


@BOTH
def test_the_requests_own_bytes_count_and_the_size_at_load_stays_resident(mode):
    trace = trace_of("aab", size_bytes=np.array([40, 90, 60]))
    metrics = run(LRU(), trace, 100, sized=True, mode=mode).metrics
    assert (metrics["misses"], metrics["evictions"]) == (2, 0)
    assert metrics["byte_miss_ratio"] == 100 / 190


@BOTH
def test_a_bypassed_page_is_a_miss_and_evicts_nothing(mode):
    result = run(Picky(), "abab", 1, mode=mode)
    assert (result.metrics["misses"], result.metrics["bypassed"]) == (4, 2)
    assert result.decisions.kind.tolist().count(BYPASS) == 2


@BOTH
def test_released_pages_leave_unforced_and_are_no_evictions(mode):
    result = run(Forgetful(), "abcabc", 3, mode=mode)
    assert (result.metrics["misses"], result.metrics["evictions"]) == (6, 0)
    assert result.decisions.kind.tolist() == [RELEASE] * 6


@BOTH
def test_releasing_a_page_that_is_not_there_is_illegal(mode):
    with pytest.raises(IllegalDecision, match=r"WrongRelease .* page 1 at request 0"):
        run(WrongRelease(), "ab", 2, mode=mode)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("None", "Answers answered None to {verb} at request {row}; expected a whole number; is a return missing?"),
        ("0.0", "Answers answered 0.0 to {verb} at request {row}; expected a whole number"),
        ("True", "Answers answered True to {verb} at request {row}; expected a whole number"),
        ("'a'", "Answers answered 'a' to {verb} at request {row}; expected a whole number"),
    ],
)
@pytest.mark.parametrize(("verb", "row"), [("evict", 1), ("release", 0)])
def test_an_answer_that_is_no_page_is_illegal(verb, row, text, expected):
    with pytest.raises(IllegalDecision) as caught:
        run(Answers(verb=verb, text=text), "ab", 1, mode="auto")
    assert str(caught.value) == expected.format(verb=verb, row=row)


class ForgetsToReturn(LRU):
    def evict(self, request):
        self.order.pop_back()


def test_a_forgotten_return_is_said_whichever_form_is_tried_first():
    with pytest.raises(IllegalDecision, match=r"answered None to evict at request 1; .* is a return missing\?"):
        run(ForgetsToReturn(), "ab", 1, mode="auto")


@BOTH
def test_a_page_expires_when_its_time_to_live_is_over(mode):
    trace = trace_of("aaa", time_s=np.array([0.0, 5.0, 20.0]), ttl_s=np.array([10.0, 0.0, 0.0]))
    metrics = run(LRU(), trace, 2, mode=mode).metrics
    assert (metrics["misses"], metrics["expired"]) == (2, 1)
    assert run(LRU(), trace, 2, mode=mode, ttl=False).metrics["misses"] == 1


@BOTH
def test_a_delete_removes_the_page_and_is_no_request(mode):
    trace = trace_of("aaa", op=np.array([Operation.GET, Operation.DELETE, Operation.GET], np.uint8))
    metrics = run(LRU(), trace, 2, mode=mode).metrics
    assert (metrics["requests"], metrics["misses"]) == (2, 2)


def test_a_trace_that_removes_pages_is_refused_for_a_policy_that_cannot_forget():
    trace = trace_of("aaa", time_s=np.array([0.0, 5.0, 20.0]), ttl_s=np.array([10.0, 0.0, 0.0]))
    with pytest.raises(InputError, match="CannotForget cannot forget: it has no verb forget"):
        run(CannotForget(), trace, 2)


@BOTH
@pytest.mark.parametrize("warmup", [0, 1, 500, 999])
def test_warm_up_requests_are_played_and_left_out_of_the_figures(warmup, mode):
    whole = run(LRU(), golden(), 10)
    later = run(LRU(), golden(), 10, warmup=warmup, mode=mode)
    assert later.metrics["requests"] == 1000 - warmup
    early = run(LRU(), golden().rows(0, warmup), 10).metrics["misses"] if warmup else 0
    assert later.metrics["misses"] == whole.metrics["misses"] - early
    assert later.decisions.same_as(whole.decisions)


@BOTH
def test_warming_up_until_full_counts_from_the_first_eviction_on(mode):
    metrics = run(LRU(), "abacdab", 3, warmup=-1, mode=mode).metrics
    assert (metrics["requests"], metrics["misses"]) == (3, 2)


def test_a_clairvoyant_part_in_a_policy_that_is_not_is_refused():
    class Seer(paging.Policy):
        clairvoyant = True
        channels = ("next_use",)

        def evict(self, request):
            return 0

    class Innocent(paging.Policy):
        of: paging.Policy

        def evict(self, request):
            return 0

    with pytest.raises(InputError, match="Innocent is not clairvoyant, and its part Seer is"):
        run(Innocent(Seer()), "abc", 2)


def test_a_channel_that_nothing_fills_is_refused_with_the_option_that_would():
    class Reads(paging.Policy):
        channels = ("discard_bit",)

        def evict(self, request):
            return 0

    with pytest.raises(InputError, match="Reads needs predictions of channel discard_bit: give --predict discard"):
        run(Reads(), "abc", 2)


def test_predictions_made_for_another_capacity_are_refused():
    class Reads(paging.Policy):
        channels = ("discard_bit",)

        def evict(self, request):
            return 0

    trace = trace_of("abc").with_column("discard_bit", np.zeros(3, bool), capacity=10)
    with pytest.raises(InputError, match="made for capacity 10, and this run has 2"):
        run(Reads(), trace, 2)


def test_a_policy_never_sees_a_future_column():
    seen = []

    class Looks(paging.Policy):
        def admit(self, request):
            seen.append(request._fields)

        def evict(self, request):
            return 0

    trace = trace_of("ab").with_column("discard_bit", np.ones(2, bool)).with_column("next_use", np.ones(2))
    run(Looks(), trace, 2)
    assert set(seen) == {("index", "page", "size")}
