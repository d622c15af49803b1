"""The command `augsim`: finds the subcommand, and turns every error a user can cure into one line."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from sim.core.errors import AugsimError

COMMANDS = {
    "list": "What there is: domains, or a domain's policies, workloads, predictors, metrics.",
    "replay": "Replay one trace through some policies and rank them.",
    "trace": "Describe, show or convert a trace file.",
    "workload": "Write an invented trace to a file.",
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
    debug = "--debug" in sys.argv
    try:
        code = augsim.main(standalone_mode=False) or 0
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        _say(_one_line(error))
        code = 2
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        code = 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except AugsimError as error:
        if debug:
            raise
        _say(str(error))
        code = exit_code(error)
    except OSError as error:
        if debug:
            raise
        _say(f"{error.filename or 'output'}: {error.strerror or error}")
        code = 2
    except MemoryError:
        _say("not enough memory; a smaller trace or --num-req would do")
        code = 2
    sys.exit(code)


def exit_code(error: AugsimError) -> int:
    """1 where a decision broke the rules, 2 where something given from outside is at fault."""
    from sim.core.errors import IllegalDecision

    return 1 if isinstance(error, IllegalDecision) else 2


def _one_line(error: click.ClickException) -> str:
    text = " ".join(error.format_message().split())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        text += f" ({error.ctx.command_path} --help shows the usage)"
    return text


def _say(text: str) -> None:
    print(f"augsim: {text}", file=sys.stderr)


if __name__ == "__main__":
    main()
