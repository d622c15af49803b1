"""What a candidate may see of the objects that a system hands to policies, and which verbs it may have.

Requests and jobs are plain values and are seen whole. Of an object only what its class documents for policies is seen: not
what it keeps for itself (the arrivals to come, the rules' own state).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from typing import Any

from sim.core.kinds import methods, source_tree
from sim.study import catalog


@dataclass(frozen=True)
class Seen:
    """What may be seen of a class.

    Args:
        fixed: fields that never change.
        current: fields that change; they are sent along each time.
        asked: arrays that change; they are asked for when they are read.
        verbs: methods that may be called.
    """

    fixed: tuple[str, ...] = ()
    current: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()


_VIEW = Seen(fixed=("n_servers", "speeds"), current=("now", "queue", "up", "probes"), verbs=("probe",))

SEEN = {
    ("dispatch", "View"): _VIEW,
    ("dispatch", "PredictingView"): Seen(_VIEW.fixed, _VIEW.current, (), (*_VIEW.verbs, "predicted_work")),
    ("transactions", "Pending"): Seen(
        fixed=("n", "length", "reads", "writes"),
        current=("clock", "makespan", "evaluations", "n_pending", "pending"),
        asked=("starts", "conflicting", "delays"),
        verbs=("oldest", "youngest", "start", "has_keys", "makespan_with", "conflicts", "delay", "survey"),
    ),
    ("transactions", "Plan"): Seen(
        fixed=("n", "length", "reads", "writes", "by_length", "by_writes", "rivals"),
        current=("makespan", "evaluations", "size", "least", "squares"),
        asked=("base", "chosen"),
        verbs=(
            *("budget", "left", "is_asking", "weigh", "choose", "rms", "evaluate", "load", "insertion", "relocation"),
            *("swap", "keep", "drop", "insert_best", "insert", "conflicts"),
        ),
    ),
    ("paging", "Oracle"): Seen(verbs=("ask",)),
}
"""(domain, class) -> what may be seen of it."""

VERBS = {
    "paging": ("hit", "admit", "evict", "wants", "release", "forget"),
    "dispatch": ("route", "done", "idle"),
    "transactions": ("pick", "order"),
    "bandits": ("choose", "update", "probability", "advise", "stopped", "recommended", "drop", "add"),
}
"""What a system may ask of a candidate."""

TOLD = frozenset({"hit", "admit", "forget", "done", "idle", "update", "advise", "drop", "add"})
"""Verbs by which a policy is told something: no answer is waited for."""

FLAGS = ("contextual", "randomized", "unit_rewards")
"""What a candidate's class may say of itself. That it is clairvoyant it may not."""


@cache
def hidden(domain: str) -> frozenset[str]:
    """Names of all fields and methods of the domain's views that a candidate may not use on anything but itself.

    An oracle's are not among them: candidates that ask one are asked themselves, where it is not (`asked.py`).
    """
    shown: set[str] = set()
    everything: set[str] = set()
    for (of, name), seen in SEEN.items():
        if of == domain and name != "Oracle":
            shown |= {*seen.fixed, *seen.current, *seen.asked, *seen.verbs}
            everything |= _names(_class(domain, name))
    return frozenset(everything - shown)


def _class(domain: str, name: str) -> type:
    return getattr(catalog.module("sim.domains", domain, "view"), name)


def _names(cls: type) -> set[str]:
    found = {name for _, name, _ in methods(cls)}
    for _, _, function in methods(cls):
        for node in ast.walk(source_tree(function)):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
    return {name for name in found if not name.startswith("__")}


def of(domain: str, value: Any) -> tuple[str, Seen] | None:
    """What may be seen of an object, and by which name its class is known; None where nothing may."""
    for cls in type(value).__mro__:
        if (domain, cls.__name__) in SEEN:
            return cls.__name__, SEEN[domain, cls.__name__]
    return None
