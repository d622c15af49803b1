"""`augsim export DOMAIN --to ENGINE -o DIR`, as a user calls it."""

import json

import pytest

from tests.cli.command import augsim

TRACE = ("--trace", "workload:zipf,n_requests=1200,n_pages=40", "--set", "capacity=8", "--rows", 300)


@pytest.fixture
def say(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *words: augsim(capsys, monkeypatch, "export", *words)


def test_a_folder_is_written_and_the_command_that_runs_it_is_told(say, tmp_path):
    said = say("paging", "--to", "gepa", "-o", "folder", *TRACE, "--model", "m", "--api-base", "http://127.0.0.1:9/v1")
    assert (said.code, said.out) == (0, "")
    assert said.err.endswith("augsim: 6 files in folder; run there: python run_gepa.py --max-metric-calls 200\n")
    told = json.loads((tmp_path / "folder" / "gepa.json").read_text())
    assert (told["model"], told["api_base"]) == ("m", "http://127.0.0.1:9/v1")
    described = json.loads((tmp_path / "folder" / "domain.json").read_text())
    assert {tuple(map(tuple, each["setting"])) for each in described["train"]} == {(("capacity", 8),)}
    assert all(each["stop"] - each["start"] <= 300 for each in described["train"])


def test_the_same_call_writes_the_same_files(say, tmp_path):
    for name in ("a", "b"):
        assert say("paging", "--to", "shinka", "-o", name, *TRACE).code == 0
    a, b = (sorted((tmp_path / name).iterdir()) for name in ("a", "b"))
    assert [path.name for path in a] == [path.name for path in b]
    for mine, theirs in zip(a, b, strict=True):
        assert mine.read_text().replace(str(tmp_path / "a"), "") == theirs.read_text().replace(str(tmp_path / "b"), "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("paging", "--to", "gepa3", "-o", "x"), 'no engine named "gepa3"; did you mean "gepa"?'),
        (("pagin", "--to", "gepa", "-o", "x"), 'no domain named "pagin"; did you mean "paging"?'),
        (
            ("paging", "--to", "gepa", "-o", "full"),
            "full is not empty; name another folder, or --force to write into it",
        ),
        (
            ("paging", "--to", "gepa", "-o", "x", "--set", "capacity"),
            '--set "capacity" is no setting; expected KEY=VALUE',
        ),
        (
            ("paging", "--to", "gepa", "-o", "x", "--set", "capacity=8", "--set", "capacity=9"),
            "--set names capacity twice, as 8 and as 9; give one of them",
        ),
        (("paging", "--to", "gepa", "-o", ""), '--output must name a folder, got ""'),
        (
            ("paging", "--to", "gepa", "-o", "x", "--api-base", "nonsense"),
            '"nonsense" is no address of an endpoint; expected e.g. http://',
        ),
        (("paging", "--to", "gepa", "-o", "x", "--api-base", "ftp://x/v1"), '"ftp://x/v1" is no address'),
        (("paging", "--to", "gepa", "-o", "x", "--trace", "nowhere.csv"), "nowhere.csv"),
        (
            ("paging", "--to", "gepa", "-o", "x", "--rows", "3"),
            '--rows must be a whole number of at least 100, got "3"',
        ),
    ],
)
def test_wrong_use_gets_one_line_and_exit_code_2(say, tmp_path, words, expected):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    said = say(*words)
    assert (said.code, said.out) == (2, "")
    assert expected in said.err
    assert said.err.count("\n") == 1
    assert not (tmp_path / "x").exists()
