"""Tuned library policies stay within their ranges, and near to what was good."""

import math
from collections import Counter

import pytest

from sim.adrs.candidate import Report, Status
from sim.adrs.problem import find, known
from sim.adrs.proposers import Tried
from sim.adrs.proposers.parameters import Parameters, _at
from sim.adrs.shelf import Shelf
from sim.core.seeds import stream

PAGING = find("paging")


def tuned(losses, n=120, problem=PAGING, seed=0):
    """Asks and tells; `losses` of a policy's name and its values. Gives what was asked."""
    proposer, shelf, rng = Parameters(problem), Shelf(problem.domain), stream(seed, "tune")
    asked = []
    for _ in range(n):
        candidate = proposer.ask([], rng).candidate
        policy = shelf.read(candidate.source)
        name = candidate.note.partition(",")[0]
        values = {key: getattr(policy, key) for key in problem.tunable[name]}
        asked.append((name, values))
        proposer.tell(Tried(candidate, losses(name, values)))
    return asked


def ok(loss):
    return Report(Status.OK, {f"instance {k}": loss for k in range(4)})


@pytest.mark.parametrize("domain", [each for each in known() if find(each).tunable])
def test_every_value_is_within_its_range_and_whole_where_the_range_is(domain):
    problem = find(domain)
    asked = tuned(lambda name, values: ok(-1.0), problem=problem)
    assert {name for name, _ in asked} == set(problem.tunable)
    for name, values in asked:
        for key, (least, most) in problem.tunable[name].items():
            assert least <= values[key] <= most, (name, key)
            assert isinstance(values[key], int) or not (isinstance(least, int) and isinstance(most, int))


def test_it_finds_the_bottom_of_a_bowl():
    def losses(name, values):
        if name != "two_q":
            return ok(1.0)
        return ok(abs(math.log(values["in_share"] / 0.05)) + abs(math.log(values["out_share"] / 3.0)) - 1.0)

    asked = [values for name, values in tuned(losses, n=300) if name == "two_q"]
    late = asked[-20:]
    assert abs(math.fsum(math.log(v["in_share"] / 0.05) for v in late) / 20) < 0.5
    assert min(abs(math.log(v["in_share"] / 0.05)) + abs(math.log(v["out_share"] / 3.0)) for v in asked) < 0.2


def test_the_policy_that_does_best_is_tried_most():
    asked = Counter(name for name, _ in tuned(lambda name, values: ok(-1.0 if name == "lirs" else 0.0)))
    assert asked.most_common(1)[0][0] == "lirs" and min(asked.values()) > 0


@pytest.mark.parametrize("status", [Status.CRASHED, Status.TIMEOUT, Status.DUPLICATE])
def test_failures_and_duplicates_stop_nothing(status):
    asked = tuned(lambda name, values: Report(status) if name == "lhd" else ok(0.0))
    assert len(asked) == 120 and any(name == "lhd" for name, _ in asked)


def test_the_same_seed_asks_the_same():
    one, other, third = (tuned(lambda name, values: ok(-1.0), n=60, seed=seed) for seed in (1, 1, 2))
    assert one == other != third


@pytest.mark.parametrize(
    ("place", "ends", "value"),
    [
        (0.0, (4, 64), 4),
        (0.5, (4, 64), 16),
        (1.0, (4, 64), 64),
        (0.5, (0.01, 1.0), 0.1),
        (0.25, (0, 10), 2),
        (0.25, (0.0, 10.0), 2.5),
    ],
)
def test_positive_ranges_are_on_a_logarithmic_scale(place, ends, value):
    assert _at(place, *ends) == pytest.approx(value) and type(_at(place, *ends)) is type(value)


def test_of_the_same_asked_twice_in_a_batch_each_is_told():
    proposer, rng = Parameters(PAGING), stream(0, "tune")
    first = proposer.ask([], rng).candidate
    ((name, number),) = proposer.asked[first.id]
    proposer.asked[first.id].append((name, proposer.tuners[name].ask()[0]))
    told = []
    proposer.tuners[name].tell = lambda number, losses: told.append(number)
    for report in (Report(Status.DUPLICATE), ok(-1.0), ok(-1.0)):
        proposer.tell(Tried(first, report))
    assert told == [number]
