import os
import time

import numpy as np
import pytest

from sim.adrs.wire import HEADER, Channel, Closed, Garbled, Overdue


@pytest.fixture
def pair():
    """Two ends of a channel, each with the other's nonce."""
    a, b = os.pipe()
    c, d = os.pipe()
    mine = Channel(a, d, b"12345678", 1000, time.monotonic() + 5)
    theirs = Channel(c, b, b"12345678", 1000)
    yield mine, theirs
    for descriptor in (a, b, c, d):
        try:
            os.close(descriptor)
        except OSError:
            continue


def test_documents_and_arrays_come_as_they_were_sent(pair):
    mine, theirs = pair
    sent = [np.arange(6).reshape(2, 3), np.array([0.5, np.nan]), np.zeros(0, np.bool_)]
    theirs.send({"a": [1, None, 0.1]}, sent)
    document, arrays = mine.receive()
    assert document == {"a": [1, None, 0.1]}
    for got, expected in zip(arrays, sent, strict=True):
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == expected.dtype and not got.flags.writeable


def garbage(text: bytes, raw: bytes = b"", nonce: bytes = b"12345678", n: int | None = None) -> bytes:
    return HEADER.pack(nonce, len(text) if n is None else n, len(raw)) + text + raw


@pytest.mark.parametrize(
    "data",
    [
        garbage(b"[1]", nonce=b"87654321"),
        garbage(b"not json"),
        garbage(b"[]"),
        garbage(b"7"),
        garbage(b"[" * 900),
        garbage(b"[1]", n=2000),
        garbage(b"[1]", n=1 << 62),
        garbage(b'[1,[["|O",[1]]]]', b"12345678"),
        garbage(b'[1,[["<i8",[-1]]]]', b"12345678"),
        garbage(b'[1,[["<i8",[2]]]]', b"12345678"),
        garbage(b'[1,[["<i8",[1]]]]', b"1234567812345678"),
        garbage(b'[1,[["<i8",[4611686018427387904,4611686018427387904]]]]', b"12345678"),
        b'{"misses": 0, "status": "ok"}',
    ],
)
def test_what_is_no_message_is_garbled_and_never_more(pair, data):
    mine, theirs = pair
    os.write(theirs.writing, data)
    with pytest.raises(Garbled):
        mine.receive()


def test_a_closed_channel_and_a_silent_one_are_told_apart(pair):
    mine, theirs = pair
    mine.deadline = time.monotonic() + 0.05
    with pytest.raises(Overdue):
        mine.receive()
    mine.deadline = time.monotonic() + 5
    os.close(theirs.writing)
    with pytest.raises(Closed):
        mine.receive()
