"""A formula is the same as data and as Python: number by number, and decision by decision."""

from __future__ import annotations

import math

import pytest

from sim.adrs import problem, variation
from sim.adrs.expression import canonical, constant, parse
from sim.adrs.problem import Formula
from sim.adrs.program import Program
from sim.core.errors import InputError
from sim.core.formula import divide, log, sqrt
from sim.core.seeds import stream
from sim.study import catalog
from tests.contracts.paging.subjects import trace
from tests.worked import run

FEATURES = ("age", "count", "gap")

AWKWARD = (0.0, -0.0, 1.0, -1.0, 3.5, 1e308, -1e308, 1e-320, math.inf, -math.inf, math.nan)


class Subject:
    """Features that are told as they were set."""

    def __init__(self, values):
        self.values = values

    def feature(self, k, subject):
        return self.values[k]


def test_thousands_of_formulas_have_the_same_value_as_data_and_as_python():
    rng = stream(0, "formulas")
    names = {"divide": divide, "log": log, "sqrt": sqrt, "min": min, "max": max}
    for _ in range(3000):
        node = variation.ramped(rng, FEATURES)
        values = [AWKWARD[int(rng.random() * len(AWKWARD))] for _ in FEATURES]
        told = Program(*node.program(FEATURES)).value(Subject(values), 0)
        printed = eval(str(node), {**names, **dict(zip(FEATURES, values, strict=True))})
        assert repr(float(printed)) == repr(told), str(node)


def test_a_formula_is_read_as_it_was_printed():
    rng = stream(1, "formulas")
    for _ in range(1000):
        node = variation.ramped(rng, FEATURES)
        assert parse(str(node), FEATURES) == node


def test_variation_keeps_formulas_small():
    rng = stream(2, "formulas")
    one, other = variation.grown(rng, FEATURES, 6), variation.grown(rng, FEATURES, 6)
    for _ in range(300):
        one = variation.mutated(rng, variation.crossed(rng, one, other), FEATURES)
        assert variation.fits(one)
        assert variation.hoisted(rng, one).size <= one.size
        assert variation.jittered(rng, one).size == one.size


def test_formulas_are_equal_when_commuting_arguments_are_exchanged():
    assert canonical(parse("age * count + 1.0", FEATURES)) == canonical(parse("1.0 + count * age", FEATURES))
    assert canonical(parse("age - count", FEATURES)) != canonical(parse("count - age", FEATURES))


def test_constants_are_changed_in_the_order_in_which_they_are_told():
    node = parse("divide(age, 2.0) + 3.0 * count", FEATURES)
    assert node.constants == (2.0, 3.0)
    assert str(node.with_constants((5.0, -7.0))) == "divide(age, 5.0) + -7.0 * count"


@pytest.mark.parametrize(
    ("text", "named"),
    [("size", "size"), ("open(age)", "open"), ("age ** 2", "age ** 2"), ("age +", "no Python"), ("True", "True")],
)
def test_what_is_no_formula_is_refused_by_name(text, named):
    with pytest.raises(InputError) as refused:
        parse(text, FEATURES)
    assert named in str(refused.value)


def test_a_constant_is_finite():
    with pytest.raises(ValueError, match="finite"):
        constant(math.inf)


def random_formula(found, seed):
    """A formula of one of the problem's templates, with any parameters it has."""
    rng = stream(seed, "formulas")
    template = variation.drawn(rng, found.templates)
    root = variation.ramped(rng, tuple(template.features))
    parameters = tuple((name, least + int(rng.random() * 4)) for name, (least, _) in template.parameters.items())
    return Formula(template.name, root, parameters)


def decided(policy, mode):
    """Every decision on a trace of paging that tells policies apart."""
    return run(policy, trace(3), 7, mode=mode).decisions


def written(found, formula, folder):
    """The formula's policy file, loaded as a user's."""
    file = folder / f"formula_{abs(hash(str(formula.root)))}.py"
    file.write_text(found.source(formula))
    return catalog.policy(found.domain, str(file))


@pytest.mark.parametrize("seed", range(40))
def test_a_program_and_the_file_it_is_printed_as_decide_alike(seed, tmp_path):
    paging = problem.find("paging")
    formula = random_formula(paging, seed)
    as_data = decided(paging.policy(formula), "compiled")
    assert as_data.same_as(decided(paging.policy(formula), "interpreted"))
    assert as_data.same_as(decided(written(paging, formula, tmp_path), "interpreted"))


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 30))])
def test_a_printed_file_decides_alike_as_machine_code(seed, tmp_path):
    paging = problem.find("paging")
    formula = random_formula(paging, seed)
    assert decided(paging.policy(formula), "compiled").same_as(decided(written(paging, formula, tmp_path), "compiled"))


@pytest.mark.parametrize("domain", problem.known())
def test_every_seed_is_read_back_from_its_file(domain):
    found = problem.find(domain)
    for name, formula in found.seeds().items():
        assert found.read(found.source(formula)) == formula, name


@pytest.mark.parametrize("domain", problem.known())
def test_the_features_of_a_template_are_methods_of_its_policy(domain):
    for template in problem.find(domain).templates:
        missing = [name for name in template.features if not hasattr(template.programmed, name)]
        assert missing == []


def test_a_file_that_only_looks_like_a_formula_is_not_taken_for_one():
    paging = problem.find("paging")
    source = paging.source(Formula("sampled", paging.template("sampled").parse("age")))
    assert paging.read(source) is not None
    for other in (
        source.replace("return age", "open('x'); return age"),
        source + "\nx = 1\n",
        "import os\n" + source,
        "?",
    ):
        assert paging.read(other) is None


def test_a_domain_without_a_problem_says_which_have_one(monkeypatch):
    monkeypatch.setattr(problem, "known", lambda: ["paging"])
    with pytest.raises(InputError, match=r"dispatch has no problem file.*paging"):
        problem.find("dispatch")


def test_a_system_that_a_problem_is_not_about_is_refused():
    with pytest.raises(
        InputError, match=r"the problem of paging is one of the system paging, not of paging/timed; leave"
    ):
        problem.find("paging/timed")


def test_a_domain_may_have_a_problem_for_each_of_its_systems():
    for system in ("transactions", "transactions/engine"):
        assert problem.find(system).system == system
