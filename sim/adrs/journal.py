"""What a search has found out so far, a line each: a search that begins again asks the same and finds the answers here.

All draws of a search come from its seed, so whoever answers its questions alike leads it the same way; nothing else need be kept.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sim.core.errors import InputError
from sim.study import provenance

LOCK = ".searching"


@contextmanager
def alone(folder: Path | None) -> Iterator[None]:
    """Keeps other processes from searching in a folder, which is gone again where it is new and nothing was written; None is
    nobody's.

    Raises:
        InputError: another one does, or the folder cannot be written to.
    """
    if folder is None:
        yield
        return
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = _locked(folder)
        except OSError as error:
            raise InputError(f"a search cannot be kept in {folder}: {error.strerror}") from None
        try:
            yield
        finally:
            (folder / LOCK).unlink(missing_ok=True)
            os.close(lock)
    finally:
        for each in new:
            with suppress(OSError):  # what is not empty stays
                each.rmdir()


def _locked(folder: Path) -> int:
    """The file that one process at a time has locked; one that its holder has removed meanwhile locks nobody out."""
    while True:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            who = os.read(lock, 32).decode(errors="replace").strip() or "unknown"
            os.close(lock)
            raise InputError(
                f"another search (process {who}) is running in {folder}; wait for it, or give another folder with -o"
            ) from None
        if os.fstat(lock).st_nlink:
            os.ftruncate(lock, 0)
            os.write(lock, str(os.getpid()).encode())
            return lock
        os.close(lock)


class Journal:
    """Answers by question, on disk.

    A line that was cut short by a killed process is dropped. Lines are written together, see `flush`; before the first answers
    there is no file.

    Args:
        path: the file; None: nothing is kept.
        about: what the search is: configuration, splits, code. Answers of another one are refused.

    Raises:
        InputError: the file is of another search, or is no journal.
    """

    def __init__(self, path: Path | None, about: dict[str, Any]):
        self.path = path
        self.n_found = 0
        self._answers: dict[str, Any] = {}
        self._waiting: list[str] = []
        mark = provenance.digest(about)
        head = json.dumps({"search": mark, "about": about}, default=str)
        if path is None:
            return
        lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
        whole, torn = lines[:-1], lines[-1]
        if not whole and head.encode().startswith(torn):
            if torn:
                path.write_bytes(b"")
            self._waiting.append(head)
            return
        if self._told(1, whole[0] if whole else torn, "search") != mark:
            raise InputError(
                f"{path.parent} holds a search with other options, traces or code; give another folder with -o, or "
                "remove this one"
            )
        for number, line in enumerate(whole[1:], 2):
            self._answers[self._told(number, line, "question")] = self._told(number, line, "answer")
        self.n_found = len(self._answers)
        if torn:
            with path.open("r+b") as file:
                file.truncate(sum(len(line) + 1 for line in whole))

    def _told(self, number: int, line: bytes, key: str) -> Any:
        try:
            return json.loads(line)[key]
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f"{self.path}, line {number}: this is no journal of a search, or a damaged one; give another folder with -o"
            ) from None

    def get(self, question: str) -> Any:
        """The answer, None where there is none yet."""
        return self._answers.get(question)

    def keep(self, question: str, answer: Any) -> None:
        """Takes an answer, as JSON has it; it is on disk after the next `flush`."""
        self._answers[question] = answer
        self._waiting.append(json.dumps({"question": question, "answer": answer}))

    def flush(self) -> None:
        """Puts what waits on disk."""
        if self.path is None or not self._waiting:
            return
        with self.path.open("ab") as file:
            file.write("".join(f"{line}\n" for line in self._waiting).encode())
            file.flush()
            os.fsync(file.fileno())
        self._waiting.clear()
