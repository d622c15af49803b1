"""What comes from outside and is wrong: one line that says what came, what was expected, where, and the cure; exit code 2."""

import os
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.command import augsim, spawned
from tests.traces.files import oracle_general

POLICY = '''\
from sim.domains import paging


class Mine(paging.Policy):
    """Evicts the page that was requested last."""

    def begin(self, setting, rng):
        self.last = -1

    def hit(self, request):
        self.last = request.page

    def admit(self, request):
        self.last = request.page

    def evict(self, request):
        return self.last
'''

FILES = {
    "good.csv": "time,id,size\n1,10,100\n2,20,200\n3,10,100\n4,30,300\n5,20,200\n",
    "text.csv": "time,id,size\n1,10,100\n2,20,large\n",
    "negative.csv": "time,id,size\n1,10,100\n2,20,-3\n",
    "ttl.csv": "id,ttl\n10,5\n20,5\n10,5\n",
    "good.txt": "1\n2\n3\n1\n2\n",
    "empty.txt": "",
    "trace.docx": "1\n2\n",
    "mine.py": POLICY,
    "syntax.py": POLICY.replace("begin(self, setting, rng)", "begin(self setting, rng)"),
    "none.py": "answer = 42\n",
    "no_evict.py": POLICY.replace("def evict", "def evicts"),
    "two.py": POLICY + POLICY.replace("class Mine", "class Other").partition("paging\n")[2],
    "loads.py": "import no_such_module\n" + POLICY,
    "raises.py": POLICY.replace("return self.last", "return self.last + 1 // (request.index - request.index)"),
    "illegal.py": POLICY.replace("return self.last", "return 2"),
}

TRACE = ("good.txt", "--capacity", "2")
LRU = ("-p", "lru")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "short.oracleGeneral").write_bytes(oracle_general([1, 2, 3])[:-5])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def say(capsys, monkeypatch, folder):
    return lambda *words: augsim(capsys, monkeypatch, *words)


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # the trace
        (("no.csv", "--capacity", "2", *LRU), "no trace file no.csv"),
        (
            ("", "--capacity", "2", *LRU),
            "no trace is named; expected a file, -, sample:NAME or workload:NAME,key=value",
        ),
        (("empty.txt", "--capacity", "2", *LRU), "empty.txt is empty; expected a trace"),
        ((".", "--capacity", "2", *LRU), ". is a folder; expected a trace file"),
        (
            ("good.csv", "--capacity", "2", *LRU, "-t", "page-column=url"),
            'good.csv has 3 columns, in line 1: 1 "time", 2 "id", 3 "size" (guessed: delimiter ",", a header); '
            "page_column must be a number or a name of one of these, got url",
        ),
        (
            ("text.csv", "--capacity", "2", *LRU),
            'text.csv, line 3: size is "large"; expected an integer of at least 0',
        ),
        (
            ("negative.csv", "--capacity", "2", *LRU),
            'negative.csv, line 3: size is "-3"; expected an integer of at least 0',
        ),
        (
            ("short.oracleGeneral", "--capacity", "2", *LRU),
            "short.oracleGeneral, record 3: 19 left-over bytes, a record has 24; the file is cut short",
        ),
        (("trace.docx", "--capacity", "2", *LRU), "the format of trace.docx is not known by its ending"),
        ((*TRACE, *LRU, "--format", "txtt"), 'no trace format named "txtt"; did you mean "txt"?'),
        ((*TRACE, *LRU, "-t", "speed=1"), 'no option of format txt named "speed"'),
        ((*TRACE, *LRU, "-t", "speed"), '-t "speed" is no reader option; expected key=value, e.g. -t page-column=3'),
        ((*TRACE, *LRU, "-n", "0"), '-n must be a whole number of at least 1, got "0"'),
        (("sample:sorted", "--capacity", "2", *LRU), 'no paging sample named "sorted"; did you mean "sort"?'),
        (
            ("sample:sort", "--capacity", "2", *LRU, "-t", "page-column=2"),
            "sample:sort is read as it is: reader options (page_column) do not apply",
        ),
        (("workload:zipff", "--capacity", "2", *LRU), 'no paging workload named "zipff"; did you mean "zipf"?'),
        (
            ("workload:zipf,alfa=1", "--capacity", "2", *LRU),
            'no parameter of zipf named "alfa"; did you mean "alpha"?',
        ),
        (
            ("workload:zipf", "--capacity", "2", *LRU, "--format", "csv"),
            "workload:zipf is invented: reader options (format) do not apply",
        ),
        (("workload:mixture,of=[zipf", "--capacity", "2", *LRU), 'brackets do not match in "of=[zipf"'),
        # the setting
        (("good.txt", *LRU), "Missing option '--capacity'"),
        (("good.txt", "--capacity", "0", *LRU), "capacity must be at least 1 page, got 0"),
        (("good.txt", "--capacity", "-3", *LRU), "capacity must be at least 1 page, got -3"),
        (("good.txt", "--capacity", "0.1", *LRU), "capacity must be at least 1 page, got 0.1; a share is written 10%"),
        (("good.txt", "--capacity", "2.5", *LRU), "capacity must be a whole number of pages, got 2.5"),
        (("good.txt", "--capacity", f"{10**19}", *LRU), "capacity must be below 2^63 pages, got 10000000000000000000"),
        (
            ("good.txt", "--capacity", f"{2**63 + 1}", *LRU),
            "capacity must be below 2^63 pages, got 9223372036854775809",
        ),
        ((*TRACE, *LRU, "--json", "--csv"), "--json and --csv exclude each other; give one of them"),
        (("good.txt", "--capacity", "0%", *LRU), "capacity must be above 0%, got 0%"),
        (
            ("good.txt", "--capacity", "much", *LRU),
            'capacity "much" is not understood; expected pages (1000), bytes (64mb), a share (10%) or auto',
        ),
        (
            ("good.txt", "--capacity", "1kb", *LRU),
            "trace good.txt has no sizes (column size_bytes); give the capacity in pages, without a unit",
        ),
        ((*TRACE, *LRU, "--warmup", "soon"), 'warmup "soon" is not understood'),
        ((*TRACE, *LRU, "--warmup", "5"), "warmup of 5 requests leaves nothing of the 5 of trace good.txt"),
        ((*TRACE, *LRU, "--seed", "one"), '--seed must be a whole number of at least 0, got "one"'),
        ((*TRACE, *LRU, "--seed", "-1"), '--seed must be a whole number of at least 0, got "-1"'),
        ((*TRACE, *LRU, "--seeds", "0"), '--seeds must be a whole number of at least 1, got "0"'),
        ((*TRACE, *LRU, "--capasity", "2"), "No such option '--capasity'. Did you mean '--capacity'?"),
        ((*TRACE, *LRU, "--figure", "a.gif"), "a.gif: a figure's ending is one of .png, .pdf, .svg"),
        ((*TRACE, *LRU, "--figure", "no/a.png"), "no/a.png cannot be written: there is no folder"),
        (
            ("good.csv", "--capacity", "2", *LRU, "--figure", "good.png"),
            "good.csv is the trace that is read; give another name",
        ),
        (
            (*TRACE, *LRU, "--figure", "ttl.png"),
            "ttl.csv is there already, and the figure's table would replace it; give another name",
        ),
        # the policy
        (TRACE, "Missing option '-p' / '--policy'"),
        ((*TRACE, "-p", "lruu"), 'no paging policy named "lruu"; did you mean "lru"? (augsim list paging shows all '),
        ((*TRACE, "-p", "lru,k=2"), 'no parameter of lru named "k" (parameters: none)'),
        ((*TRACE, "-p", "s3fifo,small=0.1"), 'no parameter of s3fifo named "small"; did you mean "small_share"?'),
        ((*TRACE, "-p", "clock,n_bits=x"), 'parameter n_bits of clock must be an integer, got "x"'),
        ((*TRACE, "-p", "clock,n_bits"), '"n_bits" in "clock,n_bits" is no parameter; expected key=value'),
        ((*TRACE, "-p", "combiner,of=[lru;markr]"), 'no paging policy named "markr"; did you mean "marker"?'),
        ((*TRACE, "-p", "missing.py"), "no policy file missing.py"),
        ((*TRACE, "-p", "./good.txt"), "./good.txt defines no policy"),
        ((*TRACE, "-p", "./"), "policy file . cannot be read: Is a directory"),
        ((*TRACE, "-p", "syntax.py"), "syntax.py, line 7: "),
        ((*TRACE, "-p", "none.py"), "none.py defines no policy; expected one class derived from sim.domains.paging"),
        ((*TRACE, "-p", "no_evict.py"), "Mine in no_evict.py does not define evict"),
        ((*TRACE, "-p", "two.py"), "two.py defines several policies (Mine, Other); one public class per file"),
        ((*TRACE, "-p", "loads.py"), "policy file loads.py fails when loaded: ModuleNotFoundError: No module named"),
        (
            (*TRACE, "-p", "raises.py", "--mode", "interpreted"),
            "Mine raised ZeroDivisionError at request 2: integer division or modulo by zero",
        ),
        (
            ("ttl.csv", "--capacity", "1", "-p", "mine.py", "--mode", "interpreted"),
            "trace ttl.csv removes pages (TTL or deletes) and Mine cannot forget: it has no verb forget(page); "
            "--no-ttl ignores removals",
        ),
        # the predictions
        ((*TRACE, "-p", "mark0"), "Mark0 needs predictions of channel discard_bit: give --predict discard"),
        ((*TRACE, "-p", "mark0", "--predict", "discart"), 'no predictor named "discart"; did you mean "discard"?'),
        ((*TRACE, *LRU, "--predict", "discard:flop=1"), 'no parameter of discard named "flop"; did you mean "flip"?'),
        ((*TRACE, "-p", "mark0", "--predict", "discard:flip=2"), "discard: flip must be between 0 and 1, got 2"),
    ],
)
def test_a_replay_of_bad_input_is_one_line_and_nothing_is_written(say, folder, words, expected):
    before = listing(folder)
    said = say("replay", "paging", *words)
    lines = [line for line in said.err.splitlines() if not line.startswith("augsim: guessed:")]
    assert (said.code, said.out, len(lines)) == (2, "", 1)
    assert lines[0].startswith(f"augsim: {expected}")
    assert listing(folder) == before


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("replai",), 'no command named "replai"; did you mean "replay"? (commands: list, replay, '),
        (("replay", "pagin", *TRACE, *LRU), 'no domain named "pagin"; did you mean "paging"?'),
        (("replay", "paging"), "Missing argument 'TRACE' (augsim replay paging --help shows the usage)"),
        (("list", "pagging"), 'no domain named "pagging"; did you mean "paging"?'),
        (("list", "--jsn"), "No such option '--jsn'. Did you mean '--json'?"),
    ],
)
def test_wrong_usage_is_one_line(say, words, expected):
    said = say(*words)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith(f"augsim: {expected}")


@pytest.mark.parametrize("words", [(), ("replay",), ("trace",)])
def test_a_command_without_words_shows_its_help(say, words):
    said = say(*words)
    assert said.code == 2
    assert (said.out + said.err).startswith("Usage: augsim") and "\nCommands:\n" in said.out + said.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("good.txt",), "trace good.txt has no times (column time_s); --interval-s 0.001 lets requests arrive a milli"),
        (("good.csv", "--latency-s", "-1"), "latency_s"),
        (("good.csv", "--latency-s", "often"), "latency_s"),
        (("good.csv", "--origin-slots", "-1"), "origin_slots must be at least 1, or 0 for any number, got -1"),
        (("good.csv", "--origin-slots", "few"), 'origin_slots "few" is not understood; expected a whole number (8)'),
        (("good.csv", "--interval-s", "soon"), 'interval_s "soon" is not understood; expected seconds (0.001)'),
        (("good.csv", "--interval-s", "-1"), "interval_s must be at least 0 seconds, got -1"),
    ],
)
def test_the_timed_system_refuses_likewise(say, words, expected):
    said = say("replay", "paging/timed", *words, "--capacity", "2", *LRU)
    lines = [line for line in said.err.splitlines() if not line.startswith("augsim: guessed:")]
    assert (said.code, said.out, len(lines)) == (2, "", 1)
    assert lines[0].startswith(f"augsim: {expected}")


def test_a_file_that_may_not_be_read_is_one_line(say, folder):
    for name, words in (("good.txt", LRU), ("mine.py", ("-p", "mine.py"))):
        (folder / name).chmod(0)
        if os.access(folder / name, os.R_OK):
            pytest.skip("this user may read everything")
        said = say("replay", "paging", "good.txt", "--capacity", "2", *words)
        (folder / name).chmod(stat.S_IRUSR)
        assert (said.code, said.out) == (2, "")
        assert said.err.endswith(f" {name} cannot be read: Permission denied\n") and said.err.count("\n") == 1


def test_one_bad_policy_does_not_sink_the_others(say):
    said = say("replay", "paging", *TRACE, "-p", "mark0", *LRU, "-p", "raises.py", "--mode", "interpreted", "--csv")
    assert said.code == 2 and len(said.err.splitlines()) == 2
    assert [line.split(",")[1] for line in said.out.splitlines()] == ["policy", "lru", "belady"]


def test_an_illegal_decision_names_policy_request_and_decision_and_is_exit_code_1(say):
    said = say("replay", "paging", *TRACE, "-p", "illegal.py", "--mode", "interpreted")
    assert (said.code, said.out) == (1, "")
    assert said.err == "augsim: Mine evicted page 2 at request 2, but page 2 is not in the cache\n"


@pytest.mark.parametrize("mode", ["interpreted", "auto"])
def test_debug_shows_the_line_of_the_policy_that_raised(say, folder, mode):
    said = say("replay", "paging", *TRACE, "-p", "raises.py", "--debug", "--mode", mode)
    assert said.code == 2
    assert said.err.count("Traceback (most recent call last):") == 1
    assert "return self.last + 1 // (request.index - request.index)" in said.err
    assert said.err.splitlines()[-1].startswith("augsim: Mine raised ZeroDivisionError at request 2: ")


def test_debug_shows_where_bad_input_was_found(say):
    said = say("replay", "paging", "text.csv", "--capacity", "2", *LRU, "--debug")
    assert said.code == 2
    assert "Traceback" in said.err and 'line 3: size is "large"' in said.err.splitlines()[-1]


def test_without_debug_a_real_process_prints_one_line(folder):
    said = spawned("replay", "paging", folder / "negative.csv", "--capacity", "2", *LRU)
    assert (said.code, said.out) == (2, "")
    assert said.err == f'augsim: {folder}/negative.csv, line 3: size is "-3"; expected an integer of at least 0\n'


SLEEPS = """\
import time
from pathlib import Path

from sim.domains import paging


class Sleeps(paging.Policy):
    def evict(self, request):
        Path(__file__).with_suffix(".began").touch()
        time.sleep(600)
"""


def test_ctrl_c_prints_what_is_done(folder):
    (folder / "sleeps.py").write_text(SLEEPS)
    words = ("replay", "paging", "good.txt", "--capacity", "2", *LRU, "-p", "sleeps.py", "--csv", "--mode")
    running = subprocess.Popen(
        [sys.executable, "-m", "sim.cli.main", *words, "interpreted"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        for _ in range(600):
            if (folder / "sleeps.began").exists():
                break
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    finally:
        running.kill()
    assert running.returncode == 2
    assert [line.split(",")[1] for line in out.splitlines()] == ["policy", "lru"]
    assert err == "augsim: interrupted in sleeps.py; 1 of 3 runs are done\n"


ENDLESS = """\
from pathlib import Path

from sim.domains import paging


class Endless(paging.Policy):
    def begin(self, setting, rng):
        with Path(__file__).with_suffix(".begun").open("a") as file:
            file.write("x")
        self.last = 0

    def admit(self, request):
        self.last = request.page

    def evict(self, request):
        while request.index > 3000:
            pass
        return self.last
"""


@pytest.mark.slow
def test_a_second_ctrl_c_ends_machine_code_that_does_not_end(folder):
    """The third beginning is that of the compiled run, after those on which both forms are held against each other."""
    (folder / "endless.py").write_text(ENDLESS)
    (folder / "long.txt").write_text("".join(f"{i % 7}\n" for i in range(5000)))
    running = subprocess.Popen(
        [sys.executable, "-m", "sim.cli.main", "replay", "paging", "long.txt", "--capacity", "2", "-p", "endless.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert running.stderr is not None
    try:
        begun = folder / "endless.begun"
        for _ in range(600):
            if begun.exists() and begun.stat().st_size == 3:
                break
            time.sleep(0.1)
        time.sleep(1)
        running.send_signal(signal.SIGINT)
        line = running.stderr.readline()
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    finally:
        running.kill()
    assert line == "augsim: interrupted, and not at an end yet; once more ends it as it is\n"
    assert (running.returncode, out) == (2, "")
    assert err == "augsim: interrupted in the midst of something that did not end\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_under_the_table_is_one_line(folder):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "sim.cli.main", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    assert (done.returncode, done.stderr) == (2, "augsim: output: No space left on device\n")


def test_a_full_disk_under_the_figure_is_one_line_and_leaves_nothing_behind(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    said = spawned(
        "replay", "paging", folder / "good.txt", "--capacity", "2", *LRU, "--mode", "interpreted",
        "--no-cache", "--no-reference", "--figure", out / "a.png",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )  # fmt: skip
    assert said.code == 2 and "lru" in said.out
    assert said.err == f"augsim: {out}/a.png cannot be written: File too large; nothing of it is kept\n"
    assert os.listdir(out) == []


def test_a_cache_folder_that_is_full_costs_no_result(folder):
    said = spawned(
        "replay", "paging", folder / "good.txt", "--capacity", "2", *LRU, "--mode", "interpreted", "--csv",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)),
    )  # fmt: skip
    assert said.code == 0 and "not kept on disk: File too large" in said.err
    assert [line.split(",")[1] for line in said.out.splitlines()] == ["policy", "lru", "belady"]


def test_a_reader_that_closes_the_pipe_early_is_no_error():
    command = f"{sys.executable} -m sim.cli.main list paging | head -n 1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
