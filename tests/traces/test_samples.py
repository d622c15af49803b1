"""The bundled samples: what their README says of them is so."""

import re
from pathlib import Path

import numpy as np
import pytest

import traces
from traces import store

FOLDER = Path(traces.__path__[0]) / "paging"

MOST_BYTES = 1_000_000


def table() -> dict[str, dict[str, str]]:
    """The README's table of samples: name -> heading of a column -> what stands there."""
    lines = (FOLDER / "README.md").read_text().splitlines()
    head, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|"))
    return {row[0]: dict(zip(head, row, strict=True)) for row in rows}


def test_the_readme_tells_of_each_sample():
    assert sorted(table()) == sorted(path.name.partition(".")[0] for path in FOLDER.glob("*.xz"))
    assert len(table()) >= 2


@pytest.mark.parametrize("name", table())
def test_a_sample_is_what_the_readme_says(name):
    told = table()[name]
    trace = store.sample(name, "paging")
    counts = np.bincount(trace["page"])
    said = [int(told[column].replace(",", "")) for column in ("requests", "pages", "requested once")]
    assert [len(trace), len(trace.tables["pages"]), np.count_nonzero(counts == 1)] == said
    assert trace.name == name and trace.tables["pages"].dtype == np.int64


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.xz")), ids=lambda path: path.name)
def test_a_sample_is_small(path):
    assert path.stat().st_size < MOST_BYTES


@pytest.mark.parametrize("name", table())
def test_the_script_records_what_the_readme_says(name):
    script = (FOLDER / "make-samples").read_text()
    found = re.search(rf"^record {name} (\d+) (\d+) ", script, re.MULTILINE)
    assert found is not None
    assert found.groups() == (table()[name]["page bytes"], table()[name]["collapse"])
