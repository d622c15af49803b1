"""Candidates decide in a jail as they would outside, and every figure is computed outside."""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sim.adrs import asked, evaluate, played, probes, states
from sim.adrs.candidate import Candidate, Status
from sim.adrs.evaluate import Opened, attempt
from sim.adrs.sandbox import Ended, Interpreted, Jail, Layers, Limits
from sim.core.engine import replay
from sim.core.errors import InputError
from sim.core.result import Decisions
from sim.core.seeds import stream
from sim.domains import paging
from sim.study import catalog
from sim.study.experiment import Experiment
from tests.adrs.traces import pages, paging_of

ROOT = Path(__file__).parents[2]


def library(domain: str, name: str) -> str:
    return (ROOT / "policies" / domain / f"{name}.py").read_text()


def outside(each: Opened, name: str) -> Decisions:
    """What the library's policy decides without a jail."""
    policy = catalog.policy(each.system.domain, name)
    trace = each.system.completed(each.trace, policy)
    result = replay(trace, each.system, policy, seed=each.seed, mode="interpreted", record=True)
    assert result.decisions is not None
    return result.decisions


def test_an_asked_candidate_decides_as_it_would_outside():
    each = pages("a b c a d b a", 3)
    tried = attempt(library("paging", "lru"), [each])
    assert (tried.status, tried.form) == (Status.OK, "asked")
    assert [each.trace.tables["pages"][page] for page in tried.runs[0].decisions.subject] == ["b", "c"]
    assert tried.runs[0].metrics["misses"] == 5


SMALLBANK = "workload:smallbank,n_transactions=20"
YCSB = "workload:ycsb,n_transactions=20,n_keys=50,reads=0.5"

EXPERIMENTS = [
    ("paging", "lru", "workload:zipf,n_requests=400,n_pages=60", {"capacity": 12}, ()),
    ("paging", "random", "workload:zipf,n_requests=400,n_pages=60", {"capacity": 12}, ()),
    ("paging", "mark0", "workload:zipf,n_requests=400,n_pages=60", {"capacity": 12}, ("discard:flip=0.1",)),
    ("paging", "follow_pred", "workload:zipf,n_requests=300,n_pages=40", {"capacity": 8}, ("next",)),
    ("paging", "adaptive_query", "workload:zipf,n_requests=300,n_pages=40", {"capacity": 8}, ("next",)),
    ("dispatch", "jsq", "workload:poisson,rate=3,mean_size=1,n_jobs=200", {"servers": 4}, ()),
    ("dispatch", "power_of_d", "workload:poisson,rate=3,mean_size=1,n_jobs=200", {"servers": 4}, ()),
    ("dispatch", "least_predicted_work", "workload:poisson,rate=3,mean_size=1,n_jobs=200", {"servers": 4}, ("size",)),
    ("transactions", "smf", "sample:smallbank", {}, ()),
    ("transactions", "best_insertion", SMALLBANK, {}, ()),
    ("transactions/engine", "arrival", "sample:smallbank", {}, ()),
    ("bandits/arms", "ucb1", "workload:bernoulli,n_rounds=200,means=[0.2;0.5;0.8]", {}, ()),
    ("bandits/arms", "thompson_beta", "workload:bernoulli,n_rounds=200,means=[0.2;0.5;0.8]", {}, ()),
]


@pytest.mark.parametrize(("system", "name", "trace", "setting", "predictions"), EXPERIMENTS)
def test_policies_of_every_domain_decide_alike_in_the_jail(system, name, trace, setting, predictions):
    each = evaluate.open_experiment(Experiment(system, trace, name, predictions, tuple(setting.items()), 3))
    unlisted = Layers(allowlist=False)
    tried = attempt(library(each.system.domain, name), [each], layers=unlisted)
    assert (tried.status, tried.form) == (Status.OK, "asked"), tried.detail
    assert tried.runs[0].decisions.same_as(outside(each, name))


@pytest.mark.parametrize(
    ("system", "name", "trace", "setting"),
    [
        ("paging", "random", "workload:zipf,n_requests=3000,n_pages=300", {"capacity": 30}),
        pytest.param(
            "dispatch",
            "power_of_d",
            "workload:poisson,rate=3,mean_size=1,n_jobs=500",
            {"servers": 4},
            marks=pytest.mark.slow,
        ),
        pytest.param("transactions", "best_insertion", SMALLBANK, {}, marks=pytest.mark.slow),
        pytest.param("bandits/arms", "thompson_beta", "sample:links", {}, marks=pytest.mark.slow),
    ],
)
def test_a_played_candidate_decides_as_an_asked_one(system, name, trace, setting, monkeypatch):
    monkeypatch.setattr(evaluate, "ENOUGH", 0)
    each = evaluate.open_experiment(Experiment(system, trace, name, (), tuple(setting.items()), 3))
    tried = attempt(library(each.system.domain, name), [each])
    assert (tried.status, tried.form, tried.notes) == (Status.OK, "played", ()), tried.detail
    assert tried.runs[0].decisions.same_as(outside(each, name))


def test_a_scheduler_gets_few_questions_answered_on_a_probe_and_all_where_it_counts(monkeypatch):
    """By a walk that asks 60 questions for each of 20 transactions."""
    monkeypatch.setattr(evaluate, "MOST_QUESTIONS", 50)
    each = evaluate.open_experiment(Experiment("transactions", YCSB, "annealing", (), (("evaluations", 1200),), 3))
    tried = attempt(library("transactions", "annealing"), [each], [each])
    assert tried.status == Status.OK, tried.detail
    assert tried.runs[0].decisions.same_as(outside(each, "annealing"))
    few = evaluate.open_experiment(Experiment("transactions", YCSB, "annealing", (), (("evaluations", 50),), 3))
    assert tried.told[0].same_as(outside(few, "annealing")) and not tried.told[0].same_as(tried.runs[0].decisions)


def test_a_candidate_without_a_compiled_form_is_asked_and_a_note_says_why(monkeypatch):
    monkeypatch.setattr(evaluate, "ENOUGH", 0)
    text = library("paging", "fifo").replace(
        "begin(self, setting, rng):", "begin(self, setting, rng):\n        self.seen = {1: 2}"
    )
    tried = attempt(text, [pages("a b c a", 2)])
    assert (tried.status, tried.form) == (Status.OK, "asked")
    assert "is asked, not played" in tried.notes[0]


LOOKS = """import numpy as np

from sim.domains import paging


class Looks(paging.Policy):
    def begin(self, setting, rng):
        self.table = np.zeros((4, 4), np.int64)
        self.places = np.full(2, 100000, np.int64)

    def evict(self, request):
        LINE
        return found
"""


@pytest.mark.parametrize(
    "line",
    [
        "found = self.table[request.index + 100000, 0]",
        pytest.param("found = self.table[0, -5000]", marks=pytest.mark.slow),
        pytest.param("found = self.table[0, 5000]", marks=pytest.mark.slow),
        pytest.param("found = self.table[5000][3]", marks=pytest.mark.slow),
        pytest.param("found = self.table[0][self.places][1]", marks=pytest.mark.slow),
        pytest.param("self.table[500000, 0] = 7; found = 1", marks=pytest.mark.slow),
        pytest.param("found = [1, 2, 3][request.index + 100000]", marks=pytest.mark.slow),
        pytest.param("found = np.zeros(3, np.int64)[request.index + 100000]", marks=pytest.mark.slow),
        pytest.param("found = pages[request.index + 1]", marks=pytest.mark.slow),
        pytest.param("found = request[50]", marks=pytest.mark.slow),
    ],
)
def test_machine_code_does_not_look_beyond_what_it_was_given(line, monkeypatch):
    """It stops there; asked again, Python says what is wrong."""
    monkeypatch.setattr(evaluate, "ENOUGH", 0)
    tried = attempt(LOOKS.replace("LINE", line), [pages("a b c a", 2)])
    assert tried.status == Status.CRASHED
    assert "IndexError" in tried.detail or "NameError" in tried.detail


def test_a_compiled_form_that_decides_otherwise_is_not_used(monkeypatch):
    """Beyond 64 bits Python counts on and machine code does not; what Python decides is what counts."""
    monkeypatch.setattr(evaluate, "ENOUGH", 0)
    text = (
        "from sim.core.structures import LinkedList\nfrom sim.domains import paging\n\n\nclass Grows(paging.Policy):\n"
        "    def begin(self, setting, rng):\n        self.order = LinkedList(setting.n_pages)\n        self.n = 1\n\n"
        "    def admit(self, request):\n        self.order.push_front(request.page)\n        self.n = self.n * 3\n\n"
        "    def evict(self, request):\n        return self.order.pop_back() if self.n > 0 else self.order.pop_front()\n"
    )
    each = paging_of(200, n_pages=40, capacity=5, seed=1)
    tried = attempt(text, [each], [paging_of(200, n_pages=40, capacity=5, seed=2)])
    assert (tried.status, tried.form) == (Status.OK, "asked")
    assert tried.runs[0].decisions.same_as(outside(each, "fifo"))


NOTHING = """from sim.domains import paging


class Nothing(paging.Policy):
    def evict(self, request):
        return -1
"""


def test_every_event_that_was_played_is_counted_failures_included():
    instance, probe = paging_of(300, n_pages=40, capacity=10, seed=1), paging_of(100, n_pages=40, capacity=10, seed=2)
    tried = attempt(library("paging", "fifo"), [instance], [probe])
    assert tried.events == 300 + 5 * 100  # once, again, in another process, with another future, with other names
    failed = attempt(
        "from sim.domains import paging\n\n\nclass A(paging.Policy):\n    def evict(self, request):\n        return -1\n",
        [instance],
    )
    assert (failed.status, failed.events) == (Status.ILLEGAL, 300)


def test_candidates_that_decide_alike_have_one_key():
    probe, instance = paging_of(300, n_pages=40, capacity=10, seed=2), pages("a b", 1)
    keys = [attempt(library("paging", name), [instance], [probe]).key for name in ("fifo", "lru")]
    renamed = library("paging", "fifo").replace("FIFO", "Other").replace("order", "line")
    assert attempt(renamed, [instance], [probe]).key == keys[0] != keys[1]


def test_going_by_the_numbers_of_pages_is_noted():
    text = (
        "import numpy as np\n\nfrom sim.domains import paging\n\n\nclass Lowest(paging.Policy):\n"
        "    def begin(self, setting, rng):\n        self.held = np.zeros(setting.n_pages, np.bool_)\n\n"
        "    def admit(self, request):\n        self.held[request.page] = True\n\n"
        "    def evict(self, request):\n        page = int(np.argmax(self.held))\n        self.held[page] = False\n"
        "        return page\n"
    )
    tried = attempt(text, [pages("a b", 1)], [paging_of(200, n_pages=40, capacity=10, seed=2)])
    assert tried.status == Status.OK
    assert tried.notes[0].startswith("goes by the numbers of its pages")


def test_a_report_gives_losses_relative_to_the_baseline():
    class Named:
        """An instance as a search has it."""

        domain, seed, setting, predictions = "paging", 0, (("capacity", 3),), ()

        def __init__(self, name):
            self.name = name

        def open(self, bench, system):
            return pages("a b c a d b a", 3).trace

    candidate = Candidate(library("paging", "lru"))
    report = evaluate.evaluate(candidate, [Named("one")], system="paging", metric="misses", baseline={"one": 10.0})
    assert report.status == Status.OK
    assert report.losses == {"one": pytest.approx(np.log(5 / 10))}
    with pytest.raises(InputError, match="expected numbers above 0"):
        evaluate.evaluate(candidate, [Named("one")], system="paging", metric="misses", baseline={"one": 0.0})


def test_evaluating_can_be_sent_to_another_process():
    function = partial(evaluate.evaluate, system="paging", metric="misses", limits=Limits(wall_s=9), layers=Layers())
    assert pickle.loads(pickle.dumps(function)).keywords == function.keywords


def test_switching_off_the_checks_of_indices_stops_everything(monkeypatch):
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "0")
    with pytest.raises(InputError, match="NUMBA_BOUNDSCHECK is set"):
        attempt(library("paging", "fifo"), [pages("a b", 1)])


def test_a_channel_that_is_not_offered_is_refused_with_those_that_are():
    tried = attempt(library("paging", "mark0"), [pages("a b", 1)])
    assert (tried.status, tried.detail) == (
        Status.REFUSED,
        'Mark0 reads the channel "discard_bit"; offered here: none',
    )


def test_the_probe_of_another_future_finds_out_a_clairvoyant_policy():
    each = paging_of(300, n_pages=40, capacity=5, seed=1)
    k = 150
    other = Opened("other", each.system, probes.poisoned(each.trace, k, stream(0, "poisoned")), 0)
    assert np.array_equal(other.trace["page"][:k], each.trace["page"][:k])
    assert not np.array_equal(other.trace["page"][k:], each.trace["page"][k:])

    def first(policy):
        return probes.difference(probes.before(outside(each, policy), k), probes.before(outside(other, policy), k))

    assert first("lru") is None
    assert first("belady") is not None


def test_renamed_pages_rename_decisions_and_change_nothing_else():
    each = paging_of(300, n_pages=40, capacity=5, seed=1)
    found = probes.renamed(each.trace, stream(0, "renamed"))
    assert found is not None
    trace, new = found
    other = Opened("other", each.system, trace, 0)
    labels = each.trace.tables["pages"]
    assert np.array_equal(labels[each.trace["page"]], trace.tables["pages"][trace["page"]])
    assert probes.difference(probes.with_new_names(outside(each, "lru"), new, "paging"), outside(other, "lru")) is None


def test_the_first_decision_that_differs_is_found():
    def log(*pairs):
        row, subject = np.array(pairs).reshape(-1, 2).T
        return Decisions(row, np.zeros(len(row), np.uint8), subject)

    assert probes.difference(log((1, 5), (3, 6)), log((1, 5), (3, 6))) is None
    assert probes.difference(log((1, 5), (3, 6)), log((1, 5), (3, 7))) == 3
    assert probes.difference(log((1, 5), (3, 6)), log((1, 5))) == 3
    assert probes.difference(log((1, 5), (4, 6)), log((1, 5), (3, 6))) == 3


@pytest.mark.parametrize("rows", [[0, 2, 1], [-1, 0], [0, 7]])
def test_a_log_that_no_run_writes_is_illegal(rows):
    log = Decisions(np.array(rows), np.zeros(len(rows), np.uint8), np.zeros(len(rows), np.int64))
    with pytest.raises(Ended, match="not in the order of the 7 rows"):
        played.check(log, 7)


class Plain(paging.Policy):
    """A policy of numbers, an array under two names, and a generator."""

    def begin(self, setting, rng):
        self.rng = rng
        self.numbers = np.arange(3)
        self.same = self.numbers
        self.share = 0.5


def test_a_state_comes_back_as_it_was_generators_and_shared_parts_included():
    policy = Plain()
    policy.begin(None, stream(1, "x"))
    policy.rng.random(3)
    document, arrays = states.told(policy)
    other = states.restored(document, arrays, Plain)
    assert other.same is other.numbers
    assert (other.share, other.numbers.tolist()) == (0.5, [0, 1, 2])
    assert other.rng.random(4).tolist() == policy.rng.random(4).tolist()


def test_a_state_with_a_field_that_is_no_name_is_not_taken():
    document = {"number": 0, "object": ["", "Plain"], "fields": {"x = 1\nimport os": 3}}
    with pytest.raises(states.NotPlain, match="is no name of a field"):
        states.restored(document, [], Plain)


def test_a_state_with_more_than_numbers_is_not_told():
    class Mine(paging.Policy):
        def begin(self, setting, rng):
            self.f = print

    policy = Mine()
    policy.begin(None, None)
    with pytest.raises(states.NotPlain, match=r"Mine\.f is a builtin_function_or_method"):
        states.told(policy)


def test_the_second_jail_takes_no_trace_after_a_candidate():
    with Jail(library("paging", "fifo"), Limits(), Layers()) as jail:
        asked.load(jail, "paging", ())
        with pytest.raises((Ended, Interpreted)):
            jail.order(["hold"], [np.frombuffer(pickle.dumps([]), np.uint8)])
