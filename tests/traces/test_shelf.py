"""The shelf of kept traces: whole or not there, and never larger than it may be."""

import os
import time

import numpy as np

from sim.core.trace import Trace
from traces import columns
from traces.shelf import Shelf

KB = 1000


def put(shelf: Shelf, name: str, n_bytes: int = 10 * KB) -> Trace | None:
    with shelf.workplace() as folder:
        columns.write(Trace(name, "paging", {"page": np.zeros(n_bytes // 4, np.int32)}), folder)
        return shelf.put(folder, name)


def used_at(shelf: Shelf, name: str, time_s: float) -> None:
    os.utime(shelf.root / "whole" / name / columns.DESCRIPTION, (time_s, time_s))


def test_what_is_put_can_be_got(tmp_path):
    shelf = Shelf(tmp_path, 1e9)
    assert put(shelf, "a").name == "a"
    assert shelf.get("a").name == "a"
    assert shelf.get("b") is None
    assert shelf.names("a") == ["a"]


def test_the_least_recently_used_traces_make_room(tmp_path):
    shelf = Shelf(tmp_path, 35 * KB)
    for age, name in enumerate(["a", "b", "c"]):
        put(shelf, name)
        used_at(shelf, name, 1000.0 + age)
    shelf.get("a")
    put(shelf, "d")
    assert sorted(shelf.names("")) == ["a", "c", "d"]


def test_what_is_larger_than_the_shelf_is_not_kept_and_displaces_nothing(tmp_path):
    shelf = Shelf(tmp_path, 35 * KB)
    put(shelf, "a")
    assert put(shelf, "b", 40 * KB) is None
    assert shelf.names("") == ["a"]


def test_an_open_trace_outlives_its_place_on_the_shelf(tmp_path):
    shelf = Shelf(tmp_path, 15 * KB)
    first = put(shelf, "a")
    put(shelf, "b")
    assert shelf.names("") == ["b"]
    assert int(first["page"].sum()) == 0


def test_who_comes_second_gets_what_is_there(tmp_path):
    shelf = Shelf(tmp_path, 1e9)
    put(shelf, "a", 10 * KB)
    assert len(put(shelf, "a", 20 * KB)) == 10 * KB // 4
    assert list((tmp_path / "unfinished").iterdir()) == []


def test_a_damaged_trace_is_replaced(tmp_path):
    shelf = Shelf(tmp_path, 1e9)
    put(shelf, "a")
    os.truncate(tmp_path / "whole" / "a" / "page.npy", 500)
    assert shelf.get("a") is None
    assert len(put(shelf, "a")) == 10 * KB // 4


def test_what_a_dead_process_left_is_removed_in_time(tmp_path):
    shelf = Shelf(tmp_path, 1e9)
    for name, age_s in (("old", 7200), ("new", 60)):
        left = tmp_path / "unfinished" / name
        left.mkdir(parents=True)
        (left / "page.npy").touch()
        for path in (left / "page.npy", left):
            os.utime(path, (time.time() - age_s,) * 2)
    put(shelf, "a")
    assert [left.name for left in (tmp_path / "unfinished").iterdir()] == ["new"]
