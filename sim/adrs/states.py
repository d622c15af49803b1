"""The state of a policy that has begun, as numbers: from the process where its `begin` ran to the one where its loop runs."""

from __future__ import annotations

import inspect
import keyword
import math
from typing import Any

import numpy as np

from sim.adrs.wire import TYPES
from sim.core.kinds import number_type
from sim.core.policy import Policy
from sim.study import catalog


class NotPlain(Exception):
    """The state holds something else than numbers, arrays, generators and structures of the house; the message says what."""


def told(policy: Policy) -> tuple[Any, list[np.ndarray]]:
    """The state of a policy as a document, and the arrays it speaks of.

    Raises:
        NotPlain: some of it is not to be told so; such a policy runs where it began.
    """
    teller = _Teller(type(policy).__module__)
    return teller.value(policy, type(policy).__name__), teller.arrays


class _Teller:
    def __init__(self, own_module: str):
        self.own_module = own_module
        self.arrays: list[np.ndarray] = []
        self.known: dict[int, int] = {}
        self.kept: list[Any] = []

    def value(self, value: Any, where: str) -> Any:
        kind = number_type(value)
        if kind is not None:
            return kind(value)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, list | tuple):
            return {"items": [self.value(part, f"{where}[{i}]") for i, part in enumerate(value)]}
        if id(value) in self.known:
            return {"same": self.known[id(value)]}
        number = self.known[id(value)] = len(self.known)
        self.kept.append(value)
        if isinstance(value, np.ndarray):
            return {"number": number, "array": self._array(value, where)}
        if isinstance(value, np.random.Generator):
            return {"number": number, "generator": random_state(value)}
        module = "" if type(value).__module__ == self.own_module else type(value).__module__
        if not hasattr(value, "__dict__") or not _is_of_the_house(module):
            raise NotPlain(f"{where} is a {type(value).__name__}")
        fields = {name: self.value(part, f"{where}.{name}") for name, part in vars(value).items()}
        return {"number": number, "object": [module, type(value).__qualname__], "fields": fields}

    def _array(self, array: np.ndarray, where: str) -> int:
        if array.dtype.str not in TYPES:
            raise NotPlain(f"{where} is an array of {array.dtype}")
        if any(np.may_share_memory(array, other) for other in self.arrays):
            raise NotPlain(f"{where} shares its numbers with another array")
        self.arrays.append(array)
        return len(self.arrays) - 1


def restored(document: Any, arrays: list[np.ndarray], cls: type[Policy]) -> Any:
    """The policy that a document of `told` speaks of; its own classes are those of the module of `cls`.

    Raises:
        NotPlain: the document is none of `told`.
    """
    known: dict[int, Any] = {}

    def build(part: Any) -> Any:
        if type(part) is not dict:
            return part
        if "items" in part:
            return tuple(build(item) for item in part["items"])
        if "same" in part:
            return known[part["same"]]
        if "array" in part:
            value: Any = arrays[part["array"]].copy()
        elif "generator" in part:
            value = generator(part["generator"])
        else:
            module, name = part["object"]
            value = object.__new__(_class(module, name, cls))
        known[part["number"]] = value
        for name, field in part.get("fields", {}).items():
            if not name.isidentifier() or keyword.iskeyword(name):
                raise NotPlain(f"{name!r} is no name of a field")
            vars(value)[name] = build(field)
        return value

    try:
        policy = build(document)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise NotPlain(f"the state cannot be read ({type(error).__name__})") from None
    if type(policy) is not cls:
        raise NotPlain(f"the state is one of {type(policy).__name__}, not of {cls.__name__}")
    return policy


def _is_of_the_house(module: str) -> bool:
    return module == "" or module == "sim.core.structures" or module.startswith("sim.domains.")


def _class(module: str, name: str, cls: type[Policy]) -> type:
    if not _is_of_the_house(module):
        raise NotPlain(f"{module} is no module of structures")
    found = getattr(catalog.module(module or cls.__module__), name)
    if not inspect.isclass(found):
        raise NotPlain(f"{name} is no class")
    return found


def random_state(rng: np.random.Generator) -> dict[str, Any]:
    """What makes a generator of the house again: its state, and the seeds that those it spawns come from."""
    seeds = rng.bit_generator.seed_seq
    assert isinstance(seeds, np.random.SeedSequence)
    state = rng.bit_generator.state
    return {
        "state": [state["state"]["state"], state["state"]["inc"], state["has_uint32"], state["uinteger"]],
        "seeds": [seeds.entropy, list(seeds.spawn_key), seeds.n_children_spawned],
    }


def generator(told: dict[str, Any]) -> np.random.Generator:
    """The generator that `random_state` speaks of."""
    entropy, spawn_key, n_spawned = told["seeds"]
    seeds = np.random.SeedSequence(entropy, spawn_key=tuple(spawn_key), n_children_spawned=n_spawned)
    bits = np.random.PCG64(seeds)
    state, step, has_half, half = told["state"]
    bits.state = {
        "bit_generator": "PCG64",
        "state": {"state": state, "inc": step},
        "has_uint32": has_half,
        "uinteger": half,
    }
    return np.random.Generator(bits)


def plain(value: Any) -> Any:
    """An answer as numbers that JSON has; NotPlain for anything else."""
    if value is None:
        return None
    kind = number_type(value)
    if kind is int:
        value = int(value)
        if not -(2**63) <= value < 2**63:
            raise NotPlain("an integer beyond 64 bits")
        return value
    if kind is not None:
        return kind(value)
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    raise NotPlain(f"a {type(value).__name__}")


def is_number(value: Any) -> bool:
    """Whether an answer of the jailed side is a number that a system may be given: an integer of 64 bits, a float that is one, a
    truth value."""
    if type(value) is int:
        return -(2**63) <= value < 2**63
    return type(value) is bool or (type(value) is float and not math.isnan(value))
