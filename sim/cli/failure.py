"""What a user is told when something goes wrong: one line on standard error and an exit code, never a traceback unasked."""

from __future__ import annotations

import click

from sim.core.errors import AugsimError, IllegalDecision

RUN_FAILED, WRONG_INPUT = 1, 2
"""Exit codes beside 0: a decision broke the rules; something given from outside is at fault, or the run was cut short."""


def exit_code(error: AugsimError) -> int:
    """1 where a decision broke the rules, 2 where something given from outside is at fault."""
    return RUN_FAILED if isinstance(error, IllegalDecision) else WRONG_INPUT


def one_line(error: BaseException) -> str | None:
    """What an error says to the user, in one line; None where it is a fault of this program and says nothing to them."""
    if isinstance(error, click.ClickException):
        text = " ".join(error.format_message().split())
        if isinstance(error, click.UsageError) and error.ctx is not None:
            text = f"{text.removesuffix('.')} ({error.ctx.command_path} --help shows the usage)"
        return text
    if isinstance(error, AugsimError):
        return " ".join(str(error).split())
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, OSError):
        return f"{error.filename or 'output'}: {error.strerror or error}"
    if isinstance(error, MemoryError):
        return "not enough memory; a smaller trace or --num-req would do"
    return None
