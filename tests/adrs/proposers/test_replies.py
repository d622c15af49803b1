import time

import pytest

from sim.adrs import allowlist
from sim.adrs.proposers import replies
from sim.adrs.proposers.replies import Unusable, check, content, edits, frame, program

WHOLE = "class A:\n    def evict(self, request):\n        return 1\n"
OTHER = WHOLE.replace("A", "B")
MARKED = f"import math\n\n{replies.START}\n{WHOLE}{replies.END}\nTAIL = 1\n"


def edit(old, new):
    return f"<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n"


def refused(text, base=None, reason="stop"):
    with pytest.raises(Unusable) as raised:
        program(text, reason, base)
    return str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        f"Here it is:\n```python\n{WHOLE}```\nGood luck.",
        f"~~~py\r\n{WHOLE}~~~".replace("\n", "\r\n").replace("\r\r", "\r"),
        f"````\n{WHOLE}````",
        f"An idea:\n```\nx = 1\n```\nThe old one:\n```python\n{OTHER}```\nNow:\n```python\n{WHOLE}```\nRun:\n```sh\nls\n```",
        f"<think>\n```python\n{OTHER}```\n</think>\n```python\n{WHOLE}```",
        f"I should ...\n```python\n{OTHER}```\n</think>{WHOLE}",
        f"<THINKING>a</THINKING><reasoning>b</reasoning>\n{WHOLE}",
    ],
)
def test_a_whole_file_is_found_among_words_fences_and_reasoning(text):
    assert program(text, "stop", None) == WHOLE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the reply is empty"),
        (" \n", "the reply is empty"),
        ("<think>what if", "the reply is empty"),
        (f"<think>what if\n```python\n{WHOLE}```", "the reply is empty"),
        ("I cannot do that.", "the reply holds no policy class; write a whole file, or SEARCH and REPLACE blocks"),
        ("```python\nx = 1\n```", "the reply holds no policy class"),
        (f"```python\n{WHOLE}", "a fenced block is not closed"),
        ("x" * (replies.MOST_CHARACTERS + 1), "the reply has 262,145 characters, at most 262,144 are read"),
        (edit("a\n", "b\n"), "the reply edits a program, and none was shown"),
    ],
)
def test_a_reply_without_a_program_is_refused(text, said):
    assert said in refused(text)


def test_a_reply_that_was_cut_is_refused_even_where_it_looks_whole():
    assert "was cut at its longest" in refused(f"```python\n{WHOLE}```", reason="length")


def test_edits_are_made_one_after_the_other():
    text = (
        "First:\n"
        + edit("        return 1\n", "        return 2\n")
        + "then\n"
        + edit("        return 2\n", "        x = 3\n        return x\n")
    )
    assert program(text, "stop", WHOLE) == WHOLE.replace("return 1", "x = 3\n        return x")


def test_an_edit_may_stand_in_a_fence_and_remove_lines():
    assert program(f"```\n{edit(WHOLE.splitlines(True)[2], '        pass' + chr(10))}```", "stop", WHOLE).endswith(
        "        pass\n"
    )
    assert program(edit("A = 1\n", ""), "stop", f"A = 1\n{WHOLE}") == WHOLE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            edit("return 1\n", "return 2\n"),
            'edit 1 searches for ("return 1" ...) is not in the program as it stands; repeat its lines exactly',
        ),
        (edit("        return  1\n", "        return 2\n"), "is not in the program as it stands"),
        (edit("        return 1 \n", "        return 2\n"), "is not in the program as it stands"),
        (edit("    pass\n", "    x = 1\n"), "is there 2 times; repeat more lines around it"),
        (edit("\n", "x = 1\n"), "edit 1 searches for nothing"),
        (edit("", "x = 1\n"), "edit 1 searches for nothing"),
        (edit("        return 1\n", "        return 2\n") * 2, "what edit 2 searches for"),
        (
            "<<<<<<< SEARCH\n        return 1\n=======\n",
            "the last edit is not whole; it lacks the line >>>>>>> REPLACE",
        ),
        ("<<<<<<< SEARCH\n        return 1\n", "the last edit is not whole; it lacks the line ======="),
        ("<<<<<<< SEARCH\n<<<<<<< SEARCH\n", "line 2 of the reply is <<<<<<< SEARCH, expected ======= first"),
        (
            edit("a\n", "b\n") + ">>>>>>> REPLACE\n",
            "line 6 of the reply is >>>>>>> REPLACE, expected <<<<<<< SEARCH first",
        ),
        ("<<<<<<< SEARCH a.py\n", "line 1 of the reply is <<<<<<< SEARCH a.py, expected <<<<<<< SEARCH first"),
        (edit("        return 1\n", "        return 2\n") * 65, "the reply has 65 edits, at most 64 are made"),
    ],
)
def test_an_edit_that_does_not_fit_one_place_exactly_is_refused(text, said):
    base = f"{WHOLE}\n\ndef f():\n    pass\n\n\ndef g():\n    pass\n"
    assert said in refused(text, base)


def test_lines_that_overlap_themselves_are_counted():
    assert "is there 2 times" in refused(edit("    x\n    x\n", "    y\n"), "    x\n    x\n    x\n")


def test_only_the_marked_region_can_be_edited_and_the_rest_is_put_back():
    changed = WHOLE.replace("return 1", "return 2")
    assert program(edit("        return 1\n", "        return 2\n"), "stop", MARKED) == MARKED.replace(WHOLE, changed)
    assert "is not in the program" in refused(edit("TAIL = 1\n", "TAIL = 2\n"), MARKED)
    assert "is not in the program" in refused(edit(f"{replies.END}\n", ""), MARKED)
    whole = MARKED.replace("import math", "import os").replace("TAIL = 1", "TAIL = 2").replace(WHOLE, changed)
    assert program(f"```python\n{whole}```", "stop", MARKED) == MARKED.replace(WHOLE, changed)


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        (WHOLE, "are missing; keep both"),
        (
            MARKED.replace(replies.END, ""),
            "1 lines # EVOLVE-BLOCK-START and 0 lines # EVOLVE-BLOCK-END; there must be one of each",
        ),
        (MARKED + MARKED, "2 lines # EVOLVE-BLOCK-START and 2 lines"),
        (f"{replies.END}\n{WHOLE}\n{replies.START}\n", "in this order"),
    ],
)
def test_a_whole_file_without_its_markers_is_refused(whole, said):
    assert said in refused(whole, MARKED)


def test_head_and_tail_are_kept_to_the_byte():
    framed = frame(MARKED)
    assert framed.head + framed.region + framed.tail == MARKED and framed.region == WHOLE
    assert frame(WHOLE) == ("", WHOLE, "") and not frame(WHOLE).is_marked


@pytest.mark.parametrize(
    ("response", "found"),
    [
        ({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}, ("a", "stop")),
        ({"choices": [{"message": {"content": None, "reasoning_content": "b"}}]}, ("", "")),
        (
            {"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"text": "b"}, {"text": None}, 3]}}]},
            ("ab", ""),
        ),
        ({"choices": [{"message": "x", "finish_reason": 3}]}, ("", "")),
        ({"choices": [{}]}, ("", "")),
    ],
)
def test_the_text_of_a_response_is_read_whatever_its_form(response, found):
    assert content(response) == found


@pytest.mark.parametrize("response", [{}, {"choices": []}, {"choices": "x"}, {"choices": [3]}, {"choices": None}])
def test_a_response_without_choices_is_refused(response):
    with pytest.raises(Unusable, match="has no choices"):
        content(response)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("class A\n    pass\n", "the program is no Python: line 1: expected ':' (class A)"),
        ("class A:\n    x = '\x00'\n", "the character U+0000, which does not show"),
        ("class A:\n    x = '\u202e'\n", "the character U+202E"),
        ("class A:\n    x\u200b = 1\n", "the character U+200B"),
        ("class A:\n    x = '\ud800'\n", "the character U+D800"),
        (f"x = {'(' * 10_000}1{')' * 10_000}\n", "no Python: line 1: too many nested parentheses"),
        (f"x = {'-' * 60_000}1\n", "the program cannot be parsed"),
        (f"x = '{'y' * allowlist.MOST_BYTES}'\n", "the program has more than 65,536 bytes"),
        ("x = 09\n", "no Python: line 1"),
    ],
)
def test_what_is_no_python_is_refused_whatever_it_does_to_a_parser(source, said):
    with pytest.raises(Unusable) as raised:
        check(source)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "text", ["<think>" * 30_000, "```\n" * 60_000, "<<<<<<< SEARCH\n" * 15_000, "</think>" * 30_000, "`" * 200_000]
)
def test_a_hostile_reply_takes_no_time(text):
    begun = time.perf_counter()
    refused(text, WHOLE)
    assert time.perf_counter() - begun < 2


def test_edits_are_read_in_order_and_what_stands_between_is_no_edit():
    text = "=======\nwords\n" + edit("a\n", "b\nc\n") + ">>> x\n" + edit("d\n", "")
    assert edits(text) == [("a\n", "b\nc\n"), ("d\n", "")]
