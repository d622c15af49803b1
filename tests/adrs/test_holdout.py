"""The Ladder: a look answers only whether the best published before was surely beaten."""

import json

import pytest

from sim.adrs.holdout import Answer, Ladder
from sim.adrs.instances import Instance
from sim.core.errors import InputError
from tests.adrs.synthetic import instances

FOUR = instances(4, "holdout")


TRAINED = 0.5
"""Mean loss on training of all that is looked at here, where nothing else is said."""


def of(*losses):
    return {instance.name: loss for instance, loss in zip(FOUR, losses, strict=True)}


def test_the_first_look_publishes(tmp_path):
    assert Ladder(FOUR, most=3, folder=tmp_path).look("a", of(1.0, 2.0, 3.0, 6.0), TRAINED) == Answer(1, True, 3.0, 2)


@pytest.mark.parametrize(
    ("drops", "is_published"),
    [
        ((1.0, 1.0, 1.0, 1.0), True),  # no spread: any drop is sure
        ((4.0, 0.0, 4.0, 0.0), True),  # mean 2; sd 2.309, over sqrt(4) 1.155
        ((4.0, -4.0, 4.0, 0.0), False),  # mean 1; sd 3.830, over sqrt(4) 1.915
        ((4.0, 0.0, 0.0, 0.0), False),  # mean 1; sd 2, over sqrt(4) 1: not above it
        ((0.0, 0.0, 0.0, 0.0), False),
        ((-1.0, -1.0, -1.0, -1.0), False),
    ],
)
def test_later_ones_publish_what_is_better_by_more_than_a_standard_error(tmp_path, drops, is_published):
    ladder = Ladder(FOUR, folder=tmp_path)
    ladder.look("a", of(5.0, 6.0, 7.0, 8.0), TRAINED)
    answer = ladder.look("b", of(*(5.0 + k - drop for k, drop in enumerate(drops))), TRAINED)
    assert answer.is_published is is_published
    assert answer.mean == (6.5 - sum(drops) / 4 if is_published else 6.5)


def test_what_was_not_published_is_not_what_the_next_one_is_held_against(tmp_path):
    ladder = Ladder(FOUR, folder=tmp_path)
    ladder.look("a", of(5.0, 5.0, 5.0, 5.0), TRAINED)
    assert not ladder.look("worse", of(9.0, 9.0, 9.0, 9.0), TRAINED).is_published
    assert not ladder.look("between", of(7.0, 7.0, 7.0, 7.0), TRAINED).is_published
    assert ladder.look("better", of(4.0, 4.0, 4.0, 4.0), TRAINED) == Answer(4, True, 4.0, 6)


def test_looks_are_kept_whoever_looks_and_end(tmp_path):
    for k in range(3):
        ladder = Ladder(FOUR, most=3, folder=tmp_path)
        assert ladder.left == 3 - k
        ladder.look(f"candidate {k}", of(5.0 - k, 5.0, 5.0, 5.0), TRAINED)
    spent = Ladder(FOUR, most=3, folder=tmp_path)
    with pytest.raises(InputError, match="these holdout traces were looked at 3 times, which is all they are good for"):
        spent.look("another", of(0.0, 0.0, 0.0, 0.0), TRAINED)
    with pytest.raises(InputError, match="name others with --holdout"):
        spent.refuse_when_spent()
    assert len(json.loads(spent.path.read_text())) == 3


def test_the_same_candidate_again_costs_nothing_and_hears_the_same(tmp_path):
    ladder = Ladder(FOUR, most=2, folder=tmp_path)
    first = ladder.look("a", of(5.0, 5.0, 5.0, 5.0), TRAINED)
    ladder.look("b", of(4.0, 4.0, 4.0, 4.0), TRAINED)
    again = Ladder(FOUR, most=2, folder=tmp_path)
    again.refuse_when_spent("a")
    assert again.look("a", of(5.0, 5.0, 5.0, 5.0), TRAINED) == Answer(first.number, True, 5.0, 0)
    assert again.look("b", of(4.0, 4.0, 4.0, 4.0), TRAINED) == Answer(2, True, 4.0, 0)


def test_other_instances_or_contents_have_looks_of_their_own(tmp_path):
    Ladder(FOUR, folder=tmp_path).look("a", of(5.0, 5.0, 5.0, 5.0), TRAINED)
    assert Ladder(FOUR, folder=tmp_path).left == 9
    assert Ladder(FOUR[:3], folder=tmp_path).left == 10
    assert Ladder(FOUR, contents={FOUR[0].trace: "other"}, folder=tmp_path).left == 10


def test_other_capacities_and_seeds_are_looks_at_the_same_recorded_traces(tmp_path):
    def recorded(capacity, seed):
        return [Instance(f"{name}.csv", 0, 0, (("capacity", capacity),), seed) for name in "abcd"]

    def look(candidate, capacity, seed, loss):
        these = recorded(capacity, seed)
        ladder = Ladder(these, folder=tmp_path)
        return ladder.look(candidate, {each.name: loss for each in these}, TRAINED)

    assert look("a", 5, 0, 1.0) == Answer(1, True, 1.0, 9)
    assert look("a", 5, 1, 2.0) == Answer(2, True, 2.0, 8)  # nothing was published of these draws of policies
    assert look("b", 9, 0, 3.0) == Answer(3, True, 3.0, 7)
    assert look("c", 5, 0, 0.9) == Answer(4, True, 0.9, 6)
    assert look("d", 5, 1, 2.1) == Answer(5, False, 2.0, 5)
    assert look("a", 5, 0, 1.0) == Answer(1, True, 1.0, 5)


def test_a_single_instance_has_no_spread(tmp_path):
    (one,) = instances(1)
    ladder = Ladder([one], folder=tmp_path)
    ladder.look("a", {one.name: 1.0}, TRAINED)
    assert ladder.look("b", {one.name: 0.999}, TRAINED).is_published
    assert not ladder.look("c", {one.name: 0.999}, TRAINED).is_published


@pytest.mark.parametrize(
    "text", ["", "?", "{}x", "7", '[{"candidate": "a"}]', '[{"losses": [1.0], "published": true}]']
)
def test_a_damaged_ledger_is_told_in_a_line(tmp_path, text):
    path = Ladder(FOUR, folder=tmp_path).path
    path.write_text(text)
    with pytest.raises(InputError, match=r"is no ledger of looks at this holdout any more; name other traces"):
        Ladder(FOUR, folder=tmp_path)


@pytest.mark.parametrize(
    ("gaps", "is_alarming"),
    [
        ((0.1, 0.2, 0.3), True),
        ((0.9, 0.1, 0.2, 0.3), True),  # the last three
        ((0.1, 0.2), False),
        ((0.1, 0.3, 0.2), False),
        ((0.1, 0.1, 0.3), False),
        ((0.10, 0.115, 0.13), True),  # wider by 0.03; four losses 0.05 around their mean have an error of 0.0289
        ((0.10, 0.11, 0.12), False),
    ],
)
def test_a_gap_to_training_that_widens_from_look_to_look_is_an_alarm(tmp_path, gaps, is_alarming):
    ladder = Ladder(FOUR, folder=tmp_path)
    for k, gap in enumerate(gaps):
        ladder.look(str(k), of(0.95, 1.05, 0.95, 1.05), 1.0 - gap)
    told = Ladder(FOUR, folder=tmp_path).widening(str(len(gaps) - 1))
    assert told == (pytest.approx(gaps[-3:]) if is_alarming else ())


def test_without_a_look_only_the_number_left_is_known(tmp_path):
    ladder = Ladder(FOUR, most=3, folder=tmp_path)
    ladder.look("a", of(1.0, 1.0, 1.0, 1.0), TRAINED)
    assert ladder.unasked() == Answer(0, False, 0.0, 2) and ladder.left == 2
