from __future__ import annotations

import inspect
import sys

import pytest

from sim.core.errors import InputError
from sim.study import userfile


def written(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder / f"{next(iter(files))}.py"


def test_files_in_two_folders_import_each_its_own_module_of_one_name(tmp_path):
    ones = written(tmp_path / "a", mine="from rules import WHICH", rules="WHICH = 'a'")
    twos = written(tmp_path / "b", mine="from rules import WHICH", rules="WHICH = 'b'")
    assert [userfile.load(path).WHICH for path in (ones, twos, ones)] == ["a", "b", "a"]


def test_an_edited_module_beside_a_file_is_met_as_it_is_now(tmp_path):
    path = written(tmp_path, mine="from rules import WHICH", rules="WHICH = 'old'")
    assert userfile.load(path).WHICH == "old"
    written(tmp_path, rules="WHICH = 'new'")
    assert userfile.load(path).WHICH == "new"


def test_the_source_of_what_was_loaded_is_not_that_of_a_later_edit(tmp_path):
    def source():
        return inspect.getsource(userfile.load(path).which)

    path = written(tmp_path, mine="def which():\n    return 'old'\n")
    old = userfile.load(path).which
    written(tmp_path, mine="# edited\ndef which():\n    return 'new, and longer'\n")
    assert inspect.getsource(old) == "def which():\n    return 'old'\n"
    assert source() == "def which():\n    return 'new, and longer'\n"
    written(tmp_path, mine="def which():\n    return 'old'\n")
    assert source() == "def which():\n    return 'old'\n"


def test_a_file_is_loaded_once_as_long_as_nothing_changed(tmp_path):
    path = written(tmp_path, mine="import rules", rules="")
    assert userfile.load(path) is userfile.load(path)


def test_a_package_beside_a_file_is_its_own_too_with_all_its_modules(tmp_path):
    for folder in "ab":
        path = written(tmp_path / folder, mine="from kit.inner import WHICH")
        written(tmp_path / folder / "kit", __init__="", inner=f"WHICH = '{folder}'")
        assert vars(userfile.load(path)).items() >= {("WHICH", folder)}


def test_a_file_that_fails_leaves_nothing_behind(tmp_path):
    path = written(tmp_path, mine="import rules\n1 / 0", rules="")
    before = set(sys.modules)
    with pytest.raises(InputError, match=r"mine\.py fails when loaded: ZeroDivisionError"):
        userfile.load(path)
    assert set(sys.modules) - before == set()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"x = 1\ny = \x00\n", "mine.py, line 2: a NUL byte; expected Python in UTF-8"),
        (b"x = 1\n\n# caf\xe9\n", "mine.py, line 3: byte 0xe9 is not utf-8; save it as UTF-8"),
        (b"# coding: ascii\nx = '\xc3\xa9'\n", "mine.py, line 2: byte 0xc3 is not ascii; save it as UTF-8"),
        (b"# coding: martian\n", "mine.py: unknown encoding: martian"),
    ],
)
def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path, data, expected):
    (tmp_path / "mine.py").write_bytes(data)
    with pytest.raises(InputError) as caught:
        userfile.load(tmp_path / "mine.py")
    assert str(caught.value).endswith(expected)


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfx = '\xc3\xa9'\r\n", b"# coding: latin-1\nx = '\xe9'\n"])
def test_a_file_is_read_in_the_encoding_that_it_names(tmp_path, data):
    (tmp_path / "mine.py").write_bytes(data)
    assert userfile.load(tmp_path / "mine.py").x == "é"


def test_modules_from_elsewhere_stay_where_they_are(tmp_path):
    path = written(tmp_path, mine="import colorsys, rules", rules="")
    userfile.load(path)
    userfile.load(written(tmp_path, other="x = 1"))
    assert "colorsys" in sys.modules
