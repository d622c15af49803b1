"""The published traces, where they are present: all open, and agree with what is published of them."""

import csv
import hashlib

import numpy as np
import pytest

from traces import formats
from traces.source import Source

CLOUDPHYSICS = ("csv", "txt", "oracleGeneral.bin", "vscsi")


def read(path):
    source = Source(path)
    return formats.reader(source).read(source)


@pytest.fixture(scope="module")
def cloudphysics(shared_data):
    return {ending: read(shared_data / "cache" / f"cloudPhysicsIO.{ending}") for ending in CLOUDPHYSICS}


def test_the_four_cloudphysics_files_are_the_same_pages_in_the_same_order(cloudphysics):
    first = cloudphysics["txt"]
    assert (len(first), len(first.tables["pages"])) == (113_872, 48_974)
    assert np.count_nonzero(np.bincount(first["page"]) == 1) == 21_049
    for trace in cloudphysics.values():
        assert np.array_equal(trace["page"], first["page"])
        assert np.array_equal(trace.tables["pages"].astype(np.int64), first.tables["pages"])


def test_the_cloudphysics_files_that_have_times_have_the_same(cloudphysics):
    seconds = cloudphysics["oracleGeneral.bin"]["time_s"].astype(np.int64)
    assert (seconds[0], seconds[-1]) == (5_633_898, 5_641_098)
    for ending in ("csv", "vscsi"):
        assert np.array_equal(cloudphysics[ending]["time_s"].astype(np.int64), seconds)


def test_the_cloudphysics_files_have_the_bytes_that_are_published(cloudphysics):
    total = {ending: int(cloudphysics[ending]["size_bytes"].sum()) for ending in ("csv", "vscsi", "oracleGeneral.bin")}
    assert total == {"csv": 4_205_978_112, "vscsi": 4_205_978_112, "oracleGeneral.bin": 4_368_040_448}
    assert np.array_equal(cloudphysics["csv"]["size_bytes"], cloudphysics["vscsi"]["size_bytes"])


@pytest.mark.parametrize("dataset", ["brightkite", "citi"])
def test_each_paging_trace_is_what_its_index_says(shared_data, dataset):
    folder = shared_data / "paging"
    with (folder / "index.csv").open() as file:
        index = {row["trace"]: row for row in csv.DictReader(file) if row["dataset"] == dataset}
    files = {path.name.partition(".")[0]: path for path in (folder / dataset).glob("*.csv.gz")}
    assert files.keys() == index.keys() and len(files) == {"brightkite": 100, "citi": 12}[dataset]
    for name, path in files.items():
        trace = read(path)
        found = (len(trace), len(trace.tables["pages"]))
        assert found == (int(index[name]["requests"]), int(index[name]["distinct_pages"])), name
        lines = ["page", *map(str, trace.tables["pages"][trace["page"]].tolist()), ""]
        assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == index[name]["sha256_of_csv"], name
