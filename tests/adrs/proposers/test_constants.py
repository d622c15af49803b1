"""Constants are tuned where they can change a decision, and nowhere else."""

from __future__ import annotations

import math

import pytest

from sim.adrs import expression
from sim.adrs.candidate import Candidate, Report, Status
from sim.adrs.expression import prefix
from sim.adrs.proposers import Exhausted, Tried
from sim.adrs.proposers.constants import QUESTIONS, Constants, idle, mattering
from sim.core.seeds import stream
from tests.adrs.synthetic import PAGING, formula

FEATURES = tuple(PAGING.template("sampled").features)


def parsed(text):
    return expression.parse(text, FEATURES)


def ok(loss=-1.0):
    return Report(Status.OK, {"instance": loss})


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("age", "age"),
        ("age + count", "age + count"),
        ("age + 3.0", "age + 3.0, age, 3.0"),
        ("2.0 * age - 3.0", "2.0 * age - 3.0, 2.0 * age, 2.0, age, 3.0"),
        ("age * count", "age * count, age, count"),
        ("divide(age, -count)", "divide(age, -count), age, -count, count"),
        ("log(sqrt(age))", "log(sqrt(age)), sqrt(age), age"),
        ("sqrt(age + 3.0)", "sqrt(age + 3.0), age + 3.0"),
        ("-(age + 3.0)", "-(age + 3.0), age + 3.0, age, 3.0"),
        ("max(age, 3.0)", "max(age, 3.0)"),
        ("3.0 * (age + 2.0 * count)", "3.0 * (age + 2.0 * count), 3.0, age + 2.0 * count"),
        ("age if count < 2.0 else gap", "age if count < 2.0 else gap"),
    ],
)
def test_a_factor_of_the_whole_or_of_a_product_or_a_constant_added_to_all_changes_no_order(text, places):
    root = parsed(text)
    assert ", ".join(str(root.at(place)) for place in sorted(idle(root))) == places


@pytest.mark.parametrize(
    "text", ["2.0 * age + 3.0", "log(2.0 * age) * count", "sqrt(age + 3.0) - 0.5 * gap", "-(age * 4.0)"]
)
def test_values_keep_their_order_whatever_a_factor_at_an_idle_place(text):
    """And some lose it at one of the others, if there are such that are constants."""
    root, rng = parsed(text), stream(3, "values")
    points = [{name: 10 * rng.random() for name in FEATURES} for _ in range(60)]
    before = order(root, points)
    for place, node in enumerate(prefix(root)):
        factored = root.replaced(place, expression.Node("multiply", (expression.constant(7.0), node)))
        if place in idle(root):
            assert order(factored, points) == before, node
        elif node.name == expression.CONSTANT:
            assert order(factored, points) != before, node


def order(root, points):
    called = {
        "divide": lambda a, b: a / b if b else 1.0,
        "log": lambda a: math.log1p(abs(a)),
        "sqrt": lambda a: math.sqrt(abs(a)),
    }
    values = [round(eval(str(root), {**called, **point}), 9) for point in points]
    return sorted(range(len(points)), key=values.__getitem__)


def test_only_constants_that_matter_are_tuned():
    root = parsed("3.0 * (age + 2.0 * count) + max(gap, 0.0)")
    assert [root.constants[k] for k in mattering(root)] == [3.0, 2.0]
    proposer, rng = Constants(PAGING), stream(0, "cma")
    parent = Tried(Candidate(formula("4.0 * (age - 2.0 * count) + 5.0")), ok())
    asked = [PAGING.read(proposer.ask([parent], rng).candidate.source).root for _ in range(20)]
    assert {root.constants[0] for root in asked} == {4.0} and {root.constants[2] for root in asked} == {5.0}
    assert len({root.constants[1] for root in asked}) > 15


def test_a_formula_without_constants_gets_factors_where_they_matter():
    proposer, rng = Constants(PAGING), stream(0, "cma")
    root = PAGING.read(
        proposer.ask([Tried(Candidate(formula("age * (count + gap)")), ok())], rng).candidate.source
    ).root
    assert len(mattering(root)) == len(root.constants) >= 1


def test_one_with_no_room_for_any_gives_way_to_a_seed():
    proposer = Constants(PAGING)
    proposal = proposer.ask([Tried(Candidate(formula("age")), ok())], stream(0, "cma"))
    assert proposal.candidate.parents == () and mattering(PAGING.read(proposal.candidate.source).root)
    seedless = Constants(PAGING)
    seedless.seeds = []
    with pytest.raises(Exhausted, match="knows no formula with a constant that would change a decision"):
        seedless.ask([], stream(0, "cma"))


def test_of_the_same_asked_twice_in_a_batch_each_is_told():
    proposer, rng = Constants(PAGING), stream(0, "cma")
    parent = Tried(Candidate(formula("age - 2.0 * count")), ok())
    first = proposer.ask([parent], rng).candidate
    proposer.now.asked[first.id].append(proposer.now.tuner.ask()[0])
    told = []
    proposer.now.tuner.tell = lambda number, losses: told.append(number)
    for report in (Report(Status.DUPLICATE), ok(), ok()):
        proposer.tell(Tried(first, report))
    assert told == [0]  # the repetition came last, and says nothing; the first is told once


def test_the_next_formula_is_taken_when_one_has_had_its_share():
    proposer, rng = Constants(PAGING), stream(0, "cma")
    one, other = (Tried(Candidate(formula(text)), ok()) for text in ("age - 2.0 * count", "gap - 2.0 * count"))
    parents = []
    for _ in range(2 * QUESTIONS):
        candidate = proposer.ask([other, one], rng).candidate
        proposer.tell(Tried(candidate, ok()))
        parents += candidate.parents
    assert parents == [one.candidate.id] * QUESTIONS + [other.candidate.id] * QUESTIONS
