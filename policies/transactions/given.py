from dataclasses import field
from pathlib import Path

import numpy as np

from sim.core.errors import InputError
from sim.domains import transactions


class Given(transactions.Scheduler):
    """Gives the order that a file holds: the index of one transaction a line, from 0.

    Parameters:
        file: its path; may be spelled `order`.

    Reference: the interface of the public transaction-scheduling benchmark, whose answers are such orders (2025).
    """

    file: str = field(metadata={"also": "order"})

    def begin(self, setting, rng):
        self.chosen = read(self.file)

    def order(self, view):
        view.choose(self.chosen)


def read(file: str) -> np.ndarray:
    """The indices in a file; refused where a line is no whole number."""
    try:
        lines = Path(file).read_text().splitlines()
    except OSError as error:
        raise InputError(f"order {file} cannot be read: {error.strerror}") from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(int(line))
        except ValueError:
            raise InputError(f'{file}, line {number}: "{line}" is no index; expected one whole number a line') from None
    return np.array(found, np.int64)
