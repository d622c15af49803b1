"""Models in MPS and LP files: what is read, and what is refused because a part of it would be lost."""

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.domains.bandits.lns.model import Model
from traces.readers import lp, mps
from traces.source import Source

MODEL = """* best known: 7.5
NAME small
ROWS
 N cost
 G need
 L room
 E same
COLUMNS
 m 'MARKER' 'INTORG'
 x cost 1 need 1
 y cost 2 need 3
 y room 1
 m 'MARKER' 'INTEND'
 z cost -1 same 1
RHS
 rhs need 2 room 4
 rhs same 1.5 cost -10
RANGES
 range room 3
BOUNDS
 BV b x
 UP b y 9
 FR b z
ENDATA
"""


def opened(tmp_path, text, reader=mps):
    path = tmp_path / f"small.{reader.__name__.rpartition('.')[2]}"
    path.write_text(text)
    return reader.read(Source(path))


def test_a_file_is_read_with_its_ranges_bounds_offset_and_best_objective(tmp_path):
    trace = opened(tmp_path, MODEL)
    model = Model.of(trace)
    assert model.cost.tolist() == [1, 2, -1] and model.offset == 10 and trace.tables["optimum"] == 7.5
    assert model.is_integer.tolist() == [True, True, False] and model.binaries.tolist() == [0]
    assert (model.lower.tolist(), model.upper.tolist()) == ([0, 0, -np.inf], [1, 9, np.inf])
    assert (model.row_lower.tolist(), model.row_upper.tolist()) == ([2, 1, 1.5], [np.inf, 4, 1.5])
    assert model.matrix.toarray().tolist() == [[1, 3, 0], [0, 1, 0], [0, 0, 1]]


def test_the_other_format_says_the_same(tmp_path):
    text = "\\ optimum 7.5\nMinimize\n cost: x + 2 y - z + 10\nSubject To\n need: x + 3 y >= 2\n room: y <= 4\n least: y >= 1\n"
    text += " same: z = 1.5\nBounds\n y <= 9\n z free\nBinaries\n x\nGenerals\n y\nEnd\n"
    first, second = opened(tmp_path, MODEL), opened(tmp_path, text, lp)
    assert second.tables["optimum"] == 7.5 and not second.tables["maximise"]
    assert Model.of(second).objective(np.array([1, 1, 1.5])) == Model.of(first).objective(np.array([1, 1, 1.5])) == 11.5
    assert Model.of(second).is_feasible(np.array([1, 1, 1.5])) and not Model.of(second).is_feasible(
        np.array([1, 0, 1.5])
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((" y room 1", " y rom 1"), "RHS section entries contain 2 with row not in ROWS section (3 such entries)"),
        ((" y cost 2 need 3", " y cost 2 ned 3"), 'Row name "ned" in COLUMNS section is not defined'),
        ((" rhs need 2", " rhs ned 2"), 'Row name "ned" in RHS section is not defined'),
        ((" UP b y 9", " UP b w 9"), 'line 22 of the model: no column is called as in "UP b w 9"'),
        ((" y room 1", " y room 1 need 5"), 'has duplicate nonzero 5 in row "need"'),
        ((" x cost 1 need 1", " x cost 1 need nan"), "a coefficient is nan; expected a finite number"),
        ((" x cost 1", " x cost 1e999"), "a cost of x is inf; expected a finite number"),
        (("ENDATA\n", ""), "is no MPS file that HiGHS can read; is it whole?"),
        (
            (MODEL[MODEL.index("COLUMNS") :], "COLUMNS\nRHS\nENDATA\n"),
            "has no variables; expected a mixed-integer program",
        ),
    ],
)
def test_what_would_be_lost_is_refused(tmp_path, change, said):
    with pytest.raises(InputError) as refused:
        opened(tmp_path, MODEL.replace(*change))
    assert said in str(refused.value) and "\n" not in str(refused.value)
