"""vscsi files of both versions: the published sample, and small ones by hand."""

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.operations import Operation
from tests.traces.files import vscsi_1, vscsi_2, written
from traces.readers import oracle_general, vscsi
from traces.source import Source


def test_the_cloudphysics_sample_has_its_published_facts(shared_data):
    trace = vscsi.read(Source(shared_data / "cache" / "cloudPhysicsIO.vscsi"))
    assert len(trace) == 113_872
    assert int(trace["size_bytes"].sum()) == 4_205_978_112
    assert trace["time_s"][0] == 5633898.368802
    assert (trace["op"][0], trace["size_bytes"][0], trace.tables["pages"][0]) == (Operation.WRITE, 512, 42_932_745)


def test_the_sample_requests_the_same_pages_in_both_formats(shared_data):
    block = vscsi.read(Source(shared_data / "cache" / "cloudPhysicsIO.vscsi"))
    oracle = oracle_general.read(Source(shared_data / "cache" / "cloudPhysicsIO.oracleGeneral.bin"))
    assert np.array_equal(block["page"], oracle["page"])
    assert np.array_equal(block.tables["pages"], oracle.tables["pages"])
    assert np.array_equal(block["time_s"].astype(np.uint32), oracle["time_s"])
    assert np.count_nonzero(block["size_bytes"] != oracle["size_bytes"]) == 13_671


@pytest.mark.parametrize("make", [vscsi_1, vscsi_2])
def test_both_versions_are_told_apart(tmp_path, make):
    data = make([9, 8, 9], times=[1_500_000, 2_000_000, 2_000_001], sizes=[512, 0, 1024], commands=[0x28, 0x2A, 0x35])
    trace = vscsi.read(written(tmp_path, data))
    assert trace["page"].tolist() == [0, 1, 0]
    assert trace["time_s"].tolist() == [1.5, 2.0, 2.000001]
    assert trace["size_bytes"].tolist() == [512, 0, 1024]
    assert trace["op"].tolist() == [Operation.READ, Operation.WRITE, Operation.NOP]
    assert trace.origin["notices"] == (
        "1 request of other commands than reads and writes",
        "1 request of size 0",
        "1 request of another size than at first",
    )


@pytest.mark.parametrize("make", [vscsi_1, vscsi_2])
def test_one_record_is_enough(tmp_path, make):
    assert len(vscsi.read(written(tmp_path, make([9])))) == 1


def test_a_file_of_neither_version_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"record 1: neither of vscsi version 1 .* nor of version 2"):
        vscsi.read(written(tmp_path, bytes(320)))


def test_a_record_of_another_version_is_named(tmp_path):
    with pytest.raises(InputError, match="record 4: its version is 0, that of the first is 1"):
        vscsi.read(written(tmp_path, vscsi_1([1, 2, 3]) + bytes(32)))


def test_half_a_record_is_an_error_that_names_it(tmp_path):
    with pytest.raises(InputError, match="record 3: 31 left-over bytes, a record has 32"):
        vscsi.read(written(tmp_path, vscsi_1([1, 2, 3])[:-1]))
    assert len(vscsi.read(written(tmp_path, vscsi_1([1, 2, 3])[:-1]), allow_truncated=True)) == 2
