"""Which reader reads a file, and its options from text. A format is a file in `traces/readers/`; there is no other list."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import traces.readers
from sim.core.errors import InputError, UnknownName
from traces.source import Source


def formats() -> list[str]:
    """Names of all formats."""
    return sorted(module.name for module in pkgutil.iter_modules(traces.readers.__path__))


def reader(source: Source, wanted: str = "auto", domain: str | None = None) -> ModuleType:
    """The reader of a format by its name, in any spelling ("oracleGeneral"); "auto": by the ending of the file's name.

    A reader of the domain that is asked for, its `DOMAIN`, takes the last part of its ending too: `.csv` for `.jobs.csv`.

    Raises:
        UnknownName: there is no such format, or no format has this ending; the known ones are listed.
    """
    if wanted != "auto":
        return _by_name(wanted)
    endings = {ending: name for name in formats() for ending in _module(name).ENDINGS}
    known = ", ".join(sorted(endings))
    for name in formats():
        if domain is not None and getattr(_module(name), "DOMAIN", None) == domain:
            endings |= {f".{ending.rpartition('.')[2]}": name for ending in _module(name).ENDINGS}
    if source.path is None:
        raise UnknownName(f"the format of standard input must be given by --format (formats: {', '.join(formats())})")
    name = source.plain_name.lower()
    fitting = [ending for ending in endings if name.endswith(ending)]
    if not fitting:
        raise UnknownName(
            f"the format of {source.name} is not known by its ending (known: {known}); give one of {', '.join(formats())}"
        )
    return _module(endings[max(fitting, key=len)])


def arguments(reader: ModuleType, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a reader, with defaults for those not given; text is converted to the option's type.

    An option may be spelled with "-" for "_", with "field" for "col", and without a leading "obj_".

    Raises:
        UnknownName: the reader has no such option; its options are listed.
        InputError: a value does not fit, or an option without default is missing.
    """
    known = {k: p for k, p in inspect.signature(reader.read).parameters.items() if p.kind is p.KEYWORD_ONLY}
    what = reader.__name__.rpartition(".")[2]
    found = {key: parameter.default for key, parameter in known.items()}
    for key, value in given.items():
        name = _spelled(key, known)
        if name is None:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise UnknownName(f'no option of format {what} named "{key}"{hint} (options: {", ".join(known) or "none"})')
        found[name] = _converted(str(known[name].annotation), value, f"option {name} of format {what}")
    missing = [name for name, value in found.items() if value is inspect.Parameter.empty]
    if missing:
        raise InputError(f"format {what} needs the option {missing[0]} (options: {', '.join(known)})")
    return found


def _by_name(wanted: str) -> ModuleType:
    known = formats()
    plain = {name.replace("_", ""): name for name in known}
    name = plain.get(wanted.lower().replace("_", "").replace("-", ""))
    if name is None:
        near = difflib.get_close_matches(wanted.lower(), known, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise UnknownName(f'no trace format named "{wanted}"{hint} (formats: {", ".join(known)})')
    return _module(name)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"traces.readers.{name}")


def _spelled(key: str, known: Mapping[str, Any]) -> str | None:
    plain = key.replace("-", "_")
    as_column = plain.removesuffix("_field") + "_col" if plain.endswith("_field") else plain
    return next((name for name in (plain, as_column, f"obj_{as_column}") if name in known), None)


def _converted(declared: str, value: Any, what: str) -> Any:
    """A text as the type that is declared, e.g. "int | None"; other values are taken as they are."""
    if not isinstance(value, str):
        return value
    kinds = [kind.strip() for kind in declared.split("|")]
    if "None" in kinds and value.lower() == "none":
        return None
    if "bool" in kinds:
        if value.lower() in ("true", "yes", "1", "false", "no", "0"):
            return value.lower() in ("true", "yes", "1")
        raise InputError(f'{what} must be true or false, got "{value}"')
    for kind, convert in (("int", int), ("float", float)):
        if kind in kinds:
            try:
                return convert(value.replace("_", ""))
            except ValueError:
                if "str" not in kinds:
                    article = "an integer" if kind == "int" else "a number"
                    raise InputError(f'{what} must be {article}, got "{value}"') from None
    return value
