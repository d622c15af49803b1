"""An archive keeps the best of each kind, compares on what both have seen, and starts half of itself anew now and then."""

import pytest

from sim.adrs.archive import RESET_AFTER, SIZES, UNLIKE_BINS, Archive, Place, place_of, size_of
from sim.adrs.candidate import Status
from sim.core.seeds import stream
from tests.adrs.synthetic import formula, instances, tried

FOUR = instances(4)


def of(text, *losses, unlike=0.0):
    """A candidate tried on the first instances."""
    return tried(formula(text), {i.name: loss for i, loss in zip(FOUR, losses, strict=False)}, unlike=unlike)


def archive(n_islands=1, later=None):
    """An archive whose further trials give the losses that `later` tells."""

    def extend(tested, n):
        for instance in FOUR[:n]:
            tested.losses.setdefault(instance.name, later[tested.candidate.id])

    return Archive(FOUR, extend, n_islands=n_islands)


def test_size_grows_with_what_is_said():
    assert size_of(formula("age + gap")) > size_of(formula("age"))
    assert size_of(formula("2.0 * age")) - size_of(formula("age")) == 2  # the number and the operator


@pytest.mark.parametrize(("unlike", "bin_of"), [(0.0, 0), (0.1249, 0), (0.125, 1), (0.5, 4), (0.99, 7), (1.0, 7)])
def test_places_are_fixed_eighths_of_how_often_it_decides_unlike_the_baseline(unlike, bin_of):
    assert place_of(of("age", unlike=unlike)).unlike == bin_of < UNLIKE_BINS


def test_places_are_fixed_bounds_of_size():
    places = []
    for n in range(12):
        one = of(" + ".join(["age", *["1.0"] * n]))
        size = size_of(one.candidate.source)
        assert place_of(one) == Place(sum(bound <= size for bound in SIZES), 0)
        places.append(place_of(one).size)
    assert places == sorted(places) and len(set(places)) > 2


def test_a_better_one_takes_a_place_and_an_equal_or_worse_one_does_not():
    kept = archive()
    assert kept.offer(of("age", 1.0, 1.0), 0)
    assert not kept.offer(of("gap", 1.0, 1.0), 0)  # ties: the older stays
    assert not kept.offer(of("size", 1.0, 1.5), 0)
    assert kept.offer(of("count", 1.0, 0.5), 0)
    assert [each.candidate.source for each in kept] == [formula("count")]


def test_other_kinds_and_islands_have_places_of_their_own():
    kept = archive(n_islands=2)
    for candidate, island in ((of("age", 1.0), 0), (of("gap", 9.0, unlike=0.9), 0), (of("count", 9.0), 1)):
        assert kept.offer(candidate, island)
    assert len(list(kept)) == 3
    assert kept.coverage == 2 / ((len(SIZES) + 1) * UNLIKE_BINS)


def test_a_lucky_first_instance_does_not_outdo_an_elite_that_has_seen_more():
    lucky, good = of("gap", -5.0), of("count", -5.0)
    kept = archive(later={lucky.candidate.id: 9.0, good.candidate.id: -1.0})
    kept.offer(of("age", 0.0, 0.0, 0.0), 0)
    assert not kept.offer(lucky, 0) and lucky.n_of(FOUR) == 3  # -5, 9, 9 against 0, 0, 0
    assert kept.offer(good, 0) and good.n_of(FOUR) == 3


def test_one_that_fails_when_it_is_tried_further_stays_out():
    def extend(tested, n):
        tested.status = Status.CRASHED

    kept = Archive(FOUR, extend, n_islands=1)
    kept.offer(of("age", 0.0, 0.0), 0)
    assert not kept.offer(of("gap", -5.0), 0)


def test_parents_are_of_one_island_the_better_last():
    kept = archive(n_islands=2)
    kept.offer(of("age", 3.0), 0)
    kept.offer(of("gap", 1.0, unlike=0.5), 0)
    kept.offer(of("count", -9.0), 1)
    rng = stream(0, "parents")
    for _ in range(200):
        island, (worse, better) = kept.parents(rng)
        assert not kept.is_better(worse, better)
        assert all(each in kept.islands[island].values() for each in (worse, better))
    assert archive().parents(rng) == (0, [])


def test_the_weaker_half_of_the_islands_begins_anew_with_the_best_of_the_others():
    kept = archive(n_islands=4)
    texts = ("age", "gap", "count", "total")
    for island, (text, loss) in enumerate(zip(texts, (4.0, 1.0, 3.0, 2.0), strict=True)):
        kept.offer(of(text, loss), island)
        kept.offer(of(text, loss + 1, unlike=0.9), island)
    rng = stream(0, "resets")
    assert not kept.reset_when_due(rng)
    kept.n_offered = RESET_AFTER
    assert kept.reset_when_due(rng) and not kept.reset_when_due(rng)
    assert [len(island) for island in kept.islands] == [1, 2, 1, 2]
    best = {formula("gap"), formula("total")}
    assert {kept.best(i).candidate.source for i in (0, 2)} <= best
    assert [kept.best(i).candidate.source for i in (1, 3)] == [formula("gap"), formula("total")]


def test_a_single_island_and_empty_ones_survive_a_reset():
    alone = archive()
    alone.n_offered = RESET_AFTER
    assert not alone.reset_when_due(stream(0, "resets"))
    empty = archive(n_islands=3)
    empty.n_offered = RESET_AFTER
    assert empty.reset_when_due(stream(0, "resets")) and list(empty) == []
