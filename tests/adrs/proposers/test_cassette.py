import json
import socket

import pytest

from sim.adrs.proposers import Unavailable
from sim.adrs.proposers.cassette import Cassette, key_of
from sim.adrs.proposers.endpoint import Answer, Endpoint
from sim.core.errors import InputError
from tests.adrs.stub import Stub, says

ONE = {"model": "m", "temperature": 0.5, "messages": [{"role": "user", "content": "one"}]}
TWO = {**ONE, "messages": [{"role": "user", "content": "two"}]}


def counting():
    """Answers each request by the number of requests so far."""
    asked = []

    def ask(request):
        asked.append(request)
        return Answer({"n": len(asked), "usage": {"prompt_tokens": 3}})

    return ask, asked


def test_what_was_recorded_is_replayed_in_the_same_order_without_a_socket(tmp_path, monkeypatch):
    ask, asked = counting()
    recorder = Cassette("record", tmp_path, ask)
    recorded = [recorder.answer(request) for request in (ONE, TWO, ONE)]
    assert [answer.response["n"] for answer, _ in recorded] == [1, 2, 3] and len(asked) == 3
    monkeypatch.setattr(socket, "socket", pytest.fail)
    player = Cassette("replay", tmp_path, None)
    assert [player.answer(request) for request in (ONE, TWO, ONE)] == recorded


def test_a_file_holds_request_response_and_usage_and_is_named_by_the_request_and_its_occurrence(tmp_path):
    ask, _ = counting()
    cassette = Cassette("record", tmp_path, ask)
    names = [cassette.answer(ONE)[1], cassette.answer(ONE)[1]]
    assert names == [f"{key_of(ONE)}-0", f"{key_of(ONE)}-1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}.json" for name in names)
    told = json.loads((tmp_path / f"{names[1]}.json").read_text())
    assert told["request"] == ONE and told["response"]["n"] == 2 and told["usage"] == {"prompt_tokens": 3}
    assert told["proposer"] == "llm" and told["occurrence"] == 1


def test_the_order_of_a_requests_keys_makes_no_difference():
    assert key_of(ONE) == key_of(dict(reversed(ONE.items()))) != key_of(TWO)


def test_neither_key_nor_address_is_kept_and_the_stub_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret-1")
    with Stub([says("hi")]) as stub:
        Cassette("record", tmp_path, Endpoint(stub.base_url, key_variable="MY_KEY").ask).answer(ONE)
        assert stub.keys == ["Bearer secret-1"]
    [path] = tmp_path.iterdir()
    text = path.read_text()
    assert "secret-1" not in text and "127.0.0.1" not in text
    assert json.loads(text)["proposer"] == "stub"


def test_a_miss_fails_and_says_why(tmp_path):
    ask, _ = counting()
    Cassette("record", tmp_path, ask).answer(ONE)
    player = Cassette("replay", tmp_path, None)
    player.answer(ONE)
    with pytest.raises(InputError, match=r"holds no answer .*-1 \(request 2 of this run\): the run differs"):
        player.answer(ONE)
    with pytest.raises(InputError, match="holds no answer"):
        player.answer(TWO)


def test_what_was_kept_is_not_asked_again_so_that_a_killed_run_pays_nothing_twice(tmp_path):
    ask, asked = counting()
    Cassette("record", tmp_path, ask).answer(ONE)
    again = Cassette("record", tmp_path, ask)
    assert again.answer(ONE)[0].response["n"] == 1 and len(asked) == 1
    assert again.answer(ONE)[0].response["n"] == 2


def test_without_a_cassette_nothing_is_kept(tmp_path):
    ask, asked = counting()
    cassette = Cassette("off", None, ask)
    assert [cassette.answer(ONE)[0].response["n"] for _ in range(2)] == [1, 2] and len(asked) == 2


def test_an_endpoint_that_is_down_leaves_nothing_behind(tmp_path):
    def down(request):
        raise Unavailable("down")

    cassette = Cassette("record", tmp_path, down)
    with pytest.raises(Unavailable):
        cassette.answer(ONE)
    assert list(tmp_path.iterdir()) == [] and cassette.met == {}


def test_failures_and_odd_characters_come_back_as_they_were(tmp_path):
    for k, answer in enumerate([Answer(None, "no JSON"), Answer({"a": "\ud800\x00ü", "b": 1e300, "c": float("inf")})]):
        request = {**ONE, "seed": k}
        Cassette("record", tmp_path, lambda _, answer=answer: answer).answer(request)
        assert Cassette("replay", tmp_path, None).answer(request)[0] == answer


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"response": {}}', "[" * 100_000])
def test_a_damaged_file_is_named(tmp_path, damage):
    (tmp_path / f"{key_of(ONE)}-0.json").write_text(damage)
    with pytest.raises(InputError, match=r"-0\.json is no recorded answer to this request any more; delete it"):
        Cassette("replay", tmp_path, None).answer(ONE)


def test_a_file_whose_request_was_edited_is_refused(tmp_path):
    ask, _ = counting()
    Cassette("record", tmp_path, ask).answer(ONE)
    [path] = tmp_path.iterdir()
    path.write_text(path.read_text().replace('"one"', '"two"'))
    with pytest.raises(InputError, match="is no recorded answer to this request"):
        Cassette("replay", tmp_path, None).answer(ONE)


def test_an_answer_that_cannot_be_kept_is_said(tmp_path):
    ask, _ = counting()
    cassette = Cassette("record", tmp_path / "gone", ask)
    (tmp_path / "gone").rmdir()
    (tmp_path / "gone").touch()
    with pytest.raises(InputError, match=r"the answer .* cannot be kept in .*/gone: "):
        cassette.answer(ONE)


def test_modes_that_cannot_work_are_refused(tmp_path):
    with pytest.raises(InputError, match='no cassette mode named "play"; expected record, replay, off'):
        Cassette("play", tmp_path, None)
    with pytest.raises(InputError, match="cassette mode record needs a folder"):
        Cassette("record", None, None)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"no answers can be kept in .*/file: File exists"):
        Cassette("record", tmp_path / "file", None)
    with pytest.raises(InputError, match=r"there is no folder .*none to replay answers from"):
        Cassette("replay", tmp_path / "none", None)
