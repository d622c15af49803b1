"""What a search has found out so far, a line each: a search that begins again asks the same and finds the answers here.

All draws of a search come from its seed, so whoever answers its questions alike leads it the same way; nothing else need be kept.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from sim.core.errors import InputError
from sim.study import provenance


class Journal:
    """Answers by question, on disk.

    A line that was cut short by a killed process is dropped. Lines are written together, see `flush`.

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
        if path is None:
            return
        if not path.exists():
            self._waiting.append(json.dumps({"search": mark, "about": about}, default=str))
            self.flush()
            return
        lines = path.read_bytes().split(b"\n")
        whole, torn = lines[:-1], lines[-1]
        try:
            if json.loads(whole[0])["search"] != mark:
                raise InputError(
                    f"{path.parent} holds a search with other options, traces or code; give another folder with -o, or "
                    "remove this one"
                )
            for line in whole[1:]:
                told = json.loads(line)
                self._answers[told["question"]] = told["answer"]
        except (ValueError, IndexError, KeyError, TypeError):
            raise InputError(f"{path} is no journal of a search; give another folder with -o") from None
        self.n_found = len(self._answers)
        if torn:
            with path.open("r+b") as file:
                file.truncate(sum(len(line) + 1 for line in whole))

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
