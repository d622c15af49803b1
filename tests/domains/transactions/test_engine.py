"""The execution engine: the worked example of every protocol, what all of them keep to, and serialisable histories."""

import itertools

import numpy as np
import pytest

from policies.transactions.arrival import Arrival
from policies.transactions.smf import SMF
from sim.core.engine import replay
from sim.core.errors import IllegalDecision, InputError
from sim.domains.transactions import Picker, engine, units
from sim.domains.transactions.operations import READ, WRITE
from tests.domains.transactions.test_placement import random_trace
from tests.domains.transactions.worked import Given, made

PROTOCOLS = [
    *(("strict_2pl", deadlock) for deadlock in ("detect", "wait_die", "wound_wait", "no_wait")),
    ("occ", "detect"),
    ("mvtso", "detect"),
    ("mvtso_ordered", "detect"),
]
EVERY = pytest.mark.parametrize(("protocol", "deadlock"), PROTOCOLS)


def run(trace, policy=None, *, mode="interpreted", seed=0, **setting):
    return replay(
        trace, engine.System(engine.Setting(**setting)), policy or Arrival(), mode=mode, seed=seed, record=True
    )


def begun(trace, policy=None, **setting):
    """The run itself, played to its end."""
    found = engine.System(engine.Setting(**setting)).begin(trace, policy or Arrival(), np.random.default_rng(0))
    found.loop(*found.objects.values(), 0, len(trace))
    assert found.illegal() is None
    return found


def commits(trace, **setting):
    return begun(trace, **setting).ledger.left.tolist()


CROSSED = made("r-x w-y", "r-y w-x")


@pytest.mark.parametrize(
    ("protocol", "ends", "aborts", "wasted"),
    [
        ("strict_2pl", [3, 5], 1, 1 / 5),  # a deadlock in unit 2 costs the younger one its first operation
        ("occ", [2, 5], 1, 2 / 6),  # the second fails validation at 2, and runs from 4 to 5
        ("mvtso", [5, 2], 1, 1 / 5),  # the first one's write comes too late
    ],
)
def test_two_that_cross_meet_as_worked_out_by_hand(protocol, ends, aborts, wasted):
    assert commits(CROSSED, protocol=protocol) == ends
    metrics = run(CROSSED, protocol=protocol).metrics
    assert (metrics["makespan"], metrics["aborts"], metrics["wasted"]) == (5, aborts, wasted)


def test_locks_by_age_and_without_waiting_on_the_same_two():
    # unit 2: T1 is older and waits, T2 dies and pauses until 4; T1 writes y at 3
    assert commits(CROSSED, deadlock="wait_die") == [3, 5]
    # unit 2: T1 wounds T2
    assert commits(CROSSED, deadlock="wound_wait") == [3, 5]


def test_who_never_waits_comes_again_after_pauses_that_grow_apart():
    # in unit 2 each finds the other's lock, both abort and come again at 4 and so on, until their pauses differ enough
    found = begun(CROSSED, deadlock="no_wait")
    assert found.ledger.retries.min() >= 1
    assert max(found.ledger.left) < 40


def test_readers_share_a_lock_and_a_writer_waits_for_all_of_them_in_line():
    # two read x until 3; the write asked for in 1 comes at 4; the read behind it in line waits although readers hold x
    trace = made("r-x * *", "r-x * *", "w-x", "r-x")
    assert commits(trace) == [3, 3, 4, 5]


def test_one_that_reads_and_then_writes_goes_before_the_line():
    # T1 holds x for reading and would write it in 2, T2 has asked to write it in 1
    trace = made("r-x w-x", "w-x")
    assert commits(trace) == [2, 3]


def test_a_reader_of_a_version_that_is_not_committed_waits_for_its_writer():
    trace = made("w-x * *", "* r-x")
    assert commits(trace, protocol="mvtso") == [3, 3]


def test_who_has_read_from_one_that_aborts_aborts_with_it():
    # T0 writes x at 1, T1 reads that x at 2; T2, of a later stamp, reads y at 1: T0's write of y at 3 comes too late
    trace = made("w-x * w-y", "* r-x *", "r-y * * *")
    found = begun(trace, protocol="mvtso")
    assert found.ledger.retries.tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("protocol", "ends", "aborts"),
    [
        ("strict_2pl", [3, 4], 0),  # the lock is free from 4 on
        ("occ", [3, 2], 0),  # nothing was ever written
        ("mvtso", [3, 6], 1),  # who has read what never was aborts too, and comes again at 5
    ],
)
def test_one_that_rolls_back_by_itself_leaves_no_trace_and_does_not_come_again(protocol, ends, aborts):
    trace = made("w-x * *", "* r-x", rolls_back=[True, False])
    assert commits(trace, protocol=protocol) == ends
    metrics = run(trace, protocol=protocol).metrics
    assert (metrics["rolled_back"], metrics["aborts"], metrics["throughput"]) == (1, aborts, 1 / max(ends))


def random_traces():
    for seed in range(4):
        yield random_trace(seed, n=14, n_keys=3)
    some = random_trace(4, n=14, n_keys=3)
    yield some.with_column("rolls_back", np.arange(14) % 5 == 0)


@EVERY
def test_one_worker_runs_one_after_the_other_without_an_abort(protocol, deadlock):
    for trace in random_traces():
        metrics = run(trace, protocol=protocol, deadlock=deadlock, workers=1).metrics
        assert metrics["makespan"] == len(trace["kind"].values)
        assert metrics["aborts"] == 0


@EVERY
def test_without_conflicts_the_longest_one_is_all_there_is(protocol, deadlock):
    trace = made("w-a", "r-b w-c *", "w-d w-d", "r-z", "r-z")
    metrics = run(trace, protocol=protocol, deadlock=deadlock).metrics
    assert (metrics["makespan"], metrics["aborts"], metrics["wasted"]) == (3, 0, 0)


@EVERY
def test_workers_bound_the_work_and_clients_what_is_outstanding(protocol, deadlock):
    for trace in random_traces():
        for workers in (1, 2, 5):
            found = begun(trace, protocol=protocol, deadlock=deadlock, workers=workers)
            assert len(trace["kind"].values) <= workers * found.ledger.left.max()
        found = begun(trace, protocol=protocol, deadlock=deadlock, clients=3, think=2)
        assert found.ledger.most_outstanding <= 3
        assert 0 < found.metrics()["jain"] <= 1


@EVERY
def test_every_history_of_commits_is_serialisable(protocol, deadlock):
    for trace in random_traces():
        for setting in ({}, {"workers": 4}, {"clients": 5, "think": 1}):
            found = begun(trace, SMF(k=3), protocol=protocol, deadlock=deadlock, **setting)
            edges = conflicts(found, trace, protocol)
            assert is_acyclic(edges, len(trace)), (trace.name, setting)


def conflicts(found, trace, protocol):
    """Who must come before whom, from what was read and written when: told by times, or by the versions that were read."""
    kinds, keys = trace["kind"], trace["key"]
    ledger, program = found.ledger, found.program
    committed = np.flatnonzero(program.rolls_back == 0).tolist()
    if protocol.startswith("mvtso"):
        return version_conflicts(found, trace)
    accesses = {}
    for t in committed:
        for p in range(len(kinds[t])):
            if kinds[t][p] in (READ, WRITE):
                unit = int(ledger.op_unit[program.first[t] + p])
                place = (int(ledger.left[t]), 1, int(program.start[t]), t)
                when = place if protocol == "occ" and kinds[t][p] == WRITE else (unit, 0, 0, 0)
                accesses.setdefault(int(keys[t][p]), []).append((when, t, int(kinds[t][p])))
    return {
        (a, b)
        for rows in accesses.values()
        for when, a, kind in rows
        for later, b, other in rows
        if a != b and WRITE in (kind, other) and when < later
    } | {
        (a, b)
        for rows in accesses.values()
        for when, a, kind in rows
        for later, b, other in rows
        if a < b and WRITE in (kind, other) and when == later and protocol != "occ"
        for a, b in ((a, b), (b, a))  # two locks in one unit that do not go together: a circle, so that the test fails
    }


def version_conflicts(found, trace):
    """Edges of the graph over versions: writer to reader, reader to the next writer, writers by their versions."""
    control, program = found.control, found.program
    edges = set()
    ops = program.operations
    for key in range(ops.n_keys):
        order = []
        r = control.versions.front(key)
        while r != -1:
            order.append(r)
            r = control.versions.after(r)
        writers = [int(program.owner[r]) for r in order]
        edges |= set(itertools.pairwise(writers))
        for r in np.flatnonzero((ops.key == key) & (ops.first_read < 2**39)):
            reader, source = int(program.owner[r]), int(control.read_from[r])
            if program.rolls_back[reader]:
                continue
            if source != -1:
                edges.add((int(program.owner[source]), reader))
            following = order.index(source) + 1 if source != -1 else 0
            has_read_foreign = ops.first_read[r] < ops.first_write[r]
            if following < len(order) and writers[following] != reader and has_read_foreign:
                edges.add((reader, writers[following]))
    return {(a, b) for a, b in edges if a != b}


def is_acyclic(edges, n):
    left = set(range(n))
    while left:
        free = {t for t in left if not any(b == t and a in left for a, b in edges)}
        if not free:
            return False
        left -= free
    return True


def test_a_circle_is_told_from_an_order():
    assert is_acyclic({(0, 1), (1, 2)}, 3)
    assert not is_acyclic({(0, 1), (1, 2), (2, 0)}, 3)


@pytest.mark.parametrize("deadlock", ["detect", "wait_die", "wound_wait"])
def test_the_oldest_of_those_begun_never_aborts_so_that_nobody_starves(deadlock):
    """Age is kept over retries: whoever is the oldest of those that have begun and not left stays it until it leaves."""
    for trace in random_traces():
        system = engine.System(engine.Setting(deadlock=deadlock, clients=6))
        objects = system.begin(trace, Arrival(), np.random.default_rng(0)).objects
        ledger, program = objects["ledger"], objects["program"]
        oldest, retries = -1, 0
        while ledger.n_left < len(trace):
            assert units.unit(*objects.values())
            if oldest >= 0:
                assert ledger.retries[oldest] == retries
            begun_ones = np.flatnonzero((program.first_start > 0) & (ledger.left == 0))
            if len(begun_ones):
                oldest = min(begun_ones, key=lambda t: (program.first_start[t], t))
                retries = ledger.retries[oldest]
        assert ledger.n_aborts > 0 or deadlock == "detect"


@EVERY
def test_both_forms_of_the_loop_agree_and_a_log_gives_the_run_again(protocol, deadlock):
    trace = random_trace(1, n=14, n_keys=3)
    plain = run(trace, protocol=protocol, deadlock=deadlock, workers=5)
    system = engine.System(engine.Setting(protocol=protocol, deadlock=deadlock, workers=5))
    assert system.replay(trace, plain.decisions) == plain.metrics


@EVERY
def test_simpy_processes_and_the_loop_commit_alike(protocol, deadlock):
    for trace in random_traces():
        late = trace.with_column("arrival", 1 + np.cumsum(np.random.default_rng(3).integers(0, 6, len(trace))))
        for requests, setting in (
            (trace, {}),
            (trace, {"workers": 4, "backoff": 3}),
            (late, {"workers": 3}),
            (trace, {"clients": 5, "think": 2}),
        ):
            plain, judge = (
                run(requests, SMF(k=3), protocol=protocol, deadlock=deadlock, simpy=simpy, **setting)
                for simpy in (False, True)
            )
            assert plain.metrics == judge.metrics, setting
            assert np.array_equal(plain.decisions.subject, judge.decisions.subject)


@pytest.mark.slow
@EVERY
def test_compiled_and_interpreted_engines_commit_alike(protocol, deadlock):
    for trace in random_traces():
        plain, compiled = (
            run(trace, SMF(), mode=mode, protocol=protocol, deadlock=deadlock, workers=6)
            for mode in ("interpreted", "compiled")
        )
        assert compiled.engine == "compiled"
        assert plain.metrics == compiled.metrics
        assert plain.decisions.same_as(compiled.decisions)


def test_bad_settings_and_picks_are_told_in_a_line():
    with pytest.raises(
        InputError, match='no protocol named "2pl"; expected one of strict_2pl, occ, mvtso, mvtso_ordered'
    ):
        engine.Setting(protocol="2pl")
    with pytest.raises(InputError, match="workers must be at least 1, or 0 for any number, got -1"):
        engine.Setting(workers=-1)
    with pytest.raises(InputError, match="backoff must be at least 1 unit, got 0"):
        engine.Setting(backoff=0)
    with pytest.raises(InputError, match="think must be at most 1,000,000 units, got 2,000,000"):
        engine.Setting(think=2_000_000)
    with pytest.raises(InputError, match="Given gives a whole order at once and so runs offline only"):
        run(CROSSED, Given((0, 1)))

    class Twice(Picker):
        def pick(self, view):
            return 0

    with pytest.raises(
        IllegalDecision, match="Twice picked transaction 0 in unit 1, but it is running or has not arrived"
    ):
        run(CROSSED, Twice())
