"""The command line, called as a user calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from sim.cli import main


class Said(NamedTuple):
    code: int
    out: str
    err: str


def augsim(capsys, monkeypatch, *words: object) -> Said:
    """Runs the command in this process."""
    monkeypatch.setattr(sys, "argv", ["augsim", *map(str, words)])
    try:
        main.main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    said = capsys.readouterr()
    return Said(code, said.out, said.err)


def spawned(*words: object, **options) -> Said:
    """Runs the command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "sim.cli.main", *map(str, words)],
        capture_output=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
        **options,
    )
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())
