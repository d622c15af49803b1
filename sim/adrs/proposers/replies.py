"""What a language model wrote, as a policy's file: a whole one, or edits of the one it was shown; nothing is guessed.

A reply that holds a SEARCH block is a list of edits, each of which must match one place exactly. Any other is a whole file: of
its fenced blocks the last one with a class in it, or, without fences, all of it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from sim.adrs import allowlist

START, END = "# EVOLVE-BLOCK-START", "# EVOLVE-BLOCK-END"
"""Lines that stand around what may be changed of a file; where there are none, all of it may."""

SEARCH, DIVIDER, REPLACE = "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"

MOST_CHARACTERS = 4 * allowlist.MOST_BYTES
MOST_EDITS = 64

REASONING = ("think", "thinking", "thought", "reasoning", "reflection", "scratchpad")

UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Characters that do not show, or that make a text look like another."""


class Unusable(Exception):
    """A reply that is no policy's file; the message is for the model to mend it by."""


class Frame(NamedTuple):
    """A file in three parts, of which only the middle may be changed.

    Args:
        head: up to and with the line that opens the region; empty where the whole file may be changed.
        region: what may be changed.
        tail: from the line that closes it.
    """

    head: str
    region: str
    tail: str

    @property
    def is_marked(self) -> bool:
        return bool(self.head)

    def filled(self, region: str) -> str:
        """The file with another region, head and tail as they were."""
        return f"{self.head}{region.rstrip()}\n{self.tail}" if self.is_marked else region


def frame(source: str) -> Frame:
    """Takes a file apart.

    Raises:
        Unusable: it has one marker without the other, or several.
    """
    lines = source.splitlines(keepends=True)
    starts = [i for i, line in enumerate(lines) if line.strip() == START]
    ends = [i for i, line in enumerate(lines) if line.strip() == END]
    if not starts and not ends:
        return Frame("", source, "")
    if len(starts) != 1 or len(ends) != 1 or starts[0] > ends[0]:
        raise Unusable(
            f"{len(starts)} lines {START} and {len(ends)} lines {END}; there must be one of each, in this order"
        )
    first, last = starts[0] + 1, ends[0]
    return Frame("".join(lines[:first]), "".join(lines[first:last]), "".join(lines[last:]))


def content(response: Mapping[str, Any]) -> tuple[str, str]:
    """The text of a response and why it ended ("stop", "length" ...).

    Raises:
        Unusable: it has none.
    """
    choices = response.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise Unusable("the endpoint's answer has no choices")
    message = choices[0].get("message")
    text = message.get("content") if isinstance(message, dict) else None
    if isinstance(text, list):
        text = "".join(str(part.get("text") or "") for part in text if isinstance(part, dict))
    reason = choices[0].get("finish_reason")
    return (text if isinstance(text, str) else ""), (reason if isinstance(reason, str) else "")


def program(text: str, reason: str, base: str | None) -> str:
    """The file that a reply stands for.

    Args:
        text: of the reply.
        reason: why it ended.
        base: the file that edits are of, and whose marks hold; None where none was shown.

    Raises:
        Unusable: it is none, or does not say clearly which.
    """
    if reason == "length":
        raise Unusable("the reply was cut at its longest; write less around the program, or a shorter one")
    if len(text) > MOST_CHARACTERS:
        raise Unusable(f"the reply has {len(text):,} characters, at most {MOST_CHARACTERS:,} are read")
    text = without_reasoning(text.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.strip():
        raise Unusable("the reply is empty")
    framed = frame(base) if base is not None else Frame("", "", "")
    if re.search(rf"^{SEARCH}", text, re.MULTILINE):
        if base is None:
            raise Unusable("the reply edits a program, and none was shown; write a whole one")
        return framed.filled(edited(framed.region, edits(text)))
    whole = fenced(text)
    if not framed.is_marked:
        return whole
    own = frame(whole)
    if not own.is_marked:
        raise Unusable(f"the lines {START} and {END} are missing; keep both, and change what stands between them")
    return framed.filled(own.region)


def without_reasoning(text: str) -> str:
    """A reply without what stands in reasoning tags; one that only closes began before the reply, one that only opens goes on."""
    kept: list[str] = []
    at, opened = 0, ""
    for tag in re.finditer(rf"<(/?)({'|'.join(REASONING)})>", text, re.IGNORECASE):
        name = tag[2].lower()
        if not tag[1] and not opened:
            kept.append(text[at : tag.start()])
            opened = name
        elif tag[1] and opened in (name, ""):
            if not opened:
                kept = []
            at, opened = tag.end(), ""
    return "".join(kept) if opened else "".join(kept) + text[at:]


def fenced(text: str) -> str:
    """The program in a reply: the last fenced block with a class, or the whole text where there are no fences.

    Raises:
        Unusable: there is none.
    """
    blocks: list[str] = []
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        opening = re.match(r"\s{0,3}(`{3,}|~{3,})", line)
        if not fence and opening:
            fence, lines = opening[1], []
        elif fence and opening and opening[1].startswith(fence) and line.strip() == opening[1]:
            blocks.append("\n".join(lines))
            fence = ""
        elif fence:
            lines.append(line)
    if fence:
        raise Unusable("a fenced block is not closed; end it by a line of three backticks")
    if not blocks:
        blocks = [text]
    programs = [block for block in blocks if re.search(r"^class \w+", block, re.MULTILINE)]
    if not programs:
        raise Unusable("the reply holds no policy class; write a whole file, or SEARCH and REPLACE blocks")
    return programs[-1].strip("\n") + "\n"


def edits(text: str) -> list[tuple[str, str]]:
    """The SEARCH and REPLACE blocks of a reply.

    Raises:
        Unusable: one is not whole, or there are too many.
    """
    found: list[tuple[str, str]] = []
    parts: list[list[str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        mark = line.rstrip()
        expected = (SEARCH, DIVIDER, REPLACE)[len(parts)]
        if mark == expected and mark != REPLACE:
            parts.append([])
        elif mark == expected == REPLACE:
            found.append(("".join(f"{old}\n" for old in parts[0]), "".join(f"{new}\n" for new in parts[1])))
            parts = []
        elif mark.startswith((SEARCH, REPLACE)):
            raise Unusable(f"line {number} of the reply is {mark[:40]}, expected {expected} first")
        elif parts:
            parts[-1].append(line)
    if parts:
        raise Unusable(f"the last edit is not whole; it lacks the line {(SEARCH, DIVIDER, REPLACE)[len(parts)]}")
    if len(found) > MOST_EDITS:
        raise Unusable(f"the reply has {len(found)} edits, at most {MOST_EDITS} are made")
    return found


def edited(region: str, changes: list[tuple[str, str]]) -> str:
    """The region with all edits made, one after the other.

    Raises:
        Unusable: what one searches for is not there, is there several times, or is nothing.
    """
    for number, (old, new) in enumerate(changes, 1):
        if not old.strip():
            raise Unusable(f"edit {number} searches for nothing; repeat the lines that it replaces")
        n_found = _times(region, old)
        if n_found != 1:
            first = old.strip("\n").partition("\n")[0].strip()
            where = "is not in the program as it stands" if n_found == 0 else f"is there {n_found} times"
            cure = "repeat its lines exactly, spaces included" if n_found == 0 else "repeat more lines around it"
            raise Unusable(f'what edit {number} searches for ("{first[:60]}" ...) {where}; {cure}')
        start = 0 if region.startswith(old) else region.index(f"\n{old}") + 1
        region = region[:start] + new + region[start + len(old) :]
    return region


def _times(region: str, old: str) -> int:
    """How often whole lines stand in a text, overlaps included."""
    text = f"\n{region}"
    return sum(text.startswith(f"\n{old}", at) for at in (found.start() for found in re.finditer("\n", text)))


def check(source: str) -> ast.Module:
    """The syntax tree of a file that a model wrote.

    Raises:
        Unusable: it is no Python, or no file that a policy could be.
    """
    if found := UNSEEN.search(source):
        raise Unusable(f"the program holds the character U+{ord(found[0]):04X}, which does not show; write plain text")
    if len(source.encode()) > allowlist.MOST_BYTES:
        raise Unusable(f"the program has more than {allowlist.MOST_BYTES:,} bytes")
    try:
        return ast.parse(source)
    except SyntaxError as error:
        line = (error.text or "").strip()[:60]
        raise Unusable(
            f"the program is no Python: line {error.lineno}: {error.msg}{f' ({line})' if line else ''}"
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unusable(f"the program cannot be parsed ({type(error).__name__})") from None
