"""A candidate that is asked verb by verb: the system runs here, the candidate in its jail, told what happens as it happens.

So it cannot know the future: it is not in its process. What it gives is checked by the system as any policy's decisions are.
Verbs that only tell are gathered and sent with the next question.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np

from sim.adrs import seen, states
from sim.adrs.candidate import Status
from sim.adrs.sandbox import Ended, Jail
from sim.core.errors import AugsimError
from sim.core.policy import Policy
from sim.study import catalog

MOST_GATHERED = 512
"""Calls that are sent at once."""

BASES = ("Picker", "Scheduler")
"""Bases other than the domain's `Policy` that its systems tell apart."""


class Failed(AugsimError):
    """A candidate failed while a system ran; `ended` is how."""

    def __init__(self, ended: Ended):
        super().__init__(ended.detail)
        self.ended = ended


def load(jail: Jail, domain: str, offered: tuple[str, ...]) -> Policy:
    """Has the candidate loaded in its jail; gives a policy that asks it.

    Args:
        jail: with the candidate's file in its room.
        domain: one word.
        offered: prediction channels that it may read.

    Raises:
        Ended: it does not load, is no policy of the domain, or claims what a candidate may not have.
    """
    told = jail.order(["load", domain])
    try:
        name = re.sub(r"\W", "_", str(told["name"]))[:60] or "Candidate"
        base = catalog.module("sim.domains", domain)
        base = getattr(base, next((b for b in BASES if b in told["bases"] and hasattr(base, b)), "Policy"))
        channels, asks = tuple(map(str, told["channels"])), tuple(map(str, told["asks"]))
        verbs = [verb for verb in seen.VERBS[domain] if verb in told["verbs"]]
        flags = {flag: bool(value) for flag, value in told["flags"].items() if flag in seen.FLAGS}
        is_clairvoyant = bool(told["clairvoyant"])
    except (KeyError, TypeError, AttributeError):
        raise Ended(Status.ILLEGAL, "something wrote to the result channel: a class of unknown form") from None
    if is_clairvoyant:
        raise Ended(Status.REFUSED, f"{name} says that it is clairvoyant, which no candidate is: drop `clairvoyant`")
    for channel in (*channels, *asks):
        if channel not in offered:
            have = ", ".join(offered) or "none"
            raise Ended(Status.REFUSED, f'{name} reads the channel "{channel}"; offered here: {have}')
    link = _Link(jail, domain)
    members: dict[str, Any] = {verb: _verb(verb, link) for verb in verbs}
    members |= {"channels": channels, **({"asks": asks} if asks else {}), **flags}
    members |= {"begin": lambda self, setting, rng: link.begin(setting, rng), "link": link}
    members |= {"__deepcopy__": lambda self, memo: self, "__module__": __name__}
    return type(name, (base,), members)()


def _verb(verb: str, link: _Link) -> Any:
    def told(self, *arguments):
        link.tell(verb, arguments)

    def asked(self, *arguments):
        return link.ask(verb, arguments)

    return told if verb in seen.TOLD else asked


class _Link:
    """Turns calls into messages, and answers what the candidate asks of the views it was handed."""

    def __init__(self, jail: Jail, domain: str):
        self.jail = jail
        self.domain = domain
        self.gathered: list[list[Any]] = []
        self.records: dict[type, int] = {}
        self.new_records: list[Any] = []
        self.views: dict[int, tuple[Any, seen.Seen]] = {}
        self.numbers: dict[int, int] = {}
        self.arrays: list[np.ndarray] = []

    def begin(self, setting: Any, rng: np.random.Generator) -> None:
        self.gathered.clear()
        self.arrays.clear()
        self.views.clear()
        self.numbers.clear()
        fields = {f.name: self.value(getattr(setting, f.name)) for f in dataclasses.fields(setting)}
        document = ["begin", [type(setting).__module__, type(setting).__name__, fields], states.random_state(rng)]
        self._answered(document, self._taken())

    def tell(self, verb: str, arguments: tuple[Any, ...]) -> None:
        self.gathered.append([verb, *map(self.value, arguments)])
        if len(self.gathered) >= MOST_GATHERED:
            document, arrays = self._gathered()
            try:
                self.jail.tell(document, arrays)
            except Ended as ended:
                raise Failed(ended) from None

    def ask(self, verb: str, arguments: tuple[Any, ...]) -> Any:
        self.gathered.append([verb, *map(self.value, arguments)])
        answer = self._answered(*self._gathered()).get("answer")
        if answer is None or states.is_number(answer) or (type(answer) is list and all(map(states.is_number, answer))):
            return answer
        raise Failed(Ended(Status.ILLEGAL, f"{verb} gave {str(answer)[:60]}; expected a number"))

    def finish(self) -> None:
        """Waits until all that was told has been heard."""
        if self.gathered:
            document, arrays = self._gathered()
            self.jail.tell(document, arrays)
        self.jail.order(["sync"])

    def _gathered(self) -> tuple[Any, list[np.ndarray]]:
        document = ["calls", self.new_records, self.gathered]
        self.new_records, self.gathered = [], []
        return document, self._taken()

    def _taken(self) -> list[np.ndarray]:
        arrays, self.arrays = self.arrays, []
        return arrays

    def _answered(self, document: Any, arrays: list[np.ndarray]) -> dict[str, Any]:
        try:
            while True:
                answer = self.jail.order(document, arrays)
                if "ask" not in answer:
                    return answer
                document = self._told(answer["ask"])
                arrays = self._taken()
        except Ended as ended:
            raise Failed(ended) from None

    def _told(self, asked: Any) -> Any:
        """The answer to a question about a view, and what of the view has changed."""
        try:
            number, name, arguments = asked
            view, shown = self.views[number]
            if name in shown.asked:
                answer = getattr(view, name)
            elif name in shown.verbs and type(arguments) is list:
                answer = getattr(view, name)(*map(_argument, arguments))
            else:
                raise KeyError(name)
        except AugsimError:
            raise
        except Exception as error:
            raise Ended(Status.ILLEGAL, f"asked the view for what it does not give ({type(error).__name__})") from None
        return [self.value(answer), {name: self.value(getattr(view, name)) for name in shown.current}]

    def value(self, value: Any) -> Any:
        kind = type(value)
        if kind is int or kind is float or kind is bool or value is None or kind is str:
            return value
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            number = self.records.get(kind)
            if number is None:
                number = self.records[kind] = len(self.records)
                self.new_records.append([number, kind.__name__, value._fields])
            return [number, *(v if type(v) in PLAIN else self.value(v) for v in value)]
        if isinstance(value, tuple):
            return {"items": [self.value(part) for part in value]}
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            self.arrays.append(value.copy())
            return {"array": len(self.arrays) - 1}
        return self._view(value)

    def _view(self, value: Any) -> Any:
        found = seen.of(self.domain, value)
        if found is None:
            raise AugsimError(f"{type(value).__name__} is nothing that a candidate may see")
        name, shown = found
        number = self.numbers.get(id(value))
        fields = shown.current
        if number is None:
            number = self.numbers[id(value)] = len(self.views)
            self.views[number] = (value, shown)
            fields = (*shown.fixed, *shown.current)
        return {"view": number, "class": name, "fields": {f: self.value(getattr(value, f)) for f in fields}}


PLAIN = frozenset({int, float, bool, str, type(None)})


def _argument(told: Any) -> Any:
    """A number or a list of numbers that a candidate handed to a view's verb."""
    if type(told) is list and all(type(part) is int and abs(part) < 2**62 for part in told):
        return np.array(told, np.int64)
    if not states.is_number(told):
        raise TypeError
    return told
