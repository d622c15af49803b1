"""Tables of jobs in text, small enough to read by eye."""

import pytest

from sim.core.errors import InputError
from traces import store
from traces.readers import jobs
from traces.source import Source


def opened(tmp_path, text, **options):
    path = tmp_path / "day.jobs.csv"
    path.write_text(text)
    return jobs.read(Source(path), **options)


def test_arrivals_and_sizes_by_the_names_of_the_header(tmp_path):
    trace = opened(tmp_path, "arrival,host,runtime,user\n0,a,2.5,bob\n1,b,1,eve\n1,b,3,bob\n")
    assert trace["time"].tolist() == [0, 1, 1] and trace["size"].tolist() == [2.5, 1, 3]
    assert trace["key"].tolist() == [0, 1, 0] and trace.tables["keys"].tolist() == ["bob", "eve"]
    assert trace.domain == "dispatch" and "columns left out: host" in trace.origin["notices"]


def test_columns_may_be_named(tmp_path):
    trace = opened(tmp_path, "when,cpu,time\n0,2,9\n5,1,1\n", time_column="when", size_column="cpu")
    assert trace["time"].tolist() == [0, 5] and trace["size"].tolist() == [2, 1]


def test_a_closed_system_and_predictions(tmp_path):
    trace = opened(tmp_path, "client,think,size,predicted\n0,1,2,3\n1,0,2,1\n")
    assert "time" not in trace and trace["client"].tolist() == [0, 1] and trace["predicted_size"].tolist() == [3, 1]


def test_the_ending_tells_the_format_and_what_is_written_reads_back(tmp_path):
    from traces import sink

    trace = store.sample("bursts", "dispatch", cache=False)
    sink.save(trace, str(tmp_path / "again.jobs.csv"), "auto")
    again = store.open_trace(tmp_path / "again.jobs.csv", cache=False)
    assert len(again) == 5000
    assert all((again[column] == trace[column]).all() for column in trace.columns)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("time,size\n", "has no jobs"),
        ("time,length\n0,1\n", r"no column of sizes \(columns: time, length\).*size-column=NAME"),
        ("size,client\n1,0\n", "no column of times"),
        ("time,size\n0,1\n1,-2\n", r"day.jobs.csv, line 3: size is .-2"),
        ("time,size\n0,1\n1,0\n", r"day.jobs.csv, line 3: size is .0.; expected a number above 0"),
        ("time,size\n0,1\n1,big\n", r"day.jobs.csv, line 3: size is .big"),
        ("time,size\n5,1\n1,1\n", "line 3: .*time goes backwards, from 5 to 1"),
        ("time,size\n5,1\n1\n", "line 3"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, text, expected):
    with pytest.raises(InputError, match=expected) as caught:
        opened(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_column_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match=r'no column "cpu" \(columns: time, size\)'):
        opened(tmp_path, "time,size\n0,1\n", size_column="cpu")
