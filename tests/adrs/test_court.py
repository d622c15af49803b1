"""A court runs nothing twice, charges everything, and gives losses against the baseline."""

import math

import pytest

from sim.adrs.candidate import Status
from sim.adrs.court import Ledger
from sim.core.errors import InputError
from tests.adrs.synthetic import PAGING, Judge, court, formula, instances, tried

A, B = formula("age"), formula("-count")

THREE = instances(3)


def misses(candidate, instance):
    """The baseline 10, 20, 30 misses; others half as many."""
    own = 10.0 * (instance.seed + 1)
    return own / 2 if candidate.source in (A, B) else own


def test_a_loss_is_the_logarithm_of_the_ratio_to_the_baseline():
    one = tried(A)
    court(Judge(misses)).extend([one], THREE, "search")
    assert one.losses == {instance.name: pytest.approx(math.log(0.5)) for instance in THREE}
    assert one.mean(THREE) == pytest.approx(math.log(0.5)) and one.n_of(THREE) == 3


def test_more_of_a_reward_is_a_lower_loss():
    here = court(Judge(misses))
    here.sign = -1
    one = tried(A)
    here.extend([one], THREE, "search")
    assert one.mean(THREE) == pytest.approx(math.log(2))


def test_a_metric_of_nothing_is_tiny_and_no_error():
    one = tried(A)
    court(Judge(lambda candidate, instance: 0.0 if candidate.source == A else 1.0)).extend([one], THREE[:1], "search")
    assert one.losses == {THREE[0].name: pytest.approx(math.log(1e-12))}


def test_what_is_known_is_not_run_again_by_whomever_it_is_asked():
    judge = Judge(misses)
    here = court(judge)
    here.extend([tried(A)], THREE[:2], "one")
    n = len(judge.asked)
    again = tried(A)
    here.extend([again], THREE[:2], "other")
    assert len(judge.asked) == n == 2  # the baseline and the candidate
    assert again.n_of(THREE) == 2
    here.extend([again], THREE, "other")
    assert judge.asked[-1][1:] == ((THREE[2].name,), False)


def test_two_of_one_source_in_a_batch_are_run_once():
    judge = Judge(misses)
    one, other = tried(A), tried(A)
    court(judge).extend([one, other], THREE, "search")
    assert len(judge.asked) == 2 and one.losses == other.losses != {}


def test_a_court_with_the_same_journal_runs_nothing_and_charges_the_same(tmp_path):
    ledgers = []
    for n_run in (3, 0):
        judge = Judge(misses)
        here = court(judge, tmp_path / "journal")
        one = tried(A)
        here.probe([one], THREE[:1], "search")
        here.extend([one], THREE, "search")
        assert len(judge.asked) == n_run
        ledgers.append(here.ledger.events)
    assert ledgers[0] == ledgers[1] == {"search": 10 + 30 + 30}  # the probe, the baseline, the candidate


def test_failures_have_no_loss_are_charged_and_not_tried_further():
    judge = Judge(
        lambda candidate, i: Status.TIMEOUT if candidate.source == A and i == THREE[1] else misses(candidate, i)
    )
    here = court(judge)
    failing, other = tried(A), tried(B)
    here.extend([failing, other], THREE, "search")
    assert (failing.status, failing.losses, failing.detail) == (Status.TIMEOUT, {}, f"at {THREE[1].name}")
    assert other.is_ok and other.n_of(THREE) == 3
    assert here.ledger.events == {"search": 30 + 10 + 30}
    n = len(judge.asked)
    here.extend([failing], instances(2, "more"), "search")
    assert [name for name, *_ in judge.asked[n:]] != [failing.candidate.id]
    assert failing.status == Status.TIMEOUT


def test_probes_give_keys_and_no_values():
    one = tried(A)
    court(Judge(misses, key=lambda candidate: "alike")).probe([one], THREE[:1], "search")
    assert (one.key, one.unlike, one.losses) == ("alike", 0.25, {})


def test_a_baseline_that_fails_ends_the_search_in_a_line():
    here = court(Judge(lambda candidate, instance: 1.0 if candidate.source == A else Status.CRASHED))
    with pytest.raises(
        InputError, match=f"^{PAGING.baseline}, which all are held against, fails on these traces: at train"
    ):
        here.extend([tried(A)], THREE, "search")


def test_searches_have_equal_shares_of_a_ledger():
    ledger = Ledger(10, 2)
    ledger.charge("one", 4)
    ledger.charge("other", 5)
    assert (ledger.total, ledger.is_spent("one"), ledger.is_spent("other")) == (9, False, True)
    ledger.charge("one", 1)
    assert (ledger.events, ledger.is_spent("one"), ledger.is_spent("third")) == ({"one": 5, "other": 5}, True, False)
    assert not Ledger().is_spent("one")


def test_a_candidate_counts_as_tried_on_the_first_instances_only():
    one = tried(A, {THREE[0].name: 1.0, THREE[2].name: 3.0})
    assert one.n_of(THREE) == 1 and one.n_of(THREE[2:]) == 1 and one.mean((THREE[0], THREE[2])) == 2.0
