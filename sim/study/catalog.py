"""Names to objects: the only module that imports by string. A thing's name is its path; there is no list to add it to."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import importlib
import inspect
import pkgutil
import re
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from sim.core.errors import AugsimError, InputError, UnknownName
from sim.core.kinds import is_generated, methods, source_tree
from sim.core.policy import Policy, parts_of
from sim.core.trace import Trace
from sim.study import spec, userfile

NICKNAMES = {
    "paging": {
        "2q": "two_q",
        "twoq": "two_q",
        "tinylfu": "wtinylfu",
        "opt": "belady",
        "min": "belady",
        "lfd": "belady",
        "s3-fifo": "s3fifo",
        "blindoracle": "follow_pred",
    }
}
"""Other names that users type."""


@cache
def domains() -> tuple[str, ...]:
    """All systems by the names the command line takes: `domain` or `domain/system`."""
    import sim.domains

    names = []
    for module in pkgutil.iter_modules(sim.domains.__path__):
        names.append(module.name)
        if module.ispkg:
            folder = Path(str(next(iter(sim.domains.__path__)))) / module.name
            names += [
                f"{module.name}/{part.name}"
                for part in pkgutil.iter_modules([str(folder)])
                if part.name != "system" and _has_system(folder / part.name, part.ispkg)
            ]
    return tuple(names)


def _has_system(path: Path, is_folder: bool) -> bool:
    """Whether a module defines a system, or a folder holds one."""
    if is_folder:
        return (path / "system.py").exists()
    return "class System" in path.with_suffix(".py").read_text()


def domain_of(name: str) -> str:
    """The domain's word in `domain` or `domain/system`; unknown names are refused with the nearest known."""
    if name not in domains():
        raise UnknownName(unknown("domain", name, domains(), "augsim list"))
    return name.partition("/")[0]


def system(name: str) -> Any:
    """The system class of `domain` or `domain/system`."""
    domain_of(name)
    return module("sim.domains", name.replace("/", ".")).System


def module(*path: str) -> ModuleType:
    """A module by its name, in parts: `module("sim.domains", domain)`."""
    return importlib.import_module(".".join(path))


def policies(domain: str) -> list[str]:
    """Names of all policies of a domain: the library's and those of installed plug-ins."""
    return sorted({*_library(domain), *_plug_ins(domain)})


def _library(domain: str) -> list[str]:
    return [found.name for found in pkgutil.iter_modules(module("policies", domain).__path__)]


def _plug_ins(domain: str) -> dict[str, EntryPoint]:
    """Entry points `augsim.policies` named `domain.policy`; none takes the name of a policy of the library."""
    found = {}
    for point in _entry_points(tuple(sys.path)):
        point_domain, _, name = point.name.partition(".")
        if point_domain == domain and name not in _library(domain):
            found[name] = point
    return found


@cache
def _entry_points(_: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Those of all installed packages, for this search path: looking takes ten milliseconds."""
    return tuple(entry_points(group="augsim.policies"))


def _plugged_in(point: EntryPoint, domain: str) -> type[Policy]:
    """What an entry point gives: a policy's class, or a module with one."""
    where = f"plug-in {point.name} ({point.value})"
    try:
        loaded = point.load()
    except Exception as error:
        raise InputError(f"{where} fails when loaded: {type(error).__name__}: {error}") from error
    if inspect.ismodule(loaded):
        return _public_policy(loaded, domain, where)
    base = module("sim.domains", domain).Policy
    is_policy = inspect.isclass(loaded) and issubclass(loaded, base)
    if not is_policy:
        raise InputError(f"{where} is no {domain} policy; expected a class derived from sim.domains.{domain}.Policy")
    return loaded


def policy_class(domain: str, name: str) -> type[Policy]:
    """The class of a policy: by its name in the library, or a path to a user's file."""
    if name.endswith(".py") or "/" in name:
        return _public_policy(userfile.load(Path(name)), domain, name)
    known = policies(domain)
    own = own_name(domain, name)
    if own not in known:
        raise UnknownName(unknown(f"{domain} policy", name, known, f"augsim list {domain}"))
    if point := _plug_ins(domain).get(own):
        return _plugged_in(point, domain)
    return _public_policy(module("policies", domain, own), domain, f"policies/{domain}/{own}.py")


def own_name(domain: str, name: str) -> str:
    """The name that a policy of the library has of its own, whatever the user called it; a path stays as it is."""
    if name.endswith(".py") or "/" in name:
        return name
    return NICKNAMES.get(domain, {}).get(name.lower(), name.lower())


def policy(domain: str, text: str) -> Policy:
    """Builds a policy from `NAME,key=value,...`; parameters that are policies are built likewise.

    A field's metadata may name another spelling, `also`: "order" for a field that cannot be called so beside a verb `order`.
    """
    wanted = spec.parse_policy(text)
    cls = policy_class(domain, wanted.name)
    parameters = {f.name: f for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]
    arguments: dict[str, Any] = {}
    for key, value in wanted.arguments.items():
        key = next((name for name, f in parameters.items() if f.metadata.get("also") == key), key)
        if key not in parameters:
            have = ", ".join(parameters) or "none"
            raise UnknownName(f"{unknown_word(f'parameter of {wanted.name}', key, parameters)} (parameters: {have})")
        arguments[key] = _converted(domain, parameters[key], value, f"parameter {key} of {wanted.name}")
    for name, parameter in parameters.items():
        if name not in arguments and _takes_policies(parameter):
            default = parameter.default
            if default is dataclasses.MISSING:
                raise InputError(f"{wanted.name} needs the parameter {name}, e.g. {wanted.name},{name}=[marker;lru]")
            if default is not None:
                arguments[name] = _built(_domain_of_parts(domain, parameter), default)
        elif name not in arguments and parameter.default is parameter.default_factory is dataclasses.MISSING:
            raise InputError(f"{wanted.name} needs the parameter {name}: {wanted.name},{name}=...")
    try:
        return cls(**arguments)
    except AugsimError:
        raise
    except Exception as error:
        raise InputError(f"{wanted.name} refuses its parameters: {type(error).__name__}: {error}") from error


def _takes_policies(parameter: dataclasses.Field) -> bool:
    return "Policy" in str(parameter.type)


def _domain_of_parts(domain: str, parameter: dataclasses.Field) -> str:
    """The domain whose policies a parameter takes: that of the class it declares, as a bandit in a paging policy, or its own."""
    kinds = [kind for kind in (parameter.type, *typing.get_args(parameter.type)) if inspect.isclass(kind)]
    return next(filter(None, map(domain_of_class, kinds)), domain)


def domain_of_class(cls: type) -> str | None:
    """The domain whose policy a class is, by the nearest of its bases that a domain defines; None where none is."""
    return next(
        (base.__module__.split(".")[2] for base in cls.__mro__ if base.__module__.startswith("sim.domains.")), None
    )


def _built(domain: str, value: Any) -> Any:
    if isinstance(value, str):
        return policy(domain, value)
    if isinstance(value, tuple | list):
        return tuple(_built(domain, part) for part in value)
    return value


def _converted(domain: str, parameter: dataclasses.Field, text: str, what: str) -> Any:
    """A parameter's text as the type its field declares."""
    declared = parameter.type.__name__ if type(parameter.type) is type else str(parameter.type)
    if _takes_policies(parameter):
        domain = _domain_of_parts(domain, parameter)
        if "tuple" in declared:
            return tuple(policy(domain, part) for part in spec.items(text))
        return policy(domain, spec.item(text))
    return converted(declared, text, what)


def converted(declared: str, text: str, what: str) -> Any:
    """Reads a text as bool, int, float or str, by the name of the type; "int | None" takes "none", "tuple[float, ...]" a list."""
    if match := re.match(r"tuple\[(bool|int|float|str)\b", declared):
        return tuple(converted(match[1], part, what) for part in spec.items(text))
    lower = text.lower()
    kinds = [kind.strip() for kind in declared.split("|")]
    if "None" in kinds and lower == "none":
        return None
    if "bool" in kinds:
        if lower in ("true", "yes", "1", "false", "no", "0"):
            return lower in ("true", "yes", "1")
        raise InputError(f'{what} must be true or false, got "{text}"')
    for kind, reader in (("int", int), ("float", float)):
        if kind in kinds:
            with suppress(ValueError):
                return reader(text.replace("_", ""))
    if "str" in kinds or not {"int", "float"} & set(kinds):
        return text
    raise InputError(f'{what} must be {"a number" if "float" in kinds else "an integer"}, got "{text}"')


def _public_policy(loaded: ModuleType, domain: str, where: str) -> type[Policy]:
    """The one public policy class that a module defines."""
    base = module("sim.domains", domain).Policy
    found = [
        value
        for name, value in vars(loaded).items()
        if inspect.isclass(value)
        and issubclass(value, Policy)
        and value.__module__ == loaded.__name__
        and not name.startswith("_")
    ]
    fitting = [cls for cls in found if issubclass(cls, base)]
    if len(fitting) == 1:
        missing = [verb for verb in getattr(base, "needs", ()) if not callable(getattr(fitting[0], verb, None))]
        if missing:
            raise InputError(f"{fitting[0].__name__} in {where} does not define {missing[0]}")
        return fitting[0]
    if fitting:
        names = ", ".join(cls.__name__ for cls in fitting)
        raise InputError(f"{where} defines several policies ({names}); one public class per file, others begin with _")
    if found:
        raise InputError(f"{found[0].__name__} in {where} is no {domain} policy; derive it from {domain}.Policy")
    raise InputError(f"{where} defines no policy; expected one class derived from sim.domains.{domain}.Policy")


def functions(package: str, name: str) -> dict[str, Callable[..., Any]]:
    """The public functions that a module defines, by name."""
    loaded = module(package, name)
    return {
        name: value
        for name, value in vars(loaded).items()
        if not name.startswith("_") and inspect.isfunction(value) and value.__module__ == loaded.__name__
    }


def workloads(domain: str) -> dict[str, Callable[..., Trace]]:
    """Workload functions of a domain: those whose first parameter is `rng`."""
    return {n: f for n, f in functions("workloads", domain).items() if next(iter(_parameters(f)), "") == "rng"}


def predictors(domain: str = "paging") -> dict[str, Callable[..., Trace]]:
    """All predictors of a domain: functions of (trace, setting, rng, ...)."""
    return {
        n: f
        for n, f in functions("workloads", predictors_module(domain)).items()
        if list(_parameters(f))[:3] == ["trace", "setting", "rng"]
    }


def predictors_module(domain: str) -> str:
    """Which module of `workloads` has the predictors of a domain: paging's stand apart, others beside the workloads."""
    return "predictions" if domain == "paging" else domain


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(function).parameters)


def predictor(name: str, domain: str = "paging") -> Callable[..., Trace]:
    known = predictors(domain)
    if name not in known:
        raise UnknownName(unknown("predictor", name, known, f"augsim list {domain}"))
    return known[name]


def check_predictor(text: str, domain: str = "paging") -> None:
    """Refuses an unknown predictor or parameter, before anything runs."""
    wanted = spec.parse(text)
    known = [k for k, p in _parameters(predictor(wanted.name, domain)).items() if p.kind is p.KEYWORD_ONLY]
    for key in wanted.arguments:
        if key not in known:
            have = ", ".join(known) or "none"
            raise UnknownName(f"{unknown_word(f'parameter of {wanted.name}', key, known)} (parameters: {have})")


def draws(policy: Policy) -> bool:
    """Whether a policy uses its random stream: some part of it reads the name `rng`."""
    return any(
        isinstance(node, ast.Name) and node.id == "rng"
        for part in parts_of(policy)
        for _, _, function in methods(type(part))
        if function.__module__ != "sim.core.policy" and not is_generated(function)
        for node in ast.walk(source_tree(function))
    )


def channels_needed(domain: str, policy: Policy) -> tuple[str, ...]:
    """The prediction channels that a policy of this domain reads."""
    return module("sim.domains", domain).channels_needed(policy)


def channels_filled(name: str, domain: str = "paging") -> tuple[str, ...]:
    """The channels a predictor can serve, as it declares them by its attribute `channels`."""
    return predictor(name, domain).channels  # type: ignore[attr-defined]


def call(
    function: Callable[..., Any],
    wanted: spec.Spec,
    what: str,
    *leading: Any,
    resolve: Mapping[str, Callable[[str], Any]] | None = None,
) -> Any:
    """Calls a workload or predictor with the parameters of a specification, converted by its annotations.

    Args:
        function: takes `leading` by position, the parameters by keyword.
        wanted: names and texts of the parameters.
        what: "workload" or "predictor", for errors.
        resolve: how to read parameters of other types than numbers and texts, by a word of the annotation.
    """
    parameters = {k: p for k, p in _parameters(function).items() if p.kind is p.KEYWORD_ONLY}
    arguments = {}
    for key, text in wanted.arguments.items():
        if key not in parameters:
            have = ", ".join(parameters) or "none"
            raise UnknownName(f"{unknown_word(f'parameter of {wanted.name}', key, parameters)} (parameters: {have})")
        declared = str(parameters[key].annotation)
        reader = next((read for word, read in (resolve or {}).items() if word in declared), None)
        if reader is not None:
            arguments[key] = reader(text)
        else:
            arguments[key] = converted(declared, text, f"parameter {key} of {wanted.name}")
    for key, parameter in parameters.items():
        if parameter.default is parameter.empty and key not in arguments:
            raise InputError(f"{what} {wanted.name} needs the parameter {key}: {wanted.name},{key}=...")
    return function(*leading, **arguments)


def unknown(what: str, name: str, known: Iterable[str], where: str) -> str:
    """The line for a name that does not exist: the nearest one, and where all are shown."""
    known = list(known)
    return f"{unknown_word(what, name, known)} ({where} shows all {len(known)})"


def unknown_word(what: str, name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(name.lower(), known, n=1) or [k for k in known if k.startswith(name.lower())]
    return f'no {what} named "{name}"' + (f'; did you mean "{near[0]}"?' if near else "")
