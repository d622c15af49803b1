"""JSON files of transactions, in both shapes, and what is wrong with others."""

import json

import pytest

from sim.core.errors import InputError
from sim.domains.transactions.tokens import tokens_of
from tests.domains.transactions.worked import made
from traces import sink, store


def opened(tmp_path, content):
    path = tmp_path / "some.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return store.open_trace(path, cache=False)


def test_both_public_shapes_give_the_same_transactions(tmp_path):
    listed = {
        "name": "x",
        "transactions": [{"id": "txn0", "ops": ["w-17", "r-5", "*"]}, {"id": "txn1", "ops": ["r-17"]}],
    }
    joined = {"txn0": "w-17 r-5 *", "txn1": "r-17"}
    first, second = opened(tmp_path, listed), opened(tmp_path, joined)
    assert tokens_of(first) == tokens_of(second) == [["w-17", "r-5", "*"], ["r-17"]]
    assert [first["id"][i] for i in range(2)] == [second["id"][i] for i in range(2)] == ["txn0", "txn1"]


def test_a_key_is_any_text_and_never_compared_as_a_number(tmp_path):
    trace = opened(tmp_path, {"a": "r-07 r-7 r-x-y"})
    assert list(trace.tables["keys"]) == ["07", "7", "x-y"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not json", "some.json is no JSON file"),
        ("[" * 100_000, "some.json nests too deeply; expected"),
        ('{"a": "r-x", "a": "r-y"}', '^[^:]*some.json: "a" stands twice in one object'),
        ([1, 2], "holds no transactions; expected"),
        ({"a": 3}, "holds no transactions; expected"),
        ({"transactions": [{"id": "a"}]}, 'transaction 0 has no list "ops"'),
        ({"a": "r-1", "b": "r-1 x-2"}, r'operation 2 of transaction 1 \("b"\) is \'x-2\'; expected r-KEY, w-KEY or \*'),
        ({"a": "r-"}, r"operation 1 of transaction 0 \(\"a\"\) is 'r-'"),
        ({"a": "r-1  r-2"}, r"operation 2 of transaction 0 \(\"a\"\) is ''"),
        ({"a": ""}, "transaction 0 has no operations"),
        ({"transactions": [{"ops": [7]}]}, "operation 1 of transaction 0"),
        (
            {"transactions": [{"ops": ["*"], "rolls_back": 1}]},
            "rolls_back of transaction 0 is 1; expected true or false",
        ),
        (
            {"transactions": [{"ops": ["*"], "type": "a"}, {"ops": ["*"]}]},
            'transaction 1 has no "type", and transaction 0 has; give all one, or none',
        ),
        (
            {"transactions": [{"ops": ["*"], "arrival": 1.5}]},
            "arrival of transaction 0 is 1.5; expected a whole number",
        ),
    ],
)
def test_what_is_no_transaction_is_told_with_its_place(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        opened(tmp_path, content)


def test_what_is_written_is_read_again(tmp_path):
    trace = made("r-x w-y", "* w-x", types=["a", "b"], arrival=[1, 4], rolls_back=[False, True])
    assert sink.save(trace, tmp_path / "out.json.gz") == []
    again = store.open_trace(tmp_path / "out.json.gz", cache=False)
    assert tokens_of(again) == tokens_of(trace)
    assert again["arrival"].tolist() == [1, 4]
    assert again["rolls_back"].tolist() == [False, True]
    assert [again["type"][i] for i in range(2)] == ["a", "b"]
