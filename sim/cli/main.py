"""The command `augsim`: finds the subcommand, and turns every error a user can cure into one line."""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import sys
import threading
import traceback
from functools import cache
from typing import Any

import click

from sim.cli import failure
from sim.core.errors import AugsimError

COMMANDS = {
    "list": "What there is: domains, or a domain's policies, workloads, predictors, metrics.",
    "replay": "Replay one trace through some policies and rank them.",
    "sweep": "Run a study: axes over traces, predictions, settings, policies and seeds.",
    "mrc": "Miss-ratio curves: misses at every capacity, exact or from a sample.",
    "compare": "Say which policy of a study is better, by how much, how sure.",
    "plot": "Draw the figures of a study, each with its table beside it.",
    "report": "Write a study as one HTML page: words, figures, tables, origin.",
    "trace": "Describe, show or convert a trace file.",
    "workload": "Write an invented trace to a file.",
    "evolve": "Search for a better policy, and say honestly whether one was found.",
    "export": "Hand a domain's problem to another engine, as a folder that it runs.",
    "record": "Record the page accesses of a program.",
}


class Lazy(click.Group):
    """Imports a command's module when it is used, so that help stays instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        return importlib.import_module(f"sim.cli.{name}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise click.UsageError(f'no command named "{args[0]}"{hint} (commands: {", ".join(COMMANDS)})')
        return super().resolve_command(ctx, args)


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="augsim", prog_name="augsim")
def augsim() -> None:
    """Replay traces through online policies: which is better, by how much, and what was a prediction worth?"""


def main() -> None:
    """Runs the command line. Exit code 0: fine, 1: a run failed, 2: wrong usage or input."""
    _leave_if_interrupted_twice()
    gc.set_threshold(1_000_000)  # what the imports make stays: looking for garbage there took a seventh of a short run
    try:
        with augsim.make_context("augsim", sys.argv[1:]) as context:
            code = augsim.invoke(context) or 0
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.ctx.get_help() if error.ctx else error.format_message(), file=sys.stderr)
        code = failure.WRONG_INPUT
    except BrokenPipeError:
        code = 0
    except (Exception, KeyboardInterrupt) as error:
        text = failure.one_line(error)
        if text is None:
            raise
        if "--debug" in sys.argv and not isinstance(error, click.ClickException):
            traceback.print_exception(error)
        _say(text)
        code = failure.exit_code(error) if isinstance(error, AugsimError) else failure.WRONG_INPUT
    _leave_output()
    sys.exit(code)


PATIENCE_S = 2.0
"""How long an interrupt may take before something is said, and then before a second one ends the program as it stands."""


@cache
def _leave_if_interrupted_twice() -> None:
    """Lets a second Ctrl-C end the program even where machine code never returns, as a policy's loop without end does not."""
    told, tells = os.pipe()
    os.set_blocking(tells, False)
    signal.set_wakeup_fd(tells, warn_on_full_buffer=False)

    def listen() -> None:
        n_interrupts = 0
        while n_interrupts < 2:
            if n_interrupts and not select.select([told], [], [], PATIENCE_S)[0]:
                _say("interrupted, and not at an end yet; once more ends it as it is")
            n_interrupts += os.read(told, 1)[0] == signal.SIGINT
        threading.Event().wait(PATIENCE_S)
        _say("interrupted in the midst of something that did not end")
        os._exit(failure.WRONG_INPUT)

    threading.Thread(target=listen, daemon=True).start()


def _leave_output() -> None:
    """Hands over what is held for standard output; where it cannot be written, it must not fail again at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str) -> None:
    print(f"augsim: {text}", file=sys.stderr)


if __name__ == "__main__":
    main()
