"""Paging in time: worked by hand, held against queueing formulas, and judged by the same rules as SimPy processes."""

import numpy as np
import pytest

from policies.paging.lru import LRU
from policies.paging.marker import Marker
from sim.core.engine import replay
from sim.core.errors import InputError
from sim.core.operations import Operation
from sim.core.seeds import stream
from sim.domains import paging
from sim.domains.paging import timed
from tests.worked import golden, run, trace_of


def play(policy, trace, capacity, *, mode="interpreted", seed=0, **setting):
    system = timed.System(timed.Setting(capacity, **setting))
    return replay(trace, system, policy, mode=mode, seed=seed, record=True)


def responses(policy, pages, times, capacity, **setting):
    """The response of each request in milliseconds, by hand-sized examples."""
    trace = trace_of(pages, time_s=np.array(times, float))
    system = timed.System(timed.Setting(capacity, **setting))
    begun = system.begin(trace, policy, stream(0, "policy"))
    begun.loop(*begun.objects.values(), 0, begun.n_rows)
    assert begun.illegal() is None
    return begun.responses.response_s.round(9).tolist()


def test_a_miss_waits_for_the_origin_and_others_wait_for_its_page():
    assert responses(LRU(), "a a a b", (0, 0.4, 1.0, 1.5), 2, latency_s=1.0) == [1.0, 0.6, 0.0, 1.0]


def test_a_fetch_that_completes_at_the_time_of_an_arrival_comes_first():
    trace = trace_of("a a", time_s=[0.0, 1.0])
    counted = play(LRU(), trace, 1, latency_s=1.0).metrics
    assert (counted["misses"], counted["delayed_hits"], counted["latency_mean_s"]) == (1, 0, 0.5)


def test_the_origin_serves_in_order_of_arrival_so_many_at_once():
    times = (0.0, 0.1, 0.2)
    assert responses(LRU(), "a b c", times, 3, latency_s=1.0, origin_slots=1) == [1.0, 1.9, 2.8]
    assert responses(LRU(), "a b c", times, 3, latency_s=1.0, origin_slots=2) == [1.0, 1.0, 1.8]
    assert responses(LRU(), "a b c", times, 3, latency_s=1.0) == [1.0, 1.0, 1.0]
    waits = play(LRU(), trace_of("a b c", time_s=times), 3, latency_s=1.0, origin_slots=1).metrics
    assert waits["origin_wait_mean_s"] == pytest.approx((0 + 0.9 + 1.8) / 3)


def test_a_page_stays_useful_until_the_one_that_replaces_it_arrives():
    trace = trace_of("a b a a", time_s=[0.0, 2.0, 2.5, 3.5])
    result = play(LRU(), trace, 1, latency_s=1.0)
    assert result.metrics["misses"] == 3  # a, b, and a again at 3.5; the a at 2.5 is still a hit
    assert result.decisions.subject.tolist() == [0, 1]  # a leaves at 3.0, b at 4.5
    assert result.decisions.row.tolist() == [1, 3]


def test_the_policy_learns_of_delayed_hits_when_their_page_enters():
    told = []

    class Listener(LRU):
        def hit(self, request):
            told.append(("hit", request.index))
            super().hit(request)

        def admit(self, request):
            told.append(("admit", request.index))
            super().admit(request)

    play(Listener(), trace_of("a b a b a", time_s=[0.0, 0.1, 0.2, 0.3, 5.0]), 2, latency_s=1.0)
    assert told == [("admit", 0), ("hit", 2), ("admit", 1), ("hit", 3), ("hit", 4)]


def test_one_page_and_constant_latency_give_the_closed_form():
    n, latency_s, interval_s = 1000, 0.5, 1 / 64
    trace = trace_of(["a"] * n)
    counted = play(LRU(), trace, 1, mode="compiled", latency_s=latency_s, interval_s=interval_s).metrics
    waiting = int(latency_s / interval_s)  # arrivals before the page is there, the first included
    total = sum(latency_s - i * interval_s for i in range(waiting))
    assert (counted["misses"], counted["delayed_hits"]) == (1, waiting - 1)
    assert counted["latency_mean_s"] == pytest.approx(total / n)


def test_distinct_pages_and_one_exponential_slot_are_an_m_m_1_queue():
    n, load = 200_000, 0.5
    trace = trace_of(range(n)).with_column("time_s", np.cumsum(stream(1, "arrivals").exponential(1 / load, n)))
    counted = play(LRU(), trace, 10, mode="compiled", latency_s="exponential:1", origin_slots=1).metrics
    # Asymptotic variance of the mean wait: Daley 1968; Whitt, "Planning Queueing Simulations", Management Science 1989.
    variance = load * (2 + 5 * load - 4 * load**2 + load**3) / (1 - load) ** 4
    tolerance = 4 * (variance / n) ** 0.5
    assert abs(counted["origin_wait_mean_s"] - load / (1 - load)) < tolerance
    assert abs(counted["latency_mean_s"] - 1 / (1 - load)) < tolerance + 4 / n**0.5
    # Responses are exponential: quantiles follow from the mean.
    assert counted["latency_p99_s"] / counted["latency_p50_s"] == pytest.approx(np.log(100) / np.log(2), rel=0.05)


@pytest.mark.parametrize("policy", [LRU(), Marker()])
@pytest.mark.parametrize("slots", [0, 1])
def test_without_latency_the_misses_and_evictions_are_those_of_the_untimed_system(policy, slots):
    for warmup in (0, 300, -1):
        here = play(policy, golden(), 20, latency_s=0, interval_s=1.0, origin_slots=slots, warmup=warmup)
        there = run(policy, golden(), 20, warmup=warmup)
        assert here.decisions.same_as(there.decisions)
        shared = set(here.metrics) & set(there.metrics)
        assert {k: here.metrics[k] for k in shared} == {k: there.metrics[k] for k in shared}
        assert here.metrics["latency_p99_s"] == 0


def hard_trace(seed: int):
    """Coarse times with ties, sizes, times to live and deletes."""
    rng = stream(seed, "hard")
    n = 3000
    page = rng.integers(0, 60, n)
    size = rng.integers(1, 9, 60)
    return trace_of(
        page.tolist(),
        name=f"hard {seed}",
        time_s=np.cumsum(rng.integers(0, 3, n)) + 100,
        size_bytes=size[page],
        op=np.where(rng.random(n) < 0.03, int(Operation.DELETE), int(Operation.GET)).astype(np.uint8),
        ttl_s=np.where(rng.random(n) < 0.1, 20.0, 0.0),
    )


@pytest.mark.parametrize("latency_s", [0, 2, "exponential:3", "uniform:0,8", "lognormal:mean=4,sigma=2"])
@pytest.mark.parametrize("slots", [0, 1, 3])
def test_compiled_loop_and_simpy_processes_agree_decision_by_decision_and_digit_by_digit(latency_s, slots):
    for policy, capacity, sized in ((LRU(), 20, False), (Marker(), 100, True)):
        setting = {"latency_s": latency_s, "origin_slots": slots, "sized": sized}
        compiled = play(policy, hard_trace(slots), capacity, mode="compiled", **setting)
        plain = play(policy, hard_trace(slots), capacity, mode="interpreted", **setting)
        judge = play(policy, hard_trace(slots), capacity, mode="auto", simpy=True, **setting)
        assert judge.engine == "interpreted" and "SimPy" in judge.notices[0]
        for other in (plain, judge):
            assert other.metrics == compiled.metrics
            assert other.decisions.same_as(compiled.decisions)
            assert all(np.array_equal(other.timeline[key], values) for key, values in compiled.timeline.items())


def test_a_page_deleted_on_its_way_reaches_those_who_wait_and_does_not_enter():
    operations = np.array([Operation.GET, Operation.DELETE, Operation.GET, Operation.GET], np.uint8)
    trace = trace_of("a a a a", time_s=[0.0, 0.2, 0.5, 2.0], op=operations)
    result = play(LRU(), trace, 1, latency_s=1.0)
    assert [result.metrics[key] for key in ("requests", "misses", "delayed_hits")] == [3, 2, 1]


def test_every_policy_meets_the_same_latencies_and_every_seed_others():
    trace = trace_of(range(1000))
    mean = {
        (policy, seed): play(policy(), trace, 10, seed=seed, latency_s="exponential:1", interval_s=1.0).metrics
        for policy in (LRU, Marker)
        for seed in (0, 1)
    }
    assert mean[LRU, 0]["latency_mean_s"] == mean[Marker, 0]["latency_mean_s"] != mean[LRU, 1]["latency_mean_s"]


def test_the_log_of_decisions_alone_gives_every_metric_again():
    trace = golden().with_column("time_s", np.arange(1000.0))
    for latency_s in (0.5, "uniform:0,9"):
        result = play(LRU(), trace, 20, latency_s=latency_s, origin_slots=2)
        system = timed.System(timed.Setting(20, latency_s=latency_s, origin_slots=2))
        assert system.replay(trace, result.decisions) == result.metrics


def test_a_trace_without_times_is_refused_with_the_cure():
    with pytest.raises(InputError, match="--interval-s"):
        play(LRU(), trace_of("a b"), 1)


def test_time_going_backwards_is_refused_with_its_place():
    with pytest.raises(InputError, match=r"backwards at request 2, from 5\.0 to 4\.0 s"):
        play(LRU(), trace_of("a b c", time_s=[1.0, 5.0, 4.0]), 1)


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"latency_s": "soon"}, "latency_s"),
        ({"origin_slots": -1}, "origin_slots"),
        ({"interval_s": -1.0}, "interval_s"),
    ],
)
def test_a_setting_that_means_nothing_is_refused_at_the_door(options, cause):
    with pytest.raises(InputError, match=cause):
        timed.Setting(10, **options)


def test_options_of_the_command_line_become_numbers():
    settings, _ = timed.Setting.from_options(
        golden(), capacity="10,20", latency_s="exponential:0.1", origin_slots="8", interval_s="0.5", warmup="60s"
    )
    assert [s.capacity for s in settings] == [10, 20]
    assert (settings[0].origin_slots, settings[0].interval_s, settings[0].warmup) == (8, 0.5, 120)
    with pytest.raises(InputError, match="origin_slots"):
        timed.Setting.from_options(golden(), capacity="10", origin_slots="some", interval_s="1")


def test_an_illegal_decision_names_the_request_whose_page_was_to_enter():
    class Wrong(paging.Policy):
        def evict(self, request):
            return 2

    with pytest.raises(Exception, match="evicted page 2 at request 1, but page 2 is not in the cache"):
        play(Wrong(), trace_of("a b c", time_s=[0.0, 1.0, 2.0]), 1, latency_s=0.5)
