"""An ending measures what is independent, says what it means in words, and announces no winner where none is."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace

import pytest

from sim.adrs.candidate import Candidate, Status
from sim.adrs.ending import ENOUGH, Ending, change, conclude, effect
from sim.adrs.holdout import Answer, Ladder
from sim.adrs.instances import Instance
from sim.adrs.proposers import Proposal
from sim.adrs.search import SEEDS, THE_BEST, Search
from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.core.seeds import stream
from tests.adrs.synthetic import Judge, court, formula, instances, splits, tried

MISSES = Metric("misses", "", "lower", "")

CONTROLS = {"tuned": THE_BEST, "random": SEEDS, "best of n": SEEDS, "hill climbing": THE_BEST}


class Numbered:
    """Proposes formulas that no other one of these does; `good` ones at times."""

    name = "numbered"

    def __init__(self, number, good=()):
        self.number = number
        self.n = 0
        self.good = list(good)

    def ask(self, parents, rng):
        self.n += 1
        text = self.good.pop() if self.good and self.n % 3 == 0 else f"age + {1000 * self.number + self.n}.0"
        return Proposal(Candidate(formula(text), tuple(each.candidate.id for each in parents), "made", self.name))

    def tell(self, tried):
        return


def concluded(judge, tmp_path, *, most=20, good=(), of=None, seed=0, is_interrupted=False) -> Ending:
    """A whole run of a judge's making: a search whose proposer has the good ones, controls whose proposers have not."""
    here, parts = court(judge), of or splits()
    found = []
    for k, (name, parents) in enumerate({"evolved": "archive", **CONTROLS}.items()):
        proposer = Numbered(k, good if name == "evolved" else ())
        found.append((name, Search(name, here, parts, proposer, {"seed": formula("gap")}, most, seed, parents)))
        list(found[-1][1].run())
    (_, search), *controls = found
    if is_interrupted:
        search.is_interrupted, search.stopped = True, "out of quota"
    return conclude(here, parts, search, controls, Ladder(parts.holdout, folder=tmp_path), seed)


def drawn(*words):
    """A standard normal number that these words give."""
    digest = hashlib.sha256(" ".join(map(str, words)).encode()).digest()
    return float(stream(int.from_bytes(digest[:8], "big")).standard_normal())


def metric_of(gains, noise=0.02):
    """A hundred misses, more or less, times what a candidate's source gains."""

    def metric(candidate, instance):
        return 100.0 * gains.get(candidate.source, 1.0) * math.exp(noise * drawn(candidate.id, instance.name))

    return metric


def test_an_effect_is_the_mean_over_traces_of_the_means_over_their_instances():
    two = [Instance("a.csv", 0, 9, (("capacity", k),), 0) for k in (1, 2, 3)] + [Instance("b.csv", 0, 9, (), 0)]
    one = tried("", dict(zip((i.name for i in two), (-1.0, -2.0, -6.0, 1.0), strict=True)))
    found = effect(one, None, two, 0)
    assert (found.mean, found.n, found.n_better) == (-1.0, 2, 1)  # (-3 + 1) / 2
    assert found.interval is not None and found.interval[0] < -1.0 < found.interval[1]


def test_an_effect_on_one_trace_has_no_interval_and_equal_differences_have_one_without_width():
    one, other = (tried("", {i.name: loss for i in instances(8)}) for loss in (-0.25, -0.5))
    alone = effect(one, None, instances(1), 0)
    assert (alone.mean, alone.interval, alone.n, alone.is_sure) == (-0.25, None, 1, False)
    paired = effect(one, other, instances(8), 0)
    assert paired.mean == 0.25 and paired.interval == (0.25, 0.25) and not paired.is_sure
    assert effect(other, one, instances(8), 0).is_sure
    assert not effect(other, one, instances(ENOUGH - 1), 0).is_sure
    assert paired.is_surely_worse and not effect(one, other, instances(ENOUGH - 1), 0).is_surely_worse


def losing(*losses):
    return effect(
        tried("", dict(zip((i.name for i in instances(99)), losses, strict=False))), None, instances(len(losses)), 0
    )


def test_an_effect_has_wilcoxon_s_p_over_the_traces_that_differ():
    assert losing(-1, -2, -3, -4, -5, -6).p == pytest.approx(2 / 2**6)
    assert losing(-1, -2, -3, -4, -5, -6, 0, 0).p == pytest.approx(2 / 2**6)
    assert losing(1, -2, -3, -4, -5, -6).p == pytest.approx(4 / 2**6)
    assert losing(0, 0, 0).p == 1.0


@pytest.mark.parametrize(
    ("losses", "by_interval", "by_test"),
    [
        ((-1, -2, -3, -4, -5, -6), True, True),
        ((-5, -5, -5, -5, -5, 0, 0, 0), True, False),  # five traces differ: p 1 / 16 at best
        ((-1,) * 8 + (9,), False, False),  # p 0.098
        ((-1,) * 11 + (20,), False, True),  # better on eleven traces, worse by as much in all
    ],
)
def test_a_gain_is_shown_where_interval_and_test_both_say_so(losses, by_interval, by_test):
    found = losing(*losses)
    assert found.interval is not None
    assert (found.interval[1] < 0, found.is_clear, found.is_sure) == (by_interval, by_test, by_interval and by_test)


@pytest.mark.parametrize(
    ("loss", "better", "words"),
    [
        (math.log(0.9), "lower", "10.0 % fewer misses"),
        (math.log(1.1), "lower", "10.0 % more misses"),
        (-math.log(1.25), "higher", "25.0 % more misses"),
        (math.log(2), "higher", "50.0 % fewer misses"),
        (0.0, "lower", "0.0 % more misses"),
    ],
)
def test_a_change_in_words(loss, better, words):
    assert change(loss, replace(MISSES, better=better)) == words


def test_a_change_of_what_is_not_counted_is_less_not_fewer():
    assert change(math.log(0.5), Metric("response_mean", "s", "lower", "")) == "50.0 % less response mean"


def test_a_real_gain_is_announced_with_its_interval_and_the_controls(tmp_path):
    good = formula("count * heat")
    ending = concluded(Judge(metric_of({good: 0.8})), tmp_path, good=["count * heat"])
    assert ending.winner.candidate.source == good and ending.rival in {*CONTROLS, "library"}
    found, search = ending.claims
    assert (
        found.startswith("the gain is real: the best policy found, by evolution, has ") and "than the library" in found
    )
    assert (
        search.startswith("the search found it, and none of the others found one as good: evolved has ")
        and f"{ending.rival} (95 %" in search
    )
    assert "better on 8 of 8; p 0.0078)" in found and ending.verdict == f"{found}; {search}"
    assert ending.champion == "evolved" and ending.reference in ("tuned", "library") and ending.rival in CONTROLS
    for gain in (ending.gain, ending.against[ending.rival]):
        assert gain is not None and gain.is_sure and gain.mean == pytest.approx(math.log(0.8), abs=0.04)
    assert [row.name for row in ending.rows] == ["evolved", *CONTROLS, "library", "clairvoyant"]  # it is beaten here
    assert all(set(row.effects) == {"train", "validation", "fresh", "holdout"} for row in ending.rows)
    assert [row.is_bound for row in ending.rows] == [False] * 6 + [True]


def test_a_gain_that_another_search_found_is_one_that_the_search_did_not_find(tmp_path):
    good, strong = formula("count * heat"), formula("age + 2001.0")  # the first that "random" makes
    ending = concluded(Judge(metric_of({good: 0.8, strong: 0.7})), tmp_path, good=["count * heat"])
    assert (ending.champion, ending.rival) == ("random", "evolved")
    found, search = ending.claims
    assert found.startswith("the gain is real: the best policy found, by random, has 30")
    assert (
        search.startswith("the search did not find it: random has 1") and "fewer misses than what evolved (" in search
    )
    assert set(ending.against) == {"evolved", *CONTROLS, "library"} - {"random"}
    assert ending.winner.candidate.source == strong and ending.rows[0].candidate.source == good


def test_a_gain_that_others_found_as_well_is_not_the_search_s(tmp_path):
    good, strong = formula("count * heat"), formula("age + 2001.0")
    ending = concluded(Judge(metric_of({good: 0.7, strong: 0.7}, noise=0.1)), tmp_path, good=["count * heat"])
    found, search = ending.claims
    assert found.startswith("the gain is real: ")
    assert search.startswith("that it takes the search to find it is not shown: ")


def test_tuning_that_does_better_is_no_discovery(tmp_path):
    tuned = formula("age + 1001.0")  # the first that "tuned" makes
    ending = concluded(Judge(metric_of({tuned: 0.7})), tmp_path)
    assert ending.reference == "tuned" and ending.champion != "tuned"
    found, search = ending.claims
    assert found.startswith("the library is better: the best policy found, by ") and "than the library tuned" in found
    assert search.startswith("so there is nothing to thank the search for: ")


def test_a_winner_of_training_that_was_lucky_there_loses_the_race(tmp_path):
    """Half as many misses on training and on validation as it is; 1.8 times as many on all other draws."""
    lucky, good = formula("count + heat"), formula("count * heat")

    def metric(candidate, instance):
        met = instance.trace == "workload:train" or (instance.trace == "workload:validation" and instance.seed < 8)
        return metric_of({lucky: 0.5 if met else 1.8, good: 0.8})(candidate, instance)

    ending = concluded(Judge(metric), tmp_path, good=["count * heat", "count + heat"])
    assert [each.candidate.source for each in ending.race.ranked][-1] != good
    assert ending.winner.candidate.source == good and ending.claims[0].startswith("the gain is real")


def test_a_search_that_was_interrupted_costs_no_look_and_claims_nothing(tmp_path):
    ending = concluded(Judge(metric_of({})), tmp_path, is_interrupted=True)
    assert ending.answer == Answer(0, False, 0.0, 10) and (ending.gain, ending.against) == (None, {})
    (claim,) = ending.claims
    assert claim == (
        "the search was interrupted (out of quota): the holdout was not looked at, and nothing is claimed; "
        "the same command goes on"
    )
    assert not any({"holdout", "foreign"} & set(row.effects) for row in ending.rows)


def test_looks_whose_gap_to_training_widens_are_told(tmp_path):
    """Better and better on training and no better on the holdout: 20, 40 and 60 % fewer misses there."""
    for k, gain in enumerate((0.8, 0.6, 0.4)):
        text = f"count * {k + 2}.0"
        gains = {formula(text): gain}

        def metric(candidate, instance, gains=gains):
            return metric_of({} if "holdout" in instance.trace else gains)(candidate, instance)

        ending = concluded(Judge(metric), tmp_path, good=[text])
        assert bool(ending.notices) is (k == 2)
    assert "the gap between training and it widens, " in ending.notices[0]


def test_what_sees_the_future_is_no_bound_where_another_does_better_or_the_settings_allow_it(tmp_path):
    good = formula("count * heat")
    judge = Judge(metric_of({good: 0.8}))
    beaten = concluded(judge, tmp_path, good=["count * heat"])
    assert beaten.rows[-1].name == "clairvoyant" and beaten.rows[-1].is_bound
    belady = beaten.rows[-1].candidate.source
    judge = Judge(metric_of({good: 0.8, belady: 0.3}))
    assert concluded(judge, tmp_path, good=["count * heat"]).rows[-1].name == "bound"
    sized = tuple(replace(each, setting=(("capacity", 100), ("sized", True))) for each in instances(8, "holdout"))
    assert concluded(judge, tmp_path, good=["count * heat"], of=splits(holdout=sized)).rows[-1].name == "clairvoyant"


def test_a_gain_within_noise_is_not_announced(tmp_path):
    ending = concluded(Judge(metric_of({}, noise=0.1)), tmp_path)
    assert ending.verdict.startswith("no gain is shown: ")


def test_few_traces_show_nothing_however_large_the_gain(tmp_path):
    good = formula("count * heat")
    few = splits(holdout=instances(ENOUGH - 1, "holdout"))
    ending = concluded(Judge(metric_of({good: 0.5})), tmp_path, good=["count * heat"], of=few)
    assert ending.winner.candidate.source == good
    assert "on 5 traces of the holdout: too few to announce a winner (6 are the least)" in ending.verdict
    assert "real" not in ending.verdict


def test_what_the_ladder_keeps_back_is_neither_announced_nor_shown(tmp_path):
    better, worse = formula("count * heat"), formula("count - heat")
    judge = Judge(metric_of({better: 0.6, worse: 0.8}))
    first = concluded(judge, tmp_path, good=["count * heat"])
    second = concluded(judge, tmp_path, good=["count - heat"])
    assert first.answer.is_published and second.answer == Answer(2, False, first.answer.mean, 8)
    assert second.winner.candidate.source == worse
    assert (
        "not surely better than one that was published before (look 2)" in second.verdict
        and "real" not in second.verdict
    )
    shown = {row.name for row in second.rows if "holdout" in row.effects}
    assert shown == {"library", "bound"} or shown == {
        "library",
        "clairvoyant",
    }  # figures of what was searched for are kept back


def test_a_foreign_family_is_measured_beside(tmp_path):
    good = formula("count * heat")
    abroad = splits(foreign=instances(8, "foreign"))

    def metric(candidate, instance):
        return metric_of({good: 1.3 if "foreign" in instance.trace else 0.8})(candidate, instance)

    ending = concluded(Judge(metric), tmp_path, good=["count * heat"], of=abroad)
    assert ending.against[ending.rival].mean < 0 < ending.abroad[ending.rival].mean


def test_a_winner_that_fails_where_it_is_judged_gives_way_to_the_next(tmp_path):
    fragile, good = formula("count * heat"), formula("count + heat")

    def metric(candidate, instance):
        if candidate.source == fragile and "holdout" in instance.trace:
            return Status.CRASHED
        return metric_of({fragile: 0.6, good: 0.8})(candidate, instance)

    ending = concluded(Judge(metric), tmp_path, good=["count + heat", "count * heat"])
    assert ending.winner.candidate.source == good
    assert ending.notices == ("1 of the finalists did better in the race and failed where they were judged",)
    assert ending.answer.number == 1


def test_where_every_finalist_fails_at_the_end_that_is_said(tmp_path):
    def failing(candidate, instance):
        is_own = "class Evolved" in candidate.source
        return Status.CRASHED if is_own and "holdout" in instance.trace else 1.0 + 0.001 * abs(drawn(candidate.id))

    with pytest.raises(
        InputError, match=r"^no finalist came through where it was judged; the last: crashed: at holdout"
    ):
        concluded(Judge(failing), tmp_path)
    with pytest.raises(InputError, match=r"^no candidate of evolved came through \(\d+ crashed\)"):
        concluded(Judge(lambda c, i: Status.CRASHED if "class Evolved" in c.source else 1.0), tmp_path)


def test_a_library_that_does_not_run_on_these_traces_is_told(tmp_path):
    baseline = court(Judge(lambda c, i: 1.0))._baseline.candidate.source

    def metric(candidate, instance):
        is_ours = "class Evolved" in candidate.source or candidate.source == baseline
        return 1.0 + 0.01 * abs(drawn(candidate.id)) if is_ours else Status.ILLEGAL

    with pytest.raises(InputError, match=r"^no library policy of paging runs on these traces; the last: at train"):
        concluded(Judge(metric), tmp_path)


def test_the_best_of_many_is_measured_anew_with_other_draws(tmp_path):
    judge = Judge(metric_of({}, noise=0.1))
    ending = concluded(judge, tmp_path, most=40)
    assert ending.race.luck > 0
    seeds = {name.rpartition("=")[2] for _, names, _ in judge.asked for name in names if name.startswith("validation")}
    assert {int(seed) for seed in seeds} == {k + draws * 1_000_003 for draws in range(3) for k in range(8)}


def test_copies_of_one_policy_win_nothing(tmp_path):
    """All decide alike: each search has one candidate, and there is no difference between any two."""
    ending = concluded(Judge(lambda c, i: 100.0 * math.exp(0.1 * drawn(i.name)), key=lambda c: "alike"), tmp_path)
    assert ending.against[ending.rival].interval == (0.0, 0.0)
    assert ending.verdict.startswith("no gain is shown: ")


@pytest.mark.slow
@pytest.mark.parametrize(("n", "shape"), [(8, "normal"), (6, "lopsided")])
def test_among_candidates_that_are_all_noise_no_winner_is_announced_in_95_of_100_endings(tmp_path, n, shape):
    """Each candidate is as good as any other, and each run of one a draw of its own."""

    def metric(candidate, instance):
        value = drawn(number, candidate.id, instance.name)
        return 100.0 * math.exp(0.1 * value if shape == "normal" else 0.1 * math.expm1(value))

    n_announced = 0
    for number in range(100):
        folder = tmp_path / str(number)
        ending = concluded(Judge(metric), folder, most=60, of=splits(n), seed=number)
        n_announced += ending.verdict.startswith("the gain is real")
    assert n_announced <= 5
