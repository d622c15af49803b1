"""A policy that the user wrote a minute ago: compiled as those of the library are, ranked beside them, drawn."""

import json
import re

import matplotlib.image
import pandas as pd
import pytest

from tests.cli.command import augsim

MINE = '''\
from sim.core.structures import LinkedList
from sim.domains import paging


class Mine(paging.Policy):
    """Evicts the page requested longest ago."""

    def begin(self, setting, rng):
        self.order = LinkedList(setting.n_pages)

    def hit(self, request):
        self.order.move_to_front(request.page)

    def admit(self, request):
        self.order.push_front(request.page)

    def evict(self, request):
        return self.order.pop_back()
'''

SORTED = '''\
from sim.domains import paging


class Sorted(paging.Policy):
    """Evicts the page requested longest ago, found the slow way."""

    def begin(self, setting, rng):
        self.last = {}

    def hit(self, request):
        self.last[request.page] = request.index

    def admit(self, request):
        self.last[request.page] = request.index

    def evict(self, request):
        victim = sorted(self.last, key=lambda page: self.last[page])[0]
        del self.last[victim]
        return victim
'''

TRACE = ("replay", "paging", "workload:zipf,n_requests=3000,n_pages=200", "--capacity", "20")


@pytest.fixture
def say(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "sorted.py").write_text(SORTED)
    return lambda *words: augsim(capsys, monkeypatch, *TRACE, *words)


def test_a_file_of_twenty_lines_is_compiled_and_does_what_it_imitates(say):
    assert len(MINE.splitlines()) <= 20
    said = say("-p", "lru", "-p", "./mine.py", "--json", "--no-reference")
    assert (said.code, said.err) == (0, "")
    lru, mine = json.loads(said.out)
    assert (mine["policy"], mine["engine"], lru["engine"]) == ("./mine.py", "compiled", "compiled")
    told = ("requests", "misses", "evictions", "miss_ratio", "ratio_to_opt")
    assert [mine[key] for key in told] == [lru[key] for key in told]


def test_it_ranks_beside_the_others_under_its_files_name(say):
    said = say("-p", "lru", "-p", "mine.py", "-p", "fifo", "--mode", "interpreted")
    assert said.code == 0
    ranked = [line.split()[0] for line in said.out.splitlines()[4:8]]
    assert ranked == ["belady", "lru", "mine", "fifo"]


def test_what_cannot_be_compiled_runs_interpreted_and_says_which_line_it_was(say):
    said = say("-p", "sorted.py", "-p", "mine.py", "--json", "--no-reference")
    slow, mine = json.loads(said.out)
    assert (said.code, slow["engine"], mine["engine"]) == (0, "interpreted", "compiled")
    assert slow["misses"] == mine["misses"]
    assert said.err.count("\n") == 1
    line = re.fullmatch(r"augsim: Sorted runs interpreted: (.*\bline (\d+)\b.*)\n", said.err)
    assert line is not None, said.err
    assert SORTED.splitlines()[int(line[2]) - 1].strip() in ("self.last = {}", "def begin(self, setting, rng):")


def test_an_edit_is_run_and_never_the_old_file(say, tmp_path):
    def misses():
        (row,) = json.loads(say("-p", "mine.py", "--json", "--no-reference", "--mode", "interpreted").out)
        return row["misses"]

    before = misses()
    (tmp_path / "mine.py").write_text(MINE.replace("pop_back", "pop_front"))
    assert misses() > before
    (tmp_path / "mine.py").write_text(MINE)
    assert misses() == before


def test_it_may_import_what_lies_beside_it(say, tmp_path):
    (tmp_path / "numbers_of_mine.py").write_text("LEAST = 3\n")
    (tmp_path / "mine.py").write_text("from numbers_of_mine import LEAST\n" + MINE + "\n    least = LEAST\n")
    assert say("-p", "mine.py", "--mode", "interpreted", "--no-reference").code == 0


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_figure_is_written_with_its_table(say, tmp_path, ending, start):
    words = ("-p", "lru", "-p", "mine.py", "-p", "random", "--seeds", "2", "--seed", "3", "--mode", "interpreted")
    said = say(*words, "--figure", f"drawn.{ending}")
    assert said.code == 0 and f"figure written to drawn.{ending}, its table to drawn.csv" in said.err
    figure = tmp_path / f"drawn.{ending}"
    assert figure.read_bytes().startswith(start)
    table = pd.read_csv(tmp_path / "drawn.csv")
    assert sorted(set(table["label"])) == ["belady", "lru", "mine", "random"]
    assert sorted(set(table["seed"])) == [3, 4]
    if ending == "png":
        assert matplotlib.image.imread(figure).std() > 0.01
    if ending != "pdf":
        assert b"augsim replay paging" in figure.read_bytes()


def test_equal_runs_draw_equal_figures(say, tmp_path):
    def drawn():
        assert say("-p", "lru", "--mode", "interpreted", "--figure", "a.svg").code == 0
        return (tmp_path / "a.svg").read_bytes()

    assert drawn() == drawn()
