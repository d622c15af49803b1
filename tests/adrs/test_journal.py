"""A journal keeps what was found out, whenever the process that wrote it was killed, and takes nothing from another search."""

import json
import os
from unittest import mock

import pytest

from sim.adrs.journal import LOCK, Journal, alone
from sim.core.errors import InputError

ABOUT = {"budget": 3, "traces": ("a", "b")}


def written(path, **answers):
    journal = Journal(path, ABOUT)
    for question, answer in answers.items():
        journal.keep(question, answer)
    journal.flush()
    return journal


def test_answers_are_found_by_the_next_one_to_ask(tmp_path):
    path = tmp_path / "journal"
    first = written(path, one={"values": {"x": 0.1 + 0.2}}, two=[])
    again = Journal(path, ABOUT)
    assert (first.n_found, again.n_found) == (0, 2)
    assert again.get("one") == {"values": {"x": 0.30000000000000004}} and again.get("two") == []
    assert again.get("three") is None


def test_what_is_not_flushed_is_known_and_not_on_disk(tmp_path):
    journal = written(tmp_path / "journal", one=1)
    journal.keep("two", 2)
    assert journal.get("two") == 2
    assert Journal(tmp_path / "journal", ABOUT).get("two") is None
    journal.flush()
    assert Journal(tmp_path / "journal", ABOUT).get("two") == 2


def test_without_a_path_nothing_is_kept():
    journal = Journal(None, ABOUT)
    journal.keep("one", 1)
    journal.flush()
    assert journal.get("one") == 1 and journal.n_found == 0


def test_a_process_killed_at_any_byte_leaves_a_journal_that_goes_on(tmp_path):
    path = tmp_path / "journal"
    written(path, one=1, two="é")
    whole = path.read_bytes()
    for n in range(len(whole) + 1):
        path.write_bytes(whole[:n])
        journal = Journal(path, ABOUT)
        assert journal.n_found == max(0, whole[:n].count(b"\n") - 1)
        for question, answer in (("one", 1), ("two", "é")):
            if journal.get(question) is None:
                journal.keep(question, answer)
        journal.flush()
        assert path.read_bytes() == whole


@pytest.mark.parametrize("about", [{**ABOUT, "budget": 4}, {**ABOUT, "traces": ("a",)}, {}])
def test_the_journal_of_another_search_is_refused_and_left_as_it_is(tmp_path, about):
    path = tmp_path / "journal"
    written(path, one=1)
    before = path.read_bytes()
    with pytest.raises(
        InputError, match=r"holds a search with other options, traces or code; give another folder with -o"
    ):
        Journal(path, about)
    assert path.read_bytes() == before


@pytest.mark.parametrize("line", ["", "?", "[]", "7", '{"question": "q"}', '{"answer": 1}', '{"question": "q", "ans'])
def test_a_line_damaged_in_the_middle_is_told_by_its_number(tmp_path, line):
    path = tmp_path / "journal"
    written(path, one=1, two=2)
    head, _, last = path.read_text().splitlines()
    path.write_text(f"{head}\n{line}\n{last}\n")
    with pytest.raises(
        InputError, match=r"journal, line 2: this is no journal of a search, or a damaged one; give another"
    ):
        Journal(path, ABOUT)


@pytest.mark.parametrize("text", ["my notes\n", "my notes", "[1]\n", '{"a": 1}\n'])
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(tmp_path, text):
    path = tmp_path / "journal"
    path.write_text(text)
    with pytest.raises(InputError, match=r"journal, line 1: this is no journal"):
        Journal(path, ABOUT)
    assert path.read_text() == text


def test_before_the_first_answers_there_is_no_file(tmp_path):
    path = tmp_path / "journal"
    journal = Journal(path, ABOUT)
    assert not path.exists()
    journal.keep("one", 1)
    journal.flush()
    assert Journal(path, ABOUT).get("one") == 1


def test_a_new_folder_in_which_nothing_was_written_is_gone_again(tmp_path):
    with alone(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b" / LOCK).is_file()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_was_there_or_has_something_in_it_stays_without_its_lock(tmp_path):
    (tmp_path / "there").mkdir()
    with alone(tmp_path / "there"):
        pass
    with alone(tmp_path / "new"):
        (tmp_path / "new" / "journal").write_text("")
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        "new",
        "new/journal",
        "there",
    ]


def test_a_lock_that_its_holder_has_removed_keeps_nobody_out_and_lets_no_two_in(tmp_path):
    """A process that opened the file while another one held it, and locks it once that one has gone."""
    late = None

    def opened(path, *how):
        nonlocal late
        if late is None:
            late = before(path, *how)
            (tmp_path / LOCK).unlink()  # as its holder does
            return late
        return before(path, *how)

    before = os.open
    with mock.patch("os.open", opened), alone(tmp_path):
        assert (tmp_path / LOCK).read_text() == str(os.getpid())
        with pytest.raises(InputError, match="another search"), alone(tmp_path):
            pass


def test_a_journal_says_what_search_it_is_of(tmp_path):
    written(tmp_path / "journal")
    (head,) = (tmp_path / "journal").read_text().splitlines()
    assert json.loads(head)["about"] == {"budget": 3, "traces": ["a", "b"]}
