"""Original ids as they stand in a text trace: integers while all of them are, text from the first that is not."""

from __future__ import annotations

import numpy as np

from sim.core.errors import InputError
from traces.fields import Fields, shown
from traces.intern import Interner, TextInterner

KINDS = ("auto", "number", "text")


class Ids:
    """Numbers ids as they come, like an `Interner`.

    Args:
        kind: "number": integers of 64 bits, all signed or all unsigned, anything else is an error; "text": the bytes as they
            are; "auto": integers as long as each is one in its usual spelling, and text, the earlier ones too, once one is
            not. No two ids that differ as text become equal that way.

    Raises:
        InputError: there is no such kind.
    """

    def __init__(self, kind: str = "auto"):
        if kind not in KINDS:
            raise InputError(f'option ids must be one of {", ".join(KINDS)}, got "{kind}"')
        self.kind = kind
        self.notices: list[str] = []
        self._integers = Interner()
        self._texts = TextInterner() if kind == "text" else None
        self._known = 0  # see Fields.ids

    def codes(self, fields: Fields) -> np.ndarray:
        """Numbers the next ids, int32, shape (n,).

        Raises:
            InputError: an id is empty, or is no integer where one was asked for.
        """
        fields.none_empty()
        if self._texts is None:
            integers, n, self._known = fields.ids(self._known, is_strict=self.kind == "auto")
            if n == len(fields):
                return self._integers.codes(integers)
            if self.kind == "number":
                raise fields.bad(n, "an integer of 64 bits, all signed or all unsigned (ids=text takes any)")
            self._texts = self._as_text(fields, n)
        return self._texts.codes(fields.texts())

    def labels(self) -> np.ndarray:
        """The original ids by code, shape (n_distinct,): int64, uint64, or text."""
        return (self._integers if self._texts is None else self._texts).labels()

    def _as_text(self, fields: Fields, row: int) -> TextInterner:
        """The integers so far as text, under the codes that they have."""
        self.notices.append(f"ids are text (guessed): line {fields.lines[row]} has {shown(fields.field(row))}")
        texts = TextInterner()
        texts.codes([str(label).encode() for label in self._integers.labels().tolist()])
        return texts
