"""The store: what it keeps, and what it says when it cannot."""

import hashlib
import sqlite3

import pandas as pd
import pytest

from sim.core.errors import InputError
from sim.study.store import FILE, Store
from tests.study.studies import ZIPF, same, sweep

SMALL = sweep(traces=(ZIPF,), settings=({"capacity": (5,)},), seeds=(0,))


@pytest.fixture
def filled(tmp_path):
    with Store(tmp_path, command="augsim sweep x.toml", text="domain = 'paging'") as store:
        SMALL.run(store)
    return tmp_path


def test_what_was_run_where_and_how_is_kept(filled):
    with Store(filled) as store:
        about = store.about()
        assert about["command"] == "augsim sweep x.toml"
        assert about["text"] == "domain = 'paging'"
        assert about["system"] == "paging"
        assert {"host", "python", "numpy", "numba", "augsim"} <= set(about["machine"])


def test_the_hash_of_each_trace_file_is_kept_by_the_name_in_the_table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("page\n1\n2\n1\n")
    study = sweep(traces=(str(path), ZIPF), settings=({"capacity": (1,)},), seeds=(0,))
    with Store(tmp_path, command="augsim sweep x.toml") as store:
        store.begin(study, study.plan())
        assert store.about()["sha256"] == {"a.csv": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_the_timeline_of_each_run_is_kept(filled):
    with Store(filled) as store:
        for row, timeline in store.timelines():
            assert timeline["row"][-1] == row["requests"]
            assert timeline["misses"].sum() == row["misses"]


def test_exports_hold_the_same_table(filled):
    with Store(filled) as store:
        store.export(filled / "t.csv")
        store.export(filled / "t.parquet")
        assert same(pd.read_parquet(filled / "t.parquet"), store.frame())
        assert list(pd.read_csv(filled / "t.csv")["misses"]) == list(store.frame()["misses"])
        with pytest.raises(InputError, match=r"the ending must be \.csv or \.parquet"):
            store.export(filled / "t.xlsx")


def test_a_folder_without_results_says_how_to_make_them(tmp_path):
    with pytest.raises(InputError, match=r"has no results \(results\.sqlite\); augsim sweep STUDY\.toml -o"):
        Store(tmp_path)


def test_a_second_sweep_into_one_folder_is_refused(filled):
    with (
        Store(filled, command="first"),
        pytest.raises(InputError, match=r"another sweep \(process \d+\) is writing to"),
    ):
        Store(filled, command="second")
    Store(filled, command="third").close()


def test_a_reader_may_look_while_a_sweep_writes(filled):
    with Store(filled, command="writes") as writer, Store(filled) as reader:
        assert same(writer.frame(), reader.frame())


def test_a_store_of_another_version_is_refused_in_words(filled):
    with sqlite3.connect(filled / FILE) as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(InputError, match=r"is a store of version 99, and this tool reads version 1"):
        Store(filled)


def test_of_a_damaged_store_is_said_what_can_be_saved(filled):
    whole = (filled / FILE).read_bytes()
    (filled / FILE).write_bytes(whole[:4096] + b"\xff" * 4096 + whole[8192:])
    with pytest.raises(InputError) as said, Store(filled) as store:
        store.frame()
    assert "is damaged" in str(said.value)
    assert "rows of it could be read and are in" in str(said.value) or "no row of it can be read" in str(said.value)


def test_rows_on_both_sides_of_the_damage_are_saved(tmp_path):
    axes = sweep(
        traces=(ZIPF,), policies=("lru",), seeds=tuple(range(24)), settings=({"capacity": (5,)},), reference=False
    )
    with Store(tmp_path, command="augsim sweep", text="") as store:
        axes.run(store)
    connection = sqlite3.connect(tmp_path / FILE)
    ran = connection.execute("select key, json_extract(row, '$.seed') from runs order by key").fetchall()
    connection.close()
    whole = bytearray((tmp_path / FILE).read_bytes())
    start = whole.rindex(ran[len(ran) // 2][0].encode()) // 4096 * 4096  # it stands in the plan before
    whole[start : start + 4096] = b"\xff" * 4096
    (tmp_path / FILE).write_bytes(whole)
    with pytest.raises(InputError, match=r"rows of it could be read and are in .*salvaged\.csv"):
        Store(tmp_path)
    saved = set(pd.read_csv(tmp_path / "salvaged.csv")["seed"])
    assert {ran[0][1], ran[-1][1]} <= saved and len(saved) < len(ran)


def test_what_is_no_database_at_all_is_said(tmp_path):
    (tmp_path / FILE).write_text("not a database, though it has the name of one")
    with pytest.raises(InputError, match=r"is damaged \(file is not a database\); no row of it can be read"):
        Store(tmp_path)
