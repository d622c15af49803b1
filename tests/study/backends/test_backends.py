"""Every back end: the same table, and a run that goes wrong is a row, whatever it takes with it."""

import multiprocessing
import os
import pickle
import signal
import threading
import time
from functools import partial

import pytest

from sim.core.errors import InputError
from sim.study.backends import dask, processes, serial
from sim.study.runs import Budget, run_planned
from tests.study.studies import ZIPF, same, sweep

LRU = "from policies.paging.lru import LRU\n\n\nclass Bad(LRU):\n    def begin(self, setting, rng):\n"
"""A policy of which the tests say how its run begins."""


def bad(tmp_path, *lines):
    path = tmp_path / "bad.py"
    path.write_text("import os, time\nimport numpy as np\n" + LRU + "".join(f"        {line}\n" for line in lines))
    return str(path)


def test_processes_give_the_table_of_the_serial_run_bit_for_bit():
    assert same(sweep().run(), sweep().run(backend=partial(processes.map, n_workers=2)))


def test_a_process_that_dies_once_is_begun_again(tmp_path):
    mark = tmp_path / "died"
    once = bad(
        tmp_path,
        f"if not os.path.exists({str(mark)!r}):",
        f"    open({str(mark)!r}, 'w').close()",
        "    os._exit(9)",
        "super().begin(setting, rng)",
    )
    axes = sweep(traces=(ZIPF,), policies=("lru", once), seeds=(0,), settings=({"capacity": (5,)},))
    table = axes.run(backend=partial(processes.map, n_workers=2))
    assert mark.exists()
    assert list(table["status"]) == ["done"] * 3
    assert table["misses"].iloc[0] == table["misses"].iloc[1]


def test_a_process_that_always_dies_is_a_row_and_the_others_are_done(tmp_path):
    axes = sweep(traces=(ZIPF,), policies=(bad(tmp_path, "os._exit(9)"), "lru"), settings=({"capacity": (5, 6)},))
    table = axes.run(backend=partial(processes.map, n_workers=2))
    failed = table[table["label"] == "bad"]
    assert set(failed["error"]) == {"its process died 3 times, last by exit code 9"}
    assert (table[table["label"] != "bad"]["status"] == "done").all()


def test_a_run_that_never_ends_is_killed_past_its_limit_and_is_a_row(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "GRACE_S", 0.2)
    stuck = bad(tmp_path, "time.sleep(1000)")
    axes = sweep(
        traces=(ZIPF,), policies=("lru", stuck), settings=({"capacity": (5,)},), seeds=(0,), budget=Budget(2.0)
    )
    began = time.monotonic()
    table = axes.run(backend=partial(processes.map, n_workers=1))
    assert time.monotonic() - began < 60
    row = table[table["label"] == "bad"].iloc[0]
    assert (row["status"], row["error"]) == ("timed out", "took more than 2 s")
    assert (table[table["label"] == "lru"]["status"] == "done").all()


def test_a_run_over_its_memory_is_a_row(tmp_path):
    greedy = bad(tmp_path, "np.ones(2**30)", "super().begin(setting, rng)")
    axes = sweep(
        traces=(ZIPF,),
        policies=("lru", greedy),
        settings=({"capacity": (5,)},),
        seeds=(0,),
        budget=Budget(memory_per_run_mb=1000),
    )
    table = axes.run(backend=partial(processes.map, n_workers=1))
    row = table[table["label"] == "bad"].iloc[0]
    assert (row["status"], row["error"]) == ("out of memory", "needs more memory than 1000 MiB")
    assert (table[table["label"] == "lru"]["status"] == "done").all()


def test_a_memory_limit_needs_processes():
    with pytest.raises(InputError, match="needs processes of their own: --backend processes"):
        list(serial.map(partial(run_planned), [], Budget(memory_per_run_mb=1)))


def test_two_workers_and_a_real_scheduler_give_the_table_of_the_serial_run_bit_for_bit():
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None, memory_limit=0
    ) as cluster:
        assert cluster.scheduler_address.startswith("tcp://127.0.0.1")
        table = sweep().run(backend=partial(dask.map, scheduler=cluster.scheduler_address))
        pids = set(cluster.scheduler.workers)
    assert len(pids) == 2
    assert same(table, sweep().run())


@pytest.mark.slow
@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_dask_worker_that_always_dies_is_a_row_and_the_others_are_done(tmp_path, n_workers):
    """With one worker there is a moment without any, and Dask itself never begins a run again that was meant for a dead one."""
    pytest.importorskip("distributed", reason="Dask is not installed")
    axes = sweep(
        traces=(ZIPF,), policies=("lru", bad(tmp_path, "os._exit(9)")), seeds=(0,), settings=({"capacity": (5,)},)
    )
    table = axes.run(backend=partial(dask.map, n_workers=n_workers)).set_index("label")
    assert table.loc["bad", "error"] == "its process died 3 times"
    assert table.loc[["lru", "belady"], "status"].tolist() == ["done", "done"]
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_a_dask_worker_killed_from_outside_is_replaced_and_its_run_done_again(tmp_path):
    pytest.importorskip("distributed", reason="Dask is not installed")
    mark = tmp_path / "began"
    slow = bad(
        tmp_path,
        f"is_first = not os.path.exists({str(mark)!r})",
        f"open({str(mark)!r}, 'a').write(f'{{os.getpid()}} ')",
        "time.sleep(60 if is_first else 0)",
        "super().begin(setting, rng)",
    )
    axes = sweep(traces=(ZIPF,), policies=("lru", slow), seeds=(0,), settings=({"capacity": (5,)},))
    killer = threading.Thread(target=kill_who_writes, args=(mark,))
    killer.start()
    table = axes.run(backend=partial(dask.map, n_workers=2))
    killer.join()
    assert len(set(mark.read_text().split())) == 2
    assert same(table, axes.run())


def kill_who_writes(path):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if path.exists() and (pids := path.read_text().split()):
            os.kill(int(pids[0]), signal.SIGKILL)
            return
        time.sleep(0.05)


@pytest.mark.slow
def test_a_scheduler_without_workers_is_said_and_so_is_one_that_goes_away(monkeypatch):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    monkeypatch.setattr(dask, "WORKERS_S", 1)
    with distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=None) as cluster:
        runs = partial(sweep().run, backend=partial(dask.map, scheduler=cluster.scheduler_address))
        with pytest.raises(InputError, match="has had no worker for 1 s; start some: dask worker tcp://127"):
            runs()
        monkeypatch.setattr(dask, "WORKERS_S", 60)
        threading.Timer(2, cluster.close).start()
        with pytest.raises(InputError, match=r"the Dask scheduler at tcp://127\S+ is gone; with another one"):
            runs()


def test_a_scheduler_that_does_not_answer_is_said(monkeypatch):
    pytest.importorskip("distributed", reason="Dask is not installed")
    monkeypatch.setattr(dask, "CONNECT_S", 1)
    with pytest.raises(InputError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 "):
        sweep().run(backend=partial(dask.map, scheduler="tcp://127.0.0.1:9"))


def test_traces_are_mapped_not_sent():
    """What goes to a worker is the plan of a run: some text."""
    planned = sweep().plan()
    assert max(len(pickle.dumps(run)) for run in planned) < 2000
