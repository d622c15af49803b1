"""Other search engines, each in an environment of its own, which is made where it is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sim.core.modules import cache_folder

NEEDED = {"openevolve": "0.4.0"}
"""Engine -> version that is installed where there is none."""


class Unavailable(Exception):
    """An engine cannot be had here; the message says why."""


def python_of(engine: str) -> Path:
    """The Python of an engine's environment, `$AUGSIM_ENGINES/ENGINE`, or one in the cache folder.

    Raises:
        Unavailable: it cannot be made, as where there is no network.
    """
    named = os.environ.get("AUGSIM_ENGINES")
    folder = (Path(named) if named else cache_folder("engines")) / engine
    python = folder.absolute() / "bin" / "python"
    if not python.exists() or _ended([str(python), "-c", f"import {engine}"]):
        wanted = f"{engine}=={NEEDED[engine]}"
        print(f"installing {wanted} in {folder}", file=sys.stderr)
        for words in (
            [sys.executable, "-m", "venv", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted],
        ):
            if why := _ended(words):
                raise Unavailable(f"{wanted} cannot be installed in {folder}: {why}")
    return python


def version_of(engine: str, python: Path) -> str:
    code = f"from importlib.metadata import version; print(version({engine!r}))"
    return subprocess.run([python, "-c", code], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _ended(words: Sequence[str]) -> str:
    """Runs a command; why it failed, in its own last words, empty where it did not."""
    done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1] if done.returncode else ""
