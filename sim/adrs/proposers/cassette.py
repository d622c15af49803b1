"""Answers of a language model, kept so that a run can be repeated without it: one JSON file per request and occurrence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sim.adrs.proposers.endpoint import Answer
from sim.core.errors import InputError
from sim.core.modules import write_whole

MODES = ("record", "replay", "off")


class Cassette:
    """Answers requests from a folder, and from an endpoint what is not there.

    Args:
        mode: "record" asks and keeps; what was kept before is not asked again, so that a run that was killed goes on as it was
            and pays nothing twice. "replay" never asks and fails where an answer is missing. "off" asks and keeps nothing.
        folder: of the files, made where needed; None with "off" alone.
        ask: asks the endpoint; None with "replay" alone, which opens no connection.

    Raises:
        InputError: there is no such mode, no folder to keep answers in, one that cannot be written, or none to read them from.
    """

    def __init__(self, mode: str, folder: Path | None, ask: Callable[[Mapping[str, Any]], Answer] | None):
        if mode not in MODES:
            raise InputError(f'no cassette mode named "{mode}"; expected {", ".join(MODES)}')
        if mode != "off" and folder is None:
            raise InputError(f"cassette mode {mode} needs a folder; give one by --cassette DIR")
        if mode == "replay" and not folder.is_dir():  # type: ignore[union-attr]
            raise InputError(
                f"there is no folder {folder} to replay answers from; record them by --cassette-mode record"
            )
        if mode == "record":
            try:
                folder.mkdir(parents=True, exist_ok=True)  # type: ignore[union-attr]
            except OSError as error:
                raise InputError(f"no answers can be kept in {folder}: {error.strerror}") from None
        self.mode = mode
        self.folder = folder
        self.ask = ask
        self.met: dict[str, int] = {}

    def answer(self, request: Mapping[str, Any]) -> tuple[Answer, str]:
        """The answer to a request, and the name it is kept by.

        Raises:
            InputError: it is to be replayed and is not there, or is damaged.
            Unavailable: the endpoint gives none.
        """
        key = key_of(request)
        occurrence = self.met.get(key, 0)
        name = f"{key}-{occurrence}"
        answer = self._kept(name, key)
        if answer is None:
            if self.mode == "replay":
                raise InputError(
                    f"{self.folder} holds no answer {name[:12]}...-{occurrence} (request {sum(self.met.values()) + 1} of this "
                    "run): the run differs from the one that was recorded; repeat it with the same seed, options and version"
                )
            assert self.ask is not None
            answer = self.ask(request)
            self._keep(name, request, occurrence, answer)
        self.met[key] = occurrence + 1
        return answer, name

    def _kept(self, name: str, key: str) -> Answer | None:
        if self.mode == "off":
            return None
        path = self.folder / f"{name}.json"  # type: ignore[operator]
        if not path.is_file():
            return None
        try:
            told = json.loads(path.read_text())
            answer = Answer(told["response"], str(told["failure"]), str(told["proposer"]))
            is_whole = key_of(told["request"]) == key and (answer.response is None or isinstance(answer.response, dict))
        except (ValueError, KeyError, TypeError, RecursionError):
            is_whole = False
        if not is_whole:
            raise InputError(f"{path} is no recorded answer to this request any more; delete it and record anew")
        return answer

    def _keep(self, name: str, request: Mapping[str, Any], occurrence: int, answer: Answer) -> None:
        if self.mode == "off":
            return
        usage = answer.response.get("usage") if answer.response is not None else None
        told = {
            "proposer": answer.proposer,
            "occurrence": occurrence,
            "request": request,
            "response": answer.response,
            "failure": answer.failure,
            "usage": usage,
        }
        try:
            write_whole(self.folder / f"{name}.json", json.dumps(told, indent=1).encode())  # type: ignore[operator]
        except OSError as error:
            raise InputError(f"the answer {name[:12]}... cannot be kept in {self.folder}: {error.strerror}") from None


def key_of(request: Mapping[str, Any]) -> str:
    """SHA-256 of a request, whatever the order of its keys; neither key nor address are part of one."""
    return hashlib.sha256(json.dumps(request, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
