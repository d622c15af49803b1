"""study.toml: a sweep as a file. Its keys stand in docs/study.md; every error names the file and the line."""

from __future__ import annotations

import dataclasses
import glob
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sim.core.errors import InputError
from sim.study import catalog, spec
from sim.study.runs import Budget, Inputs
from sim.study.sweep import AxisError, Sweep

KEYS = (
    "domain",
    "metric",
    "baseline",
    "traces",
    "policies",
    "predictions",
    "system",
    "seeds",
    "reference",
    "n_requests",
    "reader",
    "budget",
)


@dataclasses.dataclass(frozen=True)
class StudyFile:
    """A study file's path and text, so that an error can name a line."""

    path: Path
    text: str

    def line(self, *needles: Any) -> int | None:
        """The number of the first line that holds all of these; None where there is none."""
        wanted = [str(needle) for needle in needles if needle]
        for number, line in enumerate(self.text.splitlines(), 1):
            if wanted and all(needle in line.split("#")[0] for needle in wanted):
                return number
        return None

    def error(self, message: str, *needles: Any) -> InputError:
        number = self.line(*needles) if needles else None
        return InputError(f"{self.path}, line {number}: {message}" if number else f"{self.path}: {message}")

    @contextmanager
    def located(self) -> Iterator[None]:
        """Gives an error about an axis the line that its value stands in, or else the line of the axis."""
        try:
            yield
        except AxisError as error:
            name = None
            with suppress(InputError):
                name = spec.parse_policy(str(error.value)).name if error.value else None
            values = (error.value, name, name and Path(name).name)
            places = [*((error.axis, value) for value in values), *((value,) for value in values), (error.axis,)]
            place = next((place for place in places if all(place) and self.line(*place)), ())
            raise self.error(str(error), *place) from error.__cause__


def load(path: Path | str, *, first_seed: int = 0) -> tuple[Sweep, StudyFile]:
    """Reads and checks a study file, without opening a trace. Paths in it are relative to its folder.

    Args:
        path: the file.
        first_seed: `seeds = 5` means this one and the four after it.

    Returns:
        The sweep, and the file, which locates the errors of its run.

    Raises:
        InputError: no such file, no TOML, an unknown key, an axis without values, a name that does not exist.
    """
    path = Path(path)
    try:
        file = StudyFile(path, path.read_text())
    except FileNotFoundError:
        raise InputError(f"no study file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"study file {path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        given = tomllib.loads(file.text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is no TOML: {error}") from None
    sweep = _sweep(file, given, first_seed)
    with file.located():
        sweep.check()
    return sweep, file


def _sweep(file: StudyFile, given: Mapping[str, Any], first_seed: int) -> Sweep:
    for key in given:
        if key not in KEYS:
            raise file.error(f"{catalog.unknown_word('key', key, KEYS)} (keys: {', '.join(KEYS)})", key)
    for key in ("domain", "traces", "policies"):
        if key not in given:
            raise file.error(f"the key {key} is missing")
    folder = file.path.resolve().parent
    domain = _typed(file, given, "domain", str)
    with_line = file.line("domain")
    try:
        catalog.domain_of(domain)
    except InputError as error:
        raise InputError(f"{file.path}, line {with_line}: domain: {error}") from None
    return Sweep(
        system=domain,
        traces=tuple(name for text in _specs(file, given, "traces") for name in _traces(file, folder, text)),
        policies=tuple(_absolute(folder, text) for text in _specs(file, given, "policies")),
        predictions=tuple(_specs(file, given, "predictions")) if "predictions" in given else ("none",),
        settings=_settings(file, given),
        seeds=_seeds(file, given.get("seeds", 1), first_seed),
        reference=_typed(file, given, "reference", bool, True),
        metric=_typed(file, given, "metric", str, None),
        baseline=_baseline(file, given, folder),
        inputs=Inputs(
            tuple(sorted(_typed(file, given, "reader", dict, {}).items())),
            _typed(file, given, "n_requests", int, None),
        ),
        budget=_budget(file, given),
    )


def _typed(file: StudyFile, given: Mapping[str, Any], key: str, kind: type, default: Any = ...) -> Any:
    value = given.get(key, default)
    if value is not default and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
        what = {str: "a text", bool: "true or false", int: "an integer", dict: "a table"}[kind]
        raise file.error(f"{key} must be {what}, got {value!r}", key)
    return value


def _specs(file: StudyFile, given: Mapping[str, Any], key: str) -> Iterator[str]:
    """The values of an axis: texts, or tables {name = ..., parameter = value or list}, each a product of its lists."""
    values = given[key]
    if isinstance(values, str | dict):
        values = [values]
    if not isinstance(values, list):
        raise file.error(f"{key} must be a list, got {values!r}", key)
    if not values:
        raise file.error(f"{key} is empty; an axis needs at least one value", key)
    for value in values:
        if isinstance(value, str) and value.strip():
            yield value.strip()
        elif isinstance(value, dict) and isinstance(value.get("name"), str):
            yield from _product(file, key, value)
        else:
            raise file.error(
                f'{key} holds {value!r}; expected a text, or a table such as {{name = "...", parameter = [1, 2]}}', key
            )


def _product(file: StudyFile, key: str, table: Mapping[str, Any]) -> Iterator[str]:
    axes = {name: value if isinstance(value, list) else [value] for name, value in table.items() if name != "name"}
    for name, values in axes.items():
        if not values:
            raise file.error(f"{key}: {name} of {table['name']} has no values; an axis needs at least one", name)
    for chosen in itertools.product(*axes.values()):
        pairs = [f"{name}={_text(value)}" for name, value in zip(axes, chosen, strict=True)]
        colon = ":" if key == "predictions" else ","
        yield f"{table['name']}{colon}{','.join(pairs)}" if pairs else table["name"]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _traces(file: StudyFile, folder: Path, text: str) -> list[str]:
    """A trace as it is, or the files that a pattern matches, in the order of their names."""
    if re.match(r"(workload|sample):", text):
        return [_absolute_inside(folder, text)]
    if text == "-":
        raise file.error("traces: standard input can be read once only; save it to a file", '"-"')
    if not any(letter in text for letter in "*?["):
        return [str(folder / text)]
    found = sorted(glob.glob(str(folder / text), recursive=True))
    if not found:
        raise file.error(f"traces: no file matches {text}", text)
    return found


def _absolute(folder: Path, text: str) -> str:
    """A policy with its file's path made absolute, and those of its parts; names of the library stay as they are."""
    name = spec.parse_policy(text).name
    own = str(folder / name) if name.endswith(".py") else name
    return own + _absolute_inside(folder, text[len(name) :])


def _absolute_inside(folder: Path, text: str) -> str:
    """Parameters with the paths of files in them made absolute: `of=[FILE;lru]`."""
    return re.sub(r"(?<=[\[;=])[^\[\];,=]+", lambda part: _file(folder, part[0]), text)


def _file(folder: Path, text: str) -> str:
    return str(folder / text.strip()) if (folder / text.strip()).is_file() else text


def _baseline(file: StudyFile, given: Mapping[str, Any], folder: Path) -> str | None:
    text = _typed(file, given, "baseline", str, None)
    return None if text is None else _absolute(folder, text)


def _settings(file: StudyFile, given: Mapping[str, Any]) -> tuple[dict[str, tuple[Any, ...]], ...]:
    """[system] is one combination of axes, [[system]] several."""
    found = given.get("system", {})
    combinations = []
    for table in found if isinstance(found, list) else [found]:
        if not isinstance(table, dict):
            raise file.error("system must be a table of settings: [system], or several: [[system]]", "system")
        combinations.append(
            {name: tuple(value) if isinstance(value, list) else (value,) for name, value in table.items()}
        )
    return tuple(combinations)


def _seeds(file: StudyFile, seeds: Any, first: int) -> tuple[int, ...]:
    is_count = isinstance(seeds, int) and not isinstance(seeds, bool)
    listed = list(range(first, first + seeds)) if is_count else seeds
    if (
        not isinstance(listed, list)
        or not listed
        or any(isinstance(s, bool) or not isinstance(s, int) or s < 0 for s in listed)
    ):
        raise file.error(
            f"seeds must be how many (at least 1) or a list of integers of at least 0, got {seeds!r}", "seeds"
        )
    return tuple(listed)


def _budget(file: StudyFile, given: Mapping[str, Any]) -> Budget:
    table = _typed(file, given, "budget", dict, {})
    known = [f.name for f in dataclasses.fields(Budget)]
    for key, value in table.items():
        if key not in known:
            raise file.error(f"budget: {catalog.unknown_word('limit', key, known)} (limits: {', '.join(known)})", key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise file.error(f"budget.{key} must be a number, got {value!r}", key)
    try:
        return Budget(**table)
    except InputError as error:
        raise file.error(str(error), "budget") from None
