"""Files that commands write: looked at before the work, whole or not there, and nothing lost unsaid."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sim.cli import output
from sim.core.trace import Trace

TO_HELP = "Format that is written; auto: by the file's ending. Compressed where it ends with .gz, .zst or .xz."


def check_target(out: str, to: str, force: bool) -> str:
    """Looks whether a trace may be written there, before much work is done for it; "-" is standard output.

    Raises:
        InputError: the format is unknown, or the place cannot be written.
        UsageError: a file is there, and `force` does not allow to replace it.
    """
    from traces import sink

    if out == "-":
        if to == "auto":
            raise click.UsageError(f"standard output needs a format: --to {'|'.join(sink.formats())}")
        out = "/dev/stdout"
    sink.writer(out, to)
    sink.check(out)
    if Path(out).is_file() and not force:
        raise click.UsageError(f"{out} is there already; --force replaces it")
    return out


def check_not_read(out: str | Path, trace: str) -> None:
    """Refuses to write over the trace that is read.

    Raises:
        UsageError: both are the same file.
    """
    if os.path.exists(trace) and os.path.exists(out) and os.path.samefile(trace, out):
        raise click.UsageError(f"{out} is the trace that is read; give another name")


def save(trace: Trace, out: str, to: str, made: str = "") -> None:
    """Writes a trace, and says what the format has no place for."""
    from traces import sink

    for text in sink.save(trace, out, to):
        output.notice(text)
    output.notice(f"{len(trace):,} requests written to {out}{made}")
