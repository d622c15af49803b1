"""Names with parameters as users write them: `NAME`, `NAME,key=value,...`, `NAME:key=value,...`, brackets for lists that nest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sim.core.errors import InputError


@dataclass(frozen=True)
class Spec:
    """A name and its parameters, values still as text; `of=[marker;lru]` is the text "[marker;lru]"."""

    name: str
    arguments: dict[str, str] = field(default_factory=dict)


def parse(text: str) -> Spec:
    """Reads one specification.

    Raises:
        InputError: a part without `=`, a key given twice, or brackets that do not close.
    """
    name, rest = _split_name(text)
    if not name:
        raise InputError(f'"{text}" names nothing; expected NAME or NAME,key=value')
    return Spec(name, _arguments(rest, text))


def parse_policy(text: str) -> Spec:
    """Reads a policy's specification; a path may hold a colon or a comma before its ending `.py`, but no parameters."""
    match = re.match(r"(.+?\.py)(?:,(.*))?$", text.strip(), re.DOTALL)
    if match and not re.search(r"[,:].*[=\[]", match[1]):
        return Spec(match[1], _arguments(match[2] or "", text))
    return parse(text)


def _arguments(rest: str, text: str) -> dict[str, str]:
    """The parameters that follow the name in `text`."""
    arguments: dict[str, str] = {}
    for part in split(rest, ",") if rest else []:
        key, equals, value = part.partition("=")
        key = key.strip()
        if not equals or not key:
            raise InputError(f'"{part}" in "{text}" is no parameter; expected key=value')
        if key in arguments:
            raise InputError(f'parameter {key} stands twice in "{text}"')
        arguments[key] = value.strip()
    return arguments


def _split_name(text: str) -> tuple[str, str]:
    for position, letter in enumerate(text):
        if letter in ",:":
            return text[:position].strip(), text[position + 1 :].strip()
    return text.strip(), ""


def split(text: str, separator: str) -> list[str]:
    """Cuts at separators that stand outside all brackets."""
    parts, depth, start = [], 0, 0
    for position, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if depth < 0:
            break
        if letter == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    if depth != 0:
        raise InputError(f'brackets do not match in "{text}"')
    return [part.strip() for part in [*parts, text[start:]]]


def items(text: str) -> list[str]:
    """The parts of a list `[a;b;c]`; a text without brackets is a list of one."""
    if text.startswith("[") and text.endswith("]"):
        return [part for part in split(text[1:-1], ";") if part]
    return [text]


def item(text: str) -> str:
    """The only part of `[NAME,key=value]`; a text without brackets is it itself."""
    parts = items(text)
    if len(parts) != 1:
        raise InputError(f'expected one entry, got {len(parts)} in "{text}"')
    return parts[0]
