"""What a language model is asked, made from the problem, candidates that were tried, and what failed.

It tells training figures only, rounded; workloads have numbers, not names, so that no trace and no file of the user is named.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Collection, Mapping, Sequence

from sim.adrs import allowlist, seen
from sim.adrs.problem import Problem, Template
from sim.adrs.proposers import Tried, heads
from sim.adrs.proposers.replies import DIVIDER, END, REPLACE, SEARCH, START
from sim.study import catalog

Message = dict[str, str]

SYSTEM = (
    "You improve online policies, written in Python for a simulator. A policy decides event by event and knows nothing of what "
    "comes. What counts is how it does on recorded workloads, so prefer one clear idea to many small changes. Answer with code "
    "in the form that is asked for, and at most a few sentences about the idea."
)

RULES = """\
- One public class; numbers, arrays and the structures below as its state, set up in `begin(self, setting, rng)`.
- All draws come from the `rng` given to `begin`, by `rng.random()`. Same seed, same decisions.
- No recursion, no `try`, no decorators, no loop that may not end; no files, clock, network, or printing.
- A decision that the rules forbid, an error, or too much time or memory ends the trial without a result.
- Decisions may depend on what has happened only, and not on how things are numbered.
- Work per event is small: constant, logarithmic, or a sample."""


def messages(
    problem: Problem,
    tried: Sequence[Tried],
    failures: Mapping[str, Sequence[str]],
    training: Collection[str],
    most_characters: int,
) -> tuple[list[Message], int]:
    """The messages of one request, and how many of those tried they show.

    Args:
        problem: of the domain.
        tried: candidates that did well, from the worst to the best; the last is the one that edits are of.
        failures: status -> what was wrong with late candidates of that status.
        training: names of the instances whose figures may be told; those of others are left out.
        most_characters: of all messages; the worst of those tried are left out until they fit.
    """
    about = [
        _section("Task", f"{problem.task}\n\n{_objective(problem)}"),
        _section("A policy", _interface(problem)),
        *(_section(f"A short form: {template.base}", _short_form(template)) for template in problem.templates),
        _section("Rules", RULES),
        _section("What may be imported", _imports(problem.domain)),
    ]
    names = sorted({name for each in tried for name in each.report.losses if name in training})
    failed = _section("Lately, candidates failed", _failed(failures)) if any(failures.values()) else ""
    for first in range(max(1, len(tried))):
        shown = [
            _section(f"Program v{k}", f"{_figures(problem, each, names)}\n\n{_fenced(each.candidate.source)}")
            for k, each in enumerate(tried[first:])
        ]
        text = "\n".join([*about, *shown, failed, _section("Answer", _answer(tried[first:]))])
        if len(text) + len(SYSTEM) <= most_characters:
            break
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}], len(shown)


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n{text}\n"


def _objective(problem: Problem) -> str:
    direction = "low" if _sign(problem) > 0 else "high"
    return (
        f"The objective is one number: {problem.metric} ({direction}er is better), relative to the policy "
        f"`{problem.baseline}` on the same workload, averaged over workloads. Make it as {direction} as you can on all of them."
    )


def _sign(problem: Problem) -> int:
    """1 where a lower metric is better, as a lower loss always is; else -1."""
    return (
        1
        if next(m.better for m in catalog.system(problem.system).METRICS if m.name == problem.metric) == "lower"
        else -1
    )


def _interface(problem: Problem) -> str:
    domain = catalog.module("sim.domains", problem.domain)
    parts = [f"A subclass of `{problem.domain}.Policy`.", inspect.getdoc(domain.Policy) or ""]
    settings = catalog.system(problem.system).Setting.__mro__[:-1]
    parts += [f"`setting`: {inspect.getdoc(setting)}" for setting in settings]
    parts += [f"{problem.domain}.{name}: {inspect.getdoc(getattr(domain, name))}" for name in bases(problem)]
    parts += [
        _view(problem.domain, name, what)
        for (of, name), what in seen.SEEN.items()
        if of == problem.domain and name != "Oracle"
    ]
    return "\n\n".join(parts)


def _view(domain: str, name: str, what: seen.Seen) -> str:
    """What a policy sees of an object that it is handed."""
    cls = getattr(catalog.module("sim.domains", domain, "view"), name)
    shown = ", ".join((*what.fixed, *what.current, *what.asked))
    verbs = [f"    {verb}{_arguments(getattr(cls, verb))}: {_said(getattr(cls, verb))}" for verb in what.verbs]
    return "\n".join(
        [f"A `{name}`: {inspect.getdoc(cls)}", "", f"Of it a policy may read {shown}, and call", "", *verbs]
    )


def _said(thing: object) -> str:
    """The first paragraph of a docstring, as one line."""
    return (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")


def bases(problem: Problem) -> list[str]:
    """Names of the classes beside `Policy` that the domain offers to derive policies from."""
    domain = catalog.module("sim.domains", problem.domain)
    classes = {name: value for name in domain.__all__ if inspect.isclass(value := getattr(domain, name))}
    return [name for name, value in classes.items() if issubclass(value, domain.Policy) and value is not domain.Policy]


def _short_form(template: Template) -> str:
    features = "\n".join(
        f"    self.{name}({template.subject if feature.of_subject else ''})".ljust(28)
        + feature.meaning
        + (f" [{feature.unit}]" if feature.unit else "")
        for name, feature in template.features.items()
    )
    return (
        f"{template.decision} A subclass of `{template.base}` defines `{template.hole}(self, {template.subject})`, a number "
        f"made of\n\n{features}\n\nIt may keep more of its own: what it overrides calls `super()` first."
    )


def _imports(domain: str) -> str:
    """Names by module, and how the structures are used."""
    modules: dict[str, list[str]] = {}
    for each in heads.offered(domain).values():
        modules.setdefault(each.module, []).append(
            each.name if each.alias == each.name else f"{each.name} as {each.alias}"
        )
    lines = [f"- from {module} import {', '.join(names)}" for module, names in sorted(modules.items()) if module]
    lines.insert(0, f"- import {', '.join(modules[''])}")
    of = "sim.core.structures"
    lines += ["", f"Of {of}:", ""]
    lines += [
        _usage(getattr(catalog.module(of), name)) for name in modules[of] if name[0].isupper() and name != "Structure"
    ]
    return "\n".join(
        [*lines, "", "Imports at the head of the file are put in order for you: what is missing of these is added."]
    )


def _usage(cls: type) -> str:
    """A class's constructor and methods, with what it is."""
    methods = [
        f"{name}{_arguments(method)}"
        for name, method in vars(cls).items()
        if inspect.isfunction(method) and not name.startswith("_")
    ]
    return f"- {cls.__name__}{_arguments(cls)}: {_said(cls)} {', '.join(methods)}"


def _arguments(method: object) -> str:
    return f"({', '.join(name for name in inspect.signature(method).parameters if name != 'self')})"  # type: ignore[arg-type]


def _figures(problem: Problem, tried: Tried, names: Sequence[str]) -> str:
    logs = {name: _sign(problem) * tried.report.losses[name] for name in names if name in tried.report.losses}
    if not logs:
        return "Not measured yet."
    each = ", ".join(f"workload {names.index(name) + 1}: {_change(log)}" for name, log in logs.items())
    mean = math.fsum(logs.values()) / len(logs)
    return f"{problem.metric} against `{problem.baseline}`: {_change(mean)} on average; {each}"


def _change(log: float) -> str:
    """The logarithm of a ratio as a change in percent, to one decimal."""
    return f"{100 * math.expm1(min(log, 20.0)) + 0.0:+.1f} %"


def _failed(failures: Mapping[str, Sequence[str]]) -> str:
    return "\n".join(f"- {status}: {line}" for status, lines in failures.items() for line in lines)


def _fenced(source: str) -> str:
    fence = "```"
    while fence in source:
        fence += "`"
    return f"{fence}python\n{source.rstrip()}\n{fence}"


def _answer(tried: Sequence[Tried]) -> str:
    whole = (
        "A whole file in one fenced block. Of several blocks the last one with a class counts. "
        f"It has at most {allowlist.MOST_BYTES // 1024} KiB."
    )
    if not tried:
        return whole
    of = f"v{len(tried) - 1}"
    text = (
        f"Either edits of program {of}, each in this form,\n\n"
        f"{SEARCH}\nlines of {of}, exactly as they stand, that are there once\n{DIVIDER}\nwhat replaces them\n{REPLACE}\n\n"
        f"or, for a new idea: {whole[0].lower()}{whole[1:]}"
    )
    if START in tried[-1].candidate.source:
        text += f"\n\nOnly what stands between the lines `{START}` and `{END}` may be changed; a whole file keeps both lines."
    return text
