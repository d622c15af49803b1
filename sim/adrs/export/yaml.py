"""The little of YAML that the configurations need."""

from __future__ import annotations


def block(text: str, indent: int) -> str:
    """A text as the lines of a block that begins with `|`."""
    return "\n".join(" " * indent + line if line.strip() else "" for line in text.splitlines())
