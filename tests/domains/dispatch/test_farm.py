"""The rules by hand: a few jobs, one or two servers, and what becomes of each."""

import math

import numpy as np
import pytest

from sim.core.errors import IllegalDecision, InputError, PolicyError
from sim.core.seeds import stream
from sim.domains import dispatch
from sim.domains.dispatch import Setting, System
from sim.domains.dispatch.queues import Heaps
from tests.domains.dispatch.farms import jobs, played, responses, run

NAN = math.nan


class To(dispatch.Policy):
    """Sends job i to the i-th of these servers, the last one from then on."""

    servers: tuple[int, ...] = (0,)

    def route(self, job, view):
        return self.servers[min(job.index, len(self.servers) - 1)]


@pytest.mark.parametrize(
    ("discipline", "expected"),
    [
        # a long job of 4 at 0; jobs of 3 at 1, of 1 at 2
        ("fcfs", [4, 6, 6]),  # one after the other: done at 4, 7, 8
        ("sjf", [4, 7, 3]),  # the long one is not interrupted, then 1 before 3
        ("psjf", [8, 4, 1]),  # 3 goes before 4, 1 before 3: done at 8, 5, 3
        ("srpt", [5, 7, 1]),  # at 1 three units are left of the long one, which stays; at 2 the short one goes first
        ("ps", [8, 7, 3]),  # alone until 1, halves until 2, thirds until 5, when the short one is done; the others at 8
    ],
)
def test_the_order_of_service(discipline, expected):
    assert responses(To(), [0, 1, 2], [4, 3, 1], discipline=discipline) == expected


def test_predicted_sizes_decide_and_true_ones_are_served():
    """The long job is predicted 1 and goes first; the last one is predicted 9 and waits for all."""
    given = {"time": [0, 1, 1], "size": [2, 4, 1], "predicted_size": [2, 1, 9]}
    assert responses(To(), **given, discipline="spjf") == [2, 5, 6]
    assert responses(To(), **given, discipline="pspjf") == [6, 4, 6]


def test_a_job_longer_than_predicted_is_not_interrupted_once_nothing_is_predicted_to_be_left():
    """Predicted 1, truly 5: at time 2 its predicted rest is -1, below any prediction."""
    given = {"time": [0, 2], "size": [5, 1], "predicted_size": [1, 1]}
    assert responses(To(), **given, discipline="sprpt") == [5, 4]
    assert responses(To(), **given, discipline="srpt") == [6, 1]


def test_a_fast_server_is_done_sooner():
    assert responses(To((0, 1)), [0, 0], [4, 4], 2, speeds="1,2") == [4, 2]


def test_a_full_server_turns_jobs_away_and_they_come_again():
    """Server of at most two: the third comes again after a pause of 1, finds it full again, then after 2 more a place."""
    setting = {"buffer": 2}
    assert responses(To(), [0, 0, 0], [2, 5, 1], **setting) == pytest.approx([2, 7, NAN], nan_ok=True)
    assert responses(To(), [0, 0, 0], [2, 5, 1], **setting, retries=2, backoff=1.0) == [2, 7, 8]


def test_who_waits_too_long_gives_up_and_comes_again():
    """The second waits from 0 to 3; its second attempt from 4 on is served from 5 to 6."""
    assert responses(To(), [0, 0], [5, 1], timeout=5.5, retries=0) == pytest.approx([5, NAN], nan_ok=True)
    assert responses(To(), [0, 0], [2.5, 1], timeout=3.0, retries=1, backoff=1.0) == [2.5, 5.0]


def test_work_for_nobody_is_wasted_and_keeps_others_waiting():
    """The second gives up at 3 after half a unit of service, and its server goes on with it, or does not."""
    late = played(To(), jobs([0, 0, 0], [2.5, 1, 0.4]), 1, timeout=3.0, cancel=False)
    assert late.ledger.finished.tolist()[:2] == pytest.approx([2.5, NAN], nan_ok=True)
    assert late.ledger.lost == 2 and late.ledger.timeouts == 2
    gone = played(To(), jobs([0, 0, 0], [2.5, 1, 0.4]), 1, timeout=3.0)
    assert gone.ledger.wasted == pytest.approx(0.5)


class Crash:
    """Times until the next crash or repair, in this order, as if they had been drawn."""

    def __init__(self, *times):
        self.times = list(times)

    def standard_exponential(self):
        return self.times.pop(0) if self.times else 1e9


@pytest.mark.parametrize(
    ("on_crash", "expected"),
    [
        # up until 2, down until 5; jobs of 3 and 1 at 0
        ("resume", [6, 7]),
        ("restart", [8, 9]),
        ("lose", [NAN, NAN]),
        ("move", [8, 9]),  # back to the same server, which is down
    ],
)
def test_a_crash(on_crash, expected):
    setting = Setting(
        1, warmup=0.0, up_mean=1.0, down_mean=1.0, on_crash=on_crash, retries=1 if on_crash == "move" else 0
    )
    begun = System(setting).begin(jobs([0, 0], [3, 1]), To(), stream(0, "policy"))
    crashes = begun.objects["farm"].crashes
    crashes.rng = Crash(3.0)
    crashes.next.set(0, 2.0, 0)
    begun.loop(*begun.objects.values(), 0, 2)
    assert (begun.ledger.finished - begun.ledger.arrived).tolist() == pytest.approx(expected, nan_ok=True)
    assert begun.ledger.wasted == (0 if on_crash == "resume" else 2)


def test_an_antagonist_slows_a_server_and_the_dispatcher_is_not_told():
    """Full speed until 2, then half until 8 (drawn as 6 units), when 5 of 6 are done: complete at 9."""
    setting = Setting(1, warmup=0.0, up_mean=1.0, down_mean=1.0, down_speed=0.5, on_crash="lose")
    begun = System(setting).begin(jobs([0, 3], [6, 1]), To(), stream(0, "policy"))
    crashes = begun.objects["farm"].crashes
    crashes.rng = Crash(6.0)
    crashes.next.set(0, 2.0, 0)
    begun.loop(*begun.objects.values(), 0, 2)
    assert begun.ledger.finished.tolist() == [9, 10]
    assert begun.queues.up.all() and begun.ledger.lost == 0


class Sees(dispatch.Policy):
    """Notes the queue it is shown, and sends all to server 0."""

    def begin(self, setting, rng):
        self.seen = np.zeros(setting.n_jobs, np.int64)

    def route(self, job, view):
        self.seen[job.index] = view.queue[0]
        return 0


def seen(time, size, **setting):
    policy = Sees()
    played(policy, jobs(time, size), 1, **setting)
    return policy.seen.tolist()


def test_late_information():
    time, size = [0, 1, 2, 3, 4], [10, 10, 10, 10, 10]
    assert seen(time, size) == [0, 1, 2, 3, 4]
    assert seen(time, size, delay=1.0) == [0, 1, 2, 3, 4]  # what happened a unit ago is known now
    assert seen(time, size, delay=1.5) == [0, 0, 1, 2, 3]
    assert seen(time, size, refresh=2.0) == [0, 0, 2, 2, 4]  # told at 0, 2 and 4, before the jobs of these times


def test_clients_of_a_closed_system_think_between_their_jobs():
    """One client, think 1 and then 2, jobs of 3: it comes at 1, is done at 4, comes at 6."""
    begun = played(To(), jobs([0, 0], [3, 3], client=[0, 0], think=[1, 2]), 1)
    assert begun.ledger.arrived.tolist() == [1, 6] and begun.ledger.finished.tolist() == [4, 9]


def test_the_figures_of_a_small_run():
    """Two servers; server 0 works from 0 to 4, server 1 from 0 to 2. All came at once, so shares are of the whole run."""
    metrics = run(To((0, 1, 0)), jobs([0, 0, 0], [3, 2, 1]), 2).metrics
    assert metrics["response_mean"] == pytest.approx((3 + 2 + 4) / 3)
    assert metrics["waiting_mean"] == pytest.approx(3 / 3)
    assert metrics["slowdown_mean"] == pytest.approx((1 + 1 + 4) / 3)
    assert metrics["utilisation.0"] == 1.0 and metrics["utilisation.1"] == 0.5
    assert metrics["jain"] == pytest.approx(1.5**2 / (2 * 1.25))
    assert metrics["jobs_mean"] == pytest.approx(9 / 4)
    assert metrics["queue_max"] == 2


def test_warm_up_is_left_out():
    metrics = run(To(), jobs([0, 10, 20, 30], [9, 1, 1, 1]), 1, warmup=0.25).metrics
    assert metrics["response_mean"] == 1 and metrics["jobs"] == 3 and metrics["requests"] == 4
    assert metrics["utilisation"] == pytest.approx(2 / 20)  # from the second arrival to the last


@pytest.mark.parametrize("server", [2, -1, 99])
def test_a_server_that_is_not_there_is_illegal(server):
    with pytest.raises(IllegalDecision, match=r"job 1.*expected one of 0 to 1"):
        run(To((0, server)), jobs([0, 1], [1, 1]), 2)


class Peeks(dispatch.Policy):
    """Asks for the true work, though it is not clairvoyant."""

    def route(self, job, view):
        return 0 if view.work(0) < 1 else 1


class Writes(dispatch.Policy):
    """Changes what it is shown."""

    def route(self, job, view):
        view.queue[0] = 0
        return 0


@pytest.mark.parametrize("cheat", [Peeks(), Writes()])
def test_a_policy_neither_sees_true_work_nor_changes_what_it_is_shown(cheat):
    with pytest.raises(PolicyError, match=r"at request 0: .*('work'|read-only)"):
        run(cheat, jobs([0, 1], [1, 1]), 2, mode="auto")


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"time": [0, 1], "size": [1, -2]}, "size of job 1 is -2; expected a number above 0"),
        ({"time": [0, 1], "size": [1, 0]}, "size of job 1 is 0; expected a number above 0"),
        ({"time": [0, 1], "size": [1, NAN]}, "size of job 1 is nan; expected a number above 0"),
        ({"time": [3, 1], "size": [1, 1]}, "time goes backwards at job 1, from 3 to 1; sort it by time"),
        ({"time": [0, NAN], "size": [1, 1]}, "time goes backwards at job 1, from 0 to nan"),
        ({"time": [], "size": []}, "has no jobs"),
        ({"client": [0], "think": [-1], "time": [0], "size": [1]}, "think of job 0 is -1"),
    ],
)
def test_traces_that_are_none_are_refused_in_a_line(columns, expected):
    with pytest.raises(InputError, match=expected) as caught:
        run(To(), jobs(**columns), 1)
    assert "\n" not in str(caught.value)


def test_a_pairing_heap_is_a_sorted_list():
    rng = np.random.default_rng(0)
    heaps, plain = Heaps(200, 3), [[], [], []]
    for step in range(3000):
        heap, i = int(rng.integers(3)), int(rng.integers(200))
        holder = next((k for k in range(3) if any(i == j for _, _, j in plain[k])), None)
        if holder is None:
            key = float(rng.integers(20))
            heaps.add(heap, i, key, step)
            plain[heap].append((key, step, i))
        elif rng.random() < 0.5:
            heaps.remove(holder, i)
            plain[holder] = [entry for entry in plain[holder] if entry[2] != i]
        else:
            least = min(plain[holder])
            assert heaps.first(holder) == least[2] == heaps.pop(holder)
            plain[holder].remove(least)
    assert all(heaps.first(k) == (min(plain[k])[2] if plain[k] else -1) for k in range(3))
