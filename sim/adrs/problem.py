"""What a search is asked to decide in a domain: the decision, what may go into it, what it begins with, how it is judged."""

from __future__ import annotations

import ast
import math
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.adrs import expression, problems
from sim.adrs.expression import Node
from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.core.policy import Policy
from sim.study import catalog


@dataclass(frozen=True)
class Feature:
    """A number that a formula may read; a method of the template of the same name.

    Args:
        meaning: in one line.
        unit: "requests", "bytes" ..., empty for a plain number.
        of_subject: it depends on the subject; otherwise it is one of the whole system.
    """

    meaning: str
    unit: str = ""
    of_subject: bool = True


@dataclass(frozen=True)
class Template:
    """A policy with one hole: a formula over features.

    Args:
        name: one word.
        decision: what the formula decides, in one sentence.
        base: class of the domain, as a printed file names it ("paging.Sampled"); it decides by the method `hole`.
        programmed: the same policy whose formula is a program: a class with the fields `codes` and `constants`.
        hole: name of the method that the formula is the body of.
        subject: name of its argument (a page, a server).
        features: name -> what it tells.
        seeds: name -> formula: real policies written in this form.
        parameters: name -> (least, most): whole-number fields of the base that a search may set.
    """

    name: str
    decision: str
    base: str
    programmed: type[Policy]
    hole: str
    subject: str
    features: Mapping[str, Feature]
    seeds: Mapping[str, str]
    parameters: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return self.base.partition(".")[0]

    def parse(self, text: str) -> Node:
        return expression.parse(text, tuple(self.features))

    def policy(self, formula: Formula) -> Policy:
        """The policy with this formula as a program."""
        codes, constants = formula.root.program(tuple(self.features))
        return self.programmed(codes=codes, constants=constants, **dict(formula.parameters))  # type: ignore[call-arg]


@dataclass(frozen=True)
class Formula:
    """A template filled in.

    Args:
        template: the template's name.
        root: its formula.
        parameters: whole-number fields of the template, by name; those left out have their defaults.
    """

    template: str
    root: Node
    parameters: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Problem:
    """One domain's problem.

    Args:
        domain: its word.
        system: as the command line takes it.
        task: what is to be decided and why it matters, in a few sentences.
        metric: of the system's results; a loss is the logarithm of its ratio to the baseline's on the same instance.
        baseline: the policy that has loss 0.
        bound: the policy that no other beats, None where none is known.
        unbound: settings of the system under which others may beat it.
        templates: the forms of a decision.
        rivals: hand-written policies of the library that winners are held against.
        tunable: policy -> parameter -> (least, most): what the parameter search may set.
        setting: options of the system -> text, where the user says nothing.
        traces: what is searched on where the user names nothing.
        foreign: another family of traces, for the report on what carries over.
        predictions: column -> predictor that fills it where a trace lacks it.
    """

    domain: str
    system: str
    task: str
    metric: str
    baseline: str
    bound: str | None
    templates: tuple[Template, ...]
    rivals: tuple[str, ...]
    tunable: Mapping[str, Mapping[str, tuple[float, float]]]
    setting: Mapping[str, str]
    traces: tuple[str, ...]
    foreign: tuple[str, ...]
    predictions: Mapping[str, str] = field(default_factory=dict)
    unbound: tuple[str, ...] = ()

    @property
    def measured(self) -> Metric:
        """The metric with its unit and which way is better."""
        return next(metric for metric in catalog.system(self.system).METRICS if metric.name == self.metric)

    def change(self, loss: float) -> float:
        """A mean loss as a change of the metric against the baseline's: -0.05 is five percent less."""
        return math.expm1(-loss if self.measured.better == "higher" else loss)

    def template(self, name: str) -> Template:
        return next(template for template in self.templates if template.name == name)

    def seeds(self) -> dict[str, Formula]:
        """All seeds by name, "template: policy"."""
        return {
            f"{template.name}: {name}": Formula(template.name, template.parse(text))
            for template in self.templates
            for name, text in template.seeds.items()
        }

    def sources(self) -> dict[str, str]:
        """The seeds as files, by name."""
        return {name: self.source(formula) for name, formula in self.seeds().items()}

    def policy(self, formula: Formula) -> Policy:
        return self.template(formula.template).policy(formula)

    def source(self, formula: Formula, docstring: str = "") -> str:
        """The formula as a policy's file; without a docstring, the one all candidates of the template have."""
        template = self.template(formula.template)
        known = {name for name, feature in template.features.items() if not feature.of_subject}
        reads = [
            f"        {name} = self.{name}({'' if name in known else template.subject})\n"
            for name in template.features
            if name in formula.root.features
        ]
        calls = {node.name for node in expression.prefix(formula.root)} & {"divide", "log", "sqrt"}
        imports = [f"from sim.domains import {template.domain}"]
        if calls:
            imports.insert(0, f"from sim.core.formula import {', '.join(sorted(calls))}")
        fields = "".join(f"    {name}: int = {value}\n" for name, value in formula.parameters)
        lines = [
            *(f"{line}\n" for line in imports),
            f"\n\nclass Evolved({template.base}):\n",
            f'    """{docstring or template.decision}"""\n\n',
            *([f"{fields}\n"] if fields else []),
            f"    def {template.hole}(self, {template.subject}):\n",
            *reads,
            f"        return {formula.root}\n",
        ]
        return "".join(lines)

    def read(self, source: str) -> Formula | None:
        """The formula of a file that `source` wrote; None for any other file, however like it."""
        try:
            return self._read(source)
        except (SyntaxError, InputError, ValueError):
            return None

    def _read(self, source: str) -> Formula | None:
        classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
        if len(classes) != 1 or len(classes[0].bases) != 1:
            return None
        base = ast.unparse(classes[0].bases[0])
        template = next((each for each in self.templates if each.base == base), None)
        if template is None:
            return None
        parameters = []
        body = classes[0].body
        for node in body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                if not isinstance(node.value, ast.Constant) or type(node.value.value) is not int:
                    return None
                parameters.append((node.target.id, node.value.value))
        hole = body[-1]
        if not isinstance(hole, ast.FunctionDef) or not isinstance(hole.body[-1], ast.Return):
            return None
        assert hole.body[-1].value is not None
        root = expression.read(hole.body[-1].value, tuple(template.features))
        formula = Formula(template.name, root, tuple(parameters))
        return formula if self.source(formula, ast.get_docstring(classes[0], clean=False) or "") == source else None


def known() -> list[str]:
    """The domains that have a problem."""
    return sorted(found.name for found in pkgutil.iter_modules(problems.__path__))


def every() -> list[Problem]:
    """All problems: of each domain its own, then those of its further systems."""
    files = [catalog.module("sim.adrs.problems", word) for word in known()]
    return [each for file in files for each in (file.PROBLEM, *getattr(file, "FURTHER", ()))]


def find(domain: str) -> Problem:
    """The problem of a domain, `PROBLEM` of its file; of "domain/system" the one of that system, which may stand in `FURTHER`.

    Raises:
        UnknownName: there is no such domain.
        InputError: the domain has no problem, or none of that system; names those that have one.
    """
    word = catalog.domain_of(domain)
    if word not in known():
        raise InputError(
            f"{word} has no problem file, so there is nothing to evolve; domains with one: {', '.join(known())} "
            f"(a file sim/adrs/problems/{word}.py makes one)"
        )
    file = catalog.module("sim.adrs.problems", word)
    found: Problem = file.PROBLEM
    if domain == word or domain == found.system:
        return found
    further: tuple[Problem, ...] = getattr(file, "FURTHER", ())
    for each in further:
        if domain == each.system:
            return each
    systems = " or ".join(each.system for each in (found, *further))
    raise InputError(f"the problem of {word} is one of the system {systems}, not of {domain}; leave the system out")
