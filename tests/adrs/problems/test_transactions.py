"""The problems of transactions: seeds are the policies they are named after, and formulas decide alike in all their forms."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from sim.adrs import problem
from sim.adrs.candidate import Candidate, Status
from sim.adrs.instances import split
from sim.adrs.judge import Judge, play, trials
from sim.adrs.problem import Formula
from sim.adrs.proposers.formulas import SET, Formulas
from sim.adrs.shelf import Shelf
from sim.core.engine import replay
from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.domains import transactions
from sim.domains.transactions import engine
from sim.study import catalog
from sim.study.experiment import Bench
from sim.study.runs import Inputs
from tests.adrs.test_formulas import random_formula, written
from tests.contracts.transactions.subjects import arriving, trace
from tests.domains.transactions.test_placement import random_trace
from tests.domains.transactions.worked import made, run

OFFLINE = problem.find("transactions")
ONLINE = problem.find("transactions/engine")
SEEDS = {**OFFLINE.seeds(), **ONLINE.seeds()}

LIMIT = 400

ENGINES = (
    {"protocol": "strict_2pl", "workers": 3},
    {"protocol": "occ", "workers": 4, "clients": 6, "think": 2},
    {"protocol": "mvtso", "clients": 8, "backoff": 3},
)


def order(policy, mode="interpreted", **setting):
    return run(policy, trace(2), mode=mode, seed=3, evaluations=LIMIT, **setting).decisions


def executed(policy, setting, mode="interpreted"):
    """Every start of a busy engine, in order."""
    system = engine.System(engine.Setting(**setting))
    return replay(random_trace(5, n=24), system, policy, mode=mode, seed=3, record=True).decisions


def policy_of(seed):
    return (ONLINE if seed.startswith("drawn") else OFFLINE).policy(SEEDS[seed])


@pytest.mark.parametrize("setting", [{}, {"protocol": "strict_2pl_placement"}], ids=["ideal", "held"])
@pytest.mark.parametrize(
    ("seed", "policy"),
    [
        ("keyed: arrival", "arrival"),
        ("keyed: reversed", "reversed"),
        ("drawn: smf", "smf"),
        ("inserted: best_insertion", "best_insertion"),
        ("inserted: neh", "neh"),
        ("inserted: most_writes", "best_insertion,order=most_writes"),
    ],
)
def test_a_seed_decides_as_the_policy_it_is_named_after(seed, policy, setting):
    other = catalog.policy("transactions", policy)
    for seen in (trace(2), random_trace(7, n=30)):
        mine, its = (run(each, seen, seed=3, **setting).decisions for each in (policy_of(seed), other))
        assert mine.same_as(its)


@pytest.mark.parametrize("setting", ENGINES, ids=lambda setting: setting["protocol"])
@pytest.mark.parametrize(
    ("seed", "policy"), [("keyed: arrival", "arrival"), ("keyed: reversed", "reversed"), ("drawn: smf", "smf")]
)
def test_a_picker_decides_as_the_policy_it_is_named_after_where_transactions_abort_and_come_again(
    seed, policy, setting
):
    assert executed(policy_of(seed), setting).same_as(executed(catalog.policy("transactions", policy), setting))


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize(("seed", "weight"), [("walked: annealing", 1), ("walked: annealing_of_makespan", 0)])
def test_the_walk_keeps_what_annealing_keeps(seed, weight, number):
    """All orders that it comes by are those of annealing; it also sees the makespan of those that annealing leaves early."""
    seen = random_trace(number, n=12)
    ends = []
    for policy in (policy_of(seed), catalog.policy("transactions", f"annealing,weight={weight}")):
        system = transactions.System(transactions.Setting(evaluations=LIMIT))
        begun = system.begin(seen, policy, stream(3, "policy"))
        begun.loop(*begun.objects.values(), 0, len(seen))
        ends.append((begun.view.base.tolist(), begun.view.evaluations, begun.view.least))
    (mine, n_mine, least), (its, n_its, its_least) = ends
    assert (mine, n_mine) == (its, n_its) and least <= its_least


def test_a_later_pass_gives_no_worse_order_and_needs_a_question_for_each_place():
    for number in range(4):
        seen = random_trace(number, n=12)
        once, again = (run(replace(policy_of("inserted: neh"), passes=passes), seen).metrics for passes in (0, 1))
        assert again["makespan"] <= once["makespan"]
        assert (once["evaluations"], again["evaluations"]) == (78, 78 + 144)


class Told(transactions.Keyed):
    """Arrival, and what each transaction was told of when it was picked."""

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.told = []

    def key(self, transaction):
        return self.turn(transaction)

    def take(self, transaction):
        names = ("wait", "growth", "conflicts", "delay")
        self.told.append([getattr(self, name)(transaction) for name in names] + [self.left(), self.pending()])
        super().take(transaction)


def test_features_are_those_of_an_example_worked_by_hand():
    """Each of T1 = r-x w-y and T2 = r-y w-x waits for the other's last operation, and T3 touches nothing of theirs.

    T1 would move y's latest write to 2 and x's latest access to 1: T2, which writes x, waits for the access, and reads y. So it
    delays T2 by 1 and by 2. Alone, T2 conflicts with nobody any more.
    """
    policy = Told()
    system = transactions.System(transactions.Setting())
    begun = system.begin(made("r-x w-y", "r-y w-x", "* * *"), policy, stream(0, "policy"))
    begun.loop(*begun.objects.values(), 0, 3)
    assert policy.told == [[0, 2, 2, 3, 0, 3], [2, 2, 0, 0, 2, 2], [0, 0, 0, 0, 4, 1]]


def test_conflicts_are_counted_for_each_key_and_transaction():
    """T1 writes x, which T2 writes and T3 reads, and reads y, which T2 writes; T2 and T3 conflict on x."""
    seen = made("w-x r-y", "w-x w-y", "r-x")
    begun = transactions.System(transactions.Setting()).begin(seen, policy_of("keyed: arrival"), stream(0, "policy"))
    view = begun.view
    view.tell(1)
    assert [view.conflicts(t) for t in range(3)] == [3, 3, 2]
    plan = transactions.System(transactions.Setting()).begin(seen, policy_of("inserted: neh"), stream(0, "policy")).view
    assert plan.rivals.tolist() == [3, 3, 2]
    assert [sum(plan.conflicts(t, other) for other in range(3) if other != t) for t in range(3)] == [3, 3, 2]


def test_conflicts_of_many_are_those_of_each_pair():
    seen = random_trace(3, n=20)
    plan = transactions.System(transactions.Setting()).begin(seen, policy_of("inserted: neh"), stream(0, "policy")).view
    pairs = [sum(plan.conflicts(t, other) for other in range(20) if other != t) for t in range(20)]
    assert plan.rivals.tolist() == pairs and max(pairs) > 0


@pytest.mark.parametrize("seed", range(40))
def test_a_program_and_the_file_it_is_printed_as_decide_alike(seed, tmp_path):
    for found in (OFFLINE, ONLINE):
        formula = random_formula(found, seed)
        assert order(found.policy(formula)).same_as(order(written(found, formula, tmp_path)))


@pytest.mark.parametrize("name", ["keyed", "drawn", "inserted", "walked"])
def test_programs_decide_alike_as_machine_code(name):
    found = ONLINE if name == "drawn" else OFFLINE
    formulas = [f for f in (random_formula(found, seed) for seed in range(60)) if f.template == name][:8]
    assert formulas
    for formula in formulas:
        assert order(found.policy(formula), "compiled").same_as(order(found.policy(formula)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["keyed", "drawn"])
def test_programs_decide_alike_as_machine_code_in_the_engine_and_as_transactions_arrive(name):
    policy = ONLINE.policy(next(f for f in (random_formula(ONLINE, seed) for seed in range(60)) if f.template == name))
    assert executed(policy, ENGINES[1], "compiled").same_as(executed(policy, ENGINES[1]))
    late = [run(policy, arriving(0), mode=mode, seed=4, inflight=2).decisions for mode in ("compiled", "interpreted")]
    assert late[0].same_as(late[1])


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 12))])
def test_a_printed_file_decides_alike_as_machine_code(seed, tmp_path):
    policy = written(OFFLINE, random_formula(OFFLINE, seed), tmp_path)
    assert order(policy, "compiled").same_as(order(policy))


@pytest.mark.parametrize("name", ["keyed", "drawn", "inserted", "walked"])
def test_a_formula_that_is_never_a_number_still_gives_an_order(name):
    found = ONLINE if name == "drawn" else OFFLINE
    root = found.template(name).parse("1e308 * 1e308 - 1e308 * 1e308")
    assert Counter(order(found.policy(Formula(name, root))).subject.tolist()) == Counter(range(10))


def test_a_sample_weight_or_share_below_its_range_is_refused():
    for policy, told in (
        (replace(policy_of("drawn: smf"), sample=0), "sample of at least 1, got 0"),
        (replace(policy_of("inserted: neh"), weight=-1), "weight of at least 0, got -1"),
        (replace(policy_of("walked: annealing"), near=-1), "near of at least 0, got -1"),
    ):
        with pytest.raises(InputError, match=told):
            order(policy)


def test_a_parameter_from_0_on_is_set_to_all_of_its_values():
    """By the search, which draws between the ends by their logarithms."""
    proposer = Formulas(OFFLINE)
    formula = SEEDS["inserted: neh"]
    found = [dict(proposer._changed(stream(i, "set"), formula, SET).parameters) for i in range(200)]
    assert {told["weight"] for told in found if "weight" in told} == {0, 1, 2, 3, 4}
    assert {told["passes"] for told in found if "passes" in told} == {0, 1, 2}


@pytest.mark.parametrize(
    "found", [OFFLINE, pytest.param(ONLINE, marks=pytest.mark.slow)], ids=lambda found: found.system
)
def test_a_seed_comes_to_the_same_again(found):
    bench = Bench()
    options = {**found.setting, **({"evaluations": "300"} if found is OFFLINE else {})}
    first = split(
        found, bench, traces=["workload:smallbank,n_transactions=40"], options=options, most_rows=1000, seed=0
    )[0].train[0]
    for formula in found.seeds().values():
        values = [play(found, bench, found.policy(formula), first).metrics[found.metric] for _ in range(2)]
        assert values[0] == values[1] > 0


def test_library_policies_and_formulas_are_run_by_the_system_that_is_named():
    """In a search's processes, by the source alone; none of these needs the jail."""
    traces = ["workload:smallbank,n_transactions=40"]
    instances = split(ONLINE, Bench(), traces=traces, options=ONLINE.setting, most_rows=1000, seed=0)[0].train[:2]
    judge = Judge("transactions/engine", partial(map, trials("transactions/engine", Inputs())))
    sources = (Shelf("transactions").source("arrival", {}), ONLINE.source(SEEDS["keyed: arrival"]))
    library, formula = judge.tries([Candidate(source) for source in sources], instances)
    assert (library.status, library.layers, library.values) == (Status.OK, (), formula.values)
    assert set(library.values) == {instance.name for instance in instances}


@pytest.mark.parametrize("found", [OFFLINE, ONLINE], ids=lambda found: found.system)
def test_policies_can_be_tuned_to_both_ends_of_their_ranges(found):
    for name, ranges in found.tunable.items():
        for k in (0, 1):
            policy = catalog.policy_class("transactions", name)(**{key: ends[k] for key, ends in ranges.items()})
            assert len(order(policy)) == 10


def test_traces_of_a_problem_are_drawn_and_no_two_are_alike():
    bench = Bench()
    for found in (OFFLINE, ONLINE):
        names = [
            bench.trace(text, "transactions", seed).name for text in (*found.traces, *found.foreign) for seed in (0,)
        ]
        assert len(set(names)) == len(names) == len(found.traces) + len(found.foreign)
        for text in (*found.traces, *found.foreign):
            one, other = (np.asarray(bench.trace(text, "transactions", seed)["key"].values) for seed in (0, 1))
            assert not np.array_equal(one, other)
