"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from sim.core.errors import InputError
from sim.study import backends


class Whole(click.ParamType):
    """A whole number from `least` on."""

    name = "N"

    def __init__(self, least: int = 0):
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(value)
        except ValueError:
            number = self.least - 1
        if number < self.least:
            option = param.opts[0] if param else "this"
            self.fail(f'{option} must be a whole number of at least {self.least}, got "{value}"', param, ctx)
        return number

    def fail(self, message: str, param: click.Parameter | None = None, ctx: click.Context | None = None) -> NoReturn:
        raise click.UsageError(message, ctx)


class Place(click.Path):
    """A file or a folder to write; "" is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not value:
            option = param.opts[-1] if param else "this"
            what = "file" if self.file_okay else "folder"
            raise click.UsageError(f'{option} must name a {what}, got ""; leave it out for the usual one', ctx)
        return super().convert(value, param, ctx)


READER_HELP = "Option of the trace's reader, e.g. -t page-column=3 -t delimiter='|'; repeatable."


def reader_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say how a trace file is read."""
    for option in (
        click.option("--no-cache", is_flag=True, help="Do not keep the parsed trace on disk."),
        click.option("-t", "--reader", "reader", multiple=True, metavar="KEY=VALUE", help=READER_HELP),
        click.option("--format", "file_format", default="auto", help="Format of the file; auto: by its ending."),
        click.option("-n", "--num-req", "n_requests", type=Whole(1), metavar="N", help="Only the first N requests."),
    ):
        command = option(command)
    return command


def backend_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say where runs take place; see `backend`."""
    for option in (
        click.option("--scheduler", metavar="ADDRESS", help="Join a running Dask scheduler, tcp://host:port."),
        click.option(
            "--workers", "n_workers", type=Whole(1), metavar="N", help="Processes.  [default: one per processor]"
        ),
        click.option(
            "--backend",
            type=click.Choice(backends.NAMES),
            default="processes",
            show_default=True,
            help="Where the runs take place.",
        ),
    ):
        command = option(command)
    return command


def backend(name: str, n_workers: int | None, scheduler: str | None) -> tuple[Any, dict[str, Any]]:
    """The back end's module, and what its `map` and its `Pool` are given beside function, runs and budget.

    Raises:
        UsageError: options that do not go together.
    """
    if scheduler is not None and name != "dask":
        raise click.UsageError(f"--scheduler goes with --backend dask, not with {name}")
    if name == "serial" and n_workers is not None:
        raise click.UsageError("--backend serial has one process; --workers goes with processes and dask")
    given = {"n_workers": n_workers, "scheduler": scheduler}
    return backends.find(name), {key: value for key, value in given.items() if value is not None}


def debug_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--debug", is_flag=True, help="Show the traceback of an error.")(command)


def reader_arguments(pairs: tuple[str, ...], file_format: str) -> dict[str, Any]:
    """`-t key=value` options as keyword arguments of a reader."""
    arguments: dict[str, Any] = {} if file_format == "auto" else {"format": file_format}
    for pair in pairs:
        for part in [pair] if pair.count("=") == 1 else pair.split(","):
            key, equals, value = part.partition("=")
            if not equals:
                raise click.UsageError(f'-t "{part}" is no reader option; expected key=value, e.g. -t page-column=3')
            arguments[key.strip().replace("-", "_")] = value
    return arguments


def settings(texts: tuple[str, ...]) -> dict[str, str]:
    """`--set KEY=VALUE` options as options of a system.

    Raises:
        UsageError: one is no pair, or a key is there twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        key, value = key.strip().replace("-", "_"), value.strip()
        if not equals or not key:
            raise click.UsageError(f'--set "{text}" is no setting; expected KEY=VALUE, e.g. --set capacity=1%')
        if key in found:
            raise click.UsageError(f"--set names {key} twice, as {found[key]} and as {value}; give one of them")
        found[key] = value
    return found


def refuse_unended(folder: str) -> None:
    """Refuses the folder of a search, or of a comparison of loops, that has not ended: there is nothing to show yet.

    Raises:
        InputError: it is one.
    """
    from sim.adrs.contest import running as contest
    from sim.adrs.loop import JOURNAL
    from sim.study import store

    if (Path(folder) / store.FILE).exists():
        return
    what = "a search" if (Path(folder) / JOURNAL).is_file() else "a comparison of loops"
    if what == "a search" or contest.is_begun(folder):
        raise InputError(
            f"{folder} holds {what} that has not ended; the same augsim evolve again, with -o {folder}, goes on from there"
        )


def refuse_for_a_search(folder: str, **given: str | None) -> None:
    """Refuses options of `plot` and `report` that a search has settled.

    Raises:
        UsageError: one of them is given.
    """
    for name, value in given.items():
        if value:
            raise click.UsageError(f"{folder} holds a search, whose problem settles its {name}; leave --{name} out")
