"""A language model as a proposer: any OpenAI-compatible endpoint, or answers recorded from one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.adrs import allowlist
from sim.adrs.candidate import Candidate, Status
from sim.adrs.problem import Problem
from sim.adrs.proposers import Proposal, Tried, Unavailable, heads, prompt, replies
from sim.adrs.proposers.cassette import Cassette
from sim.adrs.proposers.endpoint import Answer, Endpoint
from sim.adrs.proposers.replies import Unusable
from sim.core.errors import InputError

NAMES = ("llm", "stub")
"""By which its candidates are known: what a model wrote, and what the tests' endpoint said."""

PATIENCE = 5
"""So many answers in a row that are none, and the endpoint counts as down."""

N_REMEMBERED = 3
"""Failures told of each status."""

CHARACTERS_PER_TOKEN = 4

LEAST_TOKENS = 1 / 12
"""Tokens per character that every tokenizer makes of such a prompt; where fewer are reported, it was not read whole."""


@dataclass(frozen=True)
class Model:
    """What is asked for.

    Args:
        name: as the endpoint knows it.
        temperature: 0 to 2.
        max_tokens: of an answer, at least 1.
        most_characters: of a prompt; the worst programs are left out until it fits.
        dollars_in, dollars_out: price of a million tokens read and written.

    Raises:
        InputError: one of them is outside its range.
    """

    name: str
    temperature: float = 0.8
    max_tokens: int = 8192
    most_characters: int = 60_000
    dollars_in: float = 0.0
    dollars_out: float = 0.0

    def __post_init__(self):
        if not self.name:
            raise InputError("proposer llm needs a model; name one by --model")
        if not 0 <= self.temperature <= 2:
            raise InputError(f"temperature must be in [0, 2], got {self.temperature:g}")
        if self.max_tokens < 1:
            raise InputError(f"max_tokens must be at least 1, got {self.max_tokens}")
        if not (self.dollars_in >= 0 and self.dollars_out >= 0):
            raise InputError(f"prices must be at least 0 dollars, got {self.dollars_in:g} and {self.dollars_out:g}")


class LLM:
    """Asks a language model to improve candidates.

    Args:
        problem: of the domain.
        model: which, and how it is asked.
        cassette: where answers come from.
        training: names of the instances whose figures it may be told.
    """

    name = "llm"

    batch = 8
    """So many are asked for before it hears what became of them."""

    def __init__(self, problem: Problem, model: Model, cassette: Cassette, training: Collection[str]):
        self.problem = problem
        self.model = model
        self.cassette = cassette
        self.training = frozenset(training)
        self.failures: dict[str, list[str]] = {}
        self.n_unusable = 0
        self.said: set[str] = set()

    def ask(self, parents: Sequence[Tried], rng: np.random.Generator) -> Proposal:
        """Gives what the model makes of the parents; the last of them is the one that it may edit.

        Raises:
            Unavailable: the endpoint is down or out of quota.
            InputError: an answer is to be replayed and is not there.
        """
        messages, n_shown = prompt.messages(
            self.problem, parents, self.failures, self.training, self.model.most_characters
        )
        request = {
            "model": self.model.name,
            "messages": messages,
            "temperature": self.model.temperature,
            "max_tokens": self.model.max_tokens,
            "seed": int(rng.integers(2**31)),
        }
        answer, name = self.cassette.answer(request)
        text, malformed = "", ""
        try:
            text, reason = self._text(answer)
            source = self._source(text, reason, parents[-1].candidate.source if parents else None)
        except Unusable as unusable:
            malformed = str(unusable)
            source = text[: allowlist.MOST_BYTES].encode(errors="replace").decode()
        n_read, n_written, notices = self._usage(answer.response or {}, request, text)
        ids = [tried.candidate.id for tried in reversed(parents[len(parents) - n_shown :])]
        key, _, occurrence = name.rpartition("-")
        return Proposal(
            Candidate(source, tuple(dict.fromkeys(ids)), f"answer {key[:12]}-{occurrence}", answer.proposer),
            malformed,
            n_read + n_written,
            (n_read * self.model.dollars_in + n_written * self.model.dollars_out) / 1e6,
            tuple(notices),
        )

    def tell(self, tried: Tried) -> None:
        """Remembers what was wrong with a candidate of its own, for the prompts to come."""
        if tried.candidate.proposer in NAMES and tried.report.status is not Status.OK:
            lines = self.failures.setdefault(str(tried.report.status), [])
            line = " ".join("".join(c if c.isprintable() else " " for c in tried.report.detail).split())[:300]
            if line in lines:
                lines.remove(line)
            lines.append(line)
            del lines[:-N_REMEMBERED]

    def _text(self, answer: Answer) -> tuple[str, str]:
        """What the model wrote, and why it ended; counts answers without, which no prompt could mend."""
        try:
            if answer.response is None:
                raise Unusable(answer.failure)
            found = replies.content(answer.response)
        except Unusable as unusable:
            self.n_unusable += 1
            if self.n_unusable < PATIENCE:
                raise
            raise Unavailable(
                f"the endpoint gave no answer that can be used, {PATIENCE} times in a row ({unusable}); are base URL and model "
                f"({self.model.name}) those of a chat model?"
            ) from None
        self.n_unusable = 0
        return found

    def _source(self, text: str, reason: str, base: str | None) -> str:
        source = replies.program(text, reason, base)
        replies.check(source)
        if base is not None and replies.frame(base).is_marked:
            return source
        source = heads.completed(source, heads.offered(self.problem.domain))
        replies.check(source)
        return source

    def _usage(self, response: Mapping[str, Any], request: Mapping[str, Any], text: str) -> tuple[int, int, list[str]]:
        """Tokens read and written, and what is to be said of them."""
        n_characters = sum(len(message["content"]) for message in request["messages"])
        told = response.get("usage")
        counts = [
            _count(told.get(key)) if isinstance(told, dict) else None for key in ("prompt_tokens", "completion_tokens")
        ]
        notices = list(_cut(counts[0], n_characters))
        if response and None in counts:
            notices.append(
                "the endpoint reports no usage; tokens are told from the length of the text, 4 characters each"
            )
        read = -(-n_characters // CHARACTERS_PER_TOKEN) if counts[0] is None else counts[0]
        written = -(-len(text) // CHARACTERS_PER_TOKEN) if counts[1] is None else counts[1]
        new = [notice for notice in notices if notice not in self.said]
        self.said.update(new)
        return read, written, new


def connected(base_url: str, key_variable: str, mode: str, folder: Path | None) -> Cassette:
    """Where answers come from, as the command line says it: an endpoint, a folder, or both.

    Raises:
        InputError: address, key, mode or folder cannot serve; neither is opened before the first request.
    """
    if mode == "replay":
        return Cassette(mode, folder, None)
    if not base_url:
        raise InputError(
            "proposer llm needs an endpoint, --base-url http://127.0.0.1:8080/v1 for one, or recorded answers, "
            "--cassette DIR --cassette-mode replay; without either, --proposer gp needs none"
        )
    return Cassette(mode, folder, Endpoint(base_url, key_variable).ask)


def _count(value: Any) -> int | None:
    """A number of tokens, None where what is reported can be none."""
    return value if type(value) is int and 0 <= value < 10**9 else None


def _cut(n_read: int | None, n_characters: int) -> Iterator[str]:
    """Says where a server seems to have cut the prompt, which some do without a word."""
    if n_read is None or n_read == 0:
        return
    at_limit = n_read >= 2047 and min(n_read % 1024, -n_read % 1024) <= 1
    if at_limit or n_read < n_characters * LEAST_TOKENS:
        yield (
            f"the endpoint read {n_read} tokens of a prompt of {n_characters:,} characters: it may have cut it; raise the "
            "model's context length, or lower --prompt-characters"
        )
