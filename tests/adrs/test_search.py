"""A search spends what it may on what is new, tries the better longer, and tells its proposer of training alone."""

from __future__ import annotations

import pytest

from sim.adrs.candidate import Candidate, Status
from sim.adrs.proposers import Exhausted, Proposal, Unavailable
from sim.adrs.search import KEPT, N_FINALISTS, N_LEADERS, RUNGS, SEEDS, THE_BEST, Search
from tests.adrs.synthetic import Judge, court, formula, splits

OWN = "self.age("
"""In the sources of all that is proposed here, and of no seed."""


class Scripted:
    """Proposes the texts it is given, in turn; remembers the parents it got and what it was told."""

    name = "scripted"

    def __init__(self, texts, then="", malformed=()):
        self.texts = list(texts)
        self.then = then
        self.malformed = malformed
        self.parents = []
        self.told = []

    def ask(self, parents, rng):
        self.parents.append([each.candidate.source for each in parents])
        if not self.texts:
            raise Unavailable(self.then or "no more")
        text = self.texts.pop(0)
        source = text if text in self.malformed else formula(text)
        return Proposal(Candidate(source, (), "", self.name), "no file" if text in self.malformed else "", 10, 0.5)

    def tell(self, tried):
        self.told.append((tried.candidate.source, tried.report))


def endless(n=10_000):
    return [f"age + {k + 1}.0" for k in range(n)]


def value(candidate, instance):
    """A formula `age + k` is worth its k, any other one 1000; the baseline 500."""
    text = candidate.source.rpartition("return age + ")[2].strip()
    if "class Evolved" not in candidate.source:
        return 500.0
    return float(text) if text.replace(".", "").isdigit() else 1000.0


def searched(proposer, *, most=30, n=40, judge=None, seeds=("gap", "count"), **about):
    judge = judge or Judge(value)
    search = Search(
        "evolved",
        court(judge, most=about.pop("events", 0)),
        splits(n),
        proposer,
        {s: formula(s) for s in seeds},
        most,
        0,
        **about,
    )
    return search, list(search.run()), judge


def test_it_tries_as_many_as_it_may_the_seeds_included():
    search, steps, _ = searched(Scripted(endless()), most=60)
    assert search.evaluations == len(search.tried) == 60
    assert [step.evaluations for step in steps] == [2, 50, 60]
    assert search.stopped == ""


def test_seeds_are_tried_on_all_instances_and_of_the_others_a_third_from_rung_to_rung():
    unbeaten = Judge(lambda candidate, i: value(candidate, i) if OWN in candidate.source else 0.5)
    search, _, _ = searched(Scripted(endless()), most=29, judge=unbeaten)
    n_of = [each.n_of(search.splits.train) for each in search.tried]
    assert n_of[:2] == [40, 40]
    assert sorted(n_of[2:]) == [4] * 18 + [12] * 6 + [36] * 2 + [40]  # 27 on 4, 9 on 12, 3 on 36, 1 on all
    assert (RUNGS, KEPT) == ((4, 12, 36), 3)
    assert n_of[2] == 40  # the first, `age + 1`, is the best


def test_fewer_instances_make_fewer_rungs():
    assert searched(Scripted(endless()), n=8)[0].rungs == [4, 8]
    assert searched(Scripted(endless()), n=3)[0].rungs == [3]
    assert searched(Scripted(endless()), n=36)[0].rungs == [4, 12, 36]


def test_finalists_are_the_best_on_all_training_instances():
    search, steps, _ = searched(Scripted(endless()), most=200)
    whole = [each for each in search.tried if each.n_of(search.splits.train) == 40]
    best = sorted(whole, key=lambda each: each.mean(search.splits.train))
    assert search.finalists() == best[:N_FINALISTS] and len(best) > 2
    assert best[0].candidate.source == formula("age + 1.0")
    assert steps[-1].best == best[0].mean(search.splits.train)


def test_what_decides_like_one_before_is_a_duplicate_that_is_not_tried_and_costs_no_evaluation():
    alike = Judge(value, key=lambda candidate: "one" if OWN in candidate.source else candidate.id)
    search, _, judge = searched(Scripted(["age + 5.0", "age + 6.0", "age + 7.0"]), most=20, judge=alike)
    assert [each.status for each in search.tried] == [Status.OK] * 3 + [Status.DUPLICATE] * 2
    assert search.evaluations == 3
    ran = [source for source, *_ in judge.asked if source == search.tried[3].candidate.id]
    assert len(ran) == 1  # the probe
    assert search.statuses == {Status.OK: 3, Status.DUPLICATE: 2}


def test_the_same_letters_again_are_asked_for_anew_and_told_as_a_duplicate():
    proposer = Scripted(["age + 5.0", "age + 5.0", "gap", "age + 6.0"])
    search, _, _ = searched(proposer, most=20)
    assert [each.candidate.source for each in search.tried[2:]] == [formula("age + 5.0"), formula("age + 6.0")]
    again = [source for source, report in proposer.told if report.status == Status.DUPLICATE]
    assert again == [formula("age + 5.0"), formula("gap")]


def test_a_proposer_that_knows_nothing_new_does_not_keep_it_for_ever():
    class Stubborn(Scripted):
        def ask(self, parents, rng):
            return Proposal(Candidate(formula("gap"), (), "", self.name))

    search, _, _ = searched(Stubborn([]), most=20)
    assert search.evaluations == 2 and search.stopped == "whatever it asks for was tried before, to the letter"


def test_one_that_makes_nothing_but_duplicates_is_stopped_and_that_is_said():
    alike = Judge(value, key=lambda candidate: "one" if OWN in candidate.source else candidate.id)
    search, _, _ = searched(Scripted(endless()), most=10, judge=alike)
    assert search.evaluations == 3 and "decide like others" in search.stopped


def test_a_proposer_that_has_no_more_ends_the_search_with_what_it_had():
    search, _, _ = searched(Scripted(["age + 5.0", "age + 4.0"], then="out of quota"), most=20)
    assert search.stopped == "out of quota" and search.is_interrupted
    assert search.evaluations == 4 and search.finalists()[0].candidate.source == formula("age + 4.0")
    assert (search.tokens, search.dollars) == (20, 1.0)


def test_one_that_never_will_have_more_is_at_its_end_and_not_interrupted():
    class Finite(Scripted):
        def ask(self, parents, rng):
            if not self.texts:
                raise Exhausted("no more")
            return super().ask(parents, rng)

    search, _, _ = searched(Finite(["age + 5.0"]), most=20)
    assert (search.evaluations, search.stopped, search.is_interrupted) == (3, "no more", False)


def test_malformed_answers_are_told_never_run_and_never_parents():
    proposer = Scripted(["what?", "age + 5.0"], malformed=("what?",))
    search, _, judge = searched(proposer, most=20)
    assert [each.status for each in search.tried[2:]] == [Status.MALFORMED, Status.OK]
    assert search.tried[2].candidate.id not in {name for name, *_ in judge.asked}
    assert search.tried[2] not in list(search.archive)
    (report,) = [report for source, report in proposer.told if source == "what?"]
    assert (report.status, report.losses, report.detail) == (Status.MALFORMED, {}, "no file")


def test_failures_count_as_evaluations_and_are_never_elites():
    failing = Judge(lambda candidate, i: Status.TIMEOUT if OWN in candidate.source else value(candidate, i))
    search, _, _ = searched(Scripted(endless()), most=10, judge=failing)
    assert search.evaluations == 10 and search.statuses == {Status.OK: 2, Status.TIMEOUT: 8}
    assert {each.candidate.source for each in search.archive} <= {formula("gap"), formula("count")}
    assert len(search.finalists()) == 2


def test_a_proposer_hears_of_training_alone_and_of_no_failures_losses():
    proposer = Scripted(endless(20))
    search, _, judge = searched(proposer, most=20)
    heard = {name for _, report in proposer.told for name in report.losses}
    assert heard == {instance.name for instance in search.splits.train}
    ran = {name for _, names, is_probe in judge.asked for name in names if not is_probe}
    assert ran == {instance.name for instance in search.splits.train}  # neither validation nor holdout is touched


@pytest.mark.parametrize(("parents", "expected"), [(SEEDS, {"gap", "count"}), (THE_BEST, None)])
def test_parents_are_seeds_or_the_best_where_a_control_says_so(parents, expected):
    proposer = Scripted(endless())
    searched(proposer, most=120, parents=parents)
    got = [of[-1] for of in proposer.parents]
    if expected:
        assert set(got) == {formula(text) for text in expected}
    else:
        assert set(got[48:]) == {formula("age + 1.0")}
        assert all(len(of) == 1 for of in proposer.parents)


def test_from_half_of_the_children_to_all_are_of_the_leaders_alone_as_the_budget_is_spent():
    proposer = Scripted(endless())
    search, _, _ = searched(proposer, most=900)
    alone = [len(of) == 1 for of in proposer.parents]
    begun, ended = sum(alone[:192]) / 192, sum(alone[-96:]) / 96
    assert 0.45 < begun < 0.7 and ended > 0.93
    leaders = {formula(f"age + {k}.0") for k in range(1, 100)}
    assert {of[0] for of in proposer.parents[-96:] if len(of) == 1} <= leaders
    assert [each.mean(search.splits.train) for each in search.leaders] == sorted(
        each.mean(search.splits.train) for each in search.finalists()[:N_LEADERS]
    )


def test_it_stops_when_its_share_of_the_ledger_is_spent():
    search, _, _ = searched(Scripted(endless()), most=10_000, events=3000)
    assert search.court.ledger.total >= 3000 and search.evaluations < 200
    assert search.stopped == "its share of --events is spent" and not search.is_interrupted


def test_the_same_seed_makes_the_same_search():
    class Mixing(Scripted):
        def ask(self, parents, rng):
            return Proposal(Candidate(formula(f"age + {int(rng.random() * 1e6)}.0"), (), "", self.name))

    one, other = (searched(Mixing([]), most=100)[0] for _ in range(2))
    assert [each.candidate.id for each in one.tried] == [each.candidate.id for each in other.tried]
    assert one.steps == other.steps
