import time
from email.utils import formatdate

import pytest

from sim.adrs.proposers import Unavailable, endpoint
from sim.adrs.proposers.endpoint import Answer, Endpoint
from sim.core.errors import InputError
from tests.adrs.stub import Reply, Stub, fails, says

REQUEST = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "seed": 7}


def asked(script, **options):
    """What an endpoint with this script gives, the waits between tries, and the stub."""
    waits = []
    with Stub(script) as stub:
        answer = Endpoint(stub.base_url, sleep=waits.append, **options).ask(REQUEST)
    return answer, waits, stub


def refusal(script, **options):
    """What it says when it gives up, how often it was asked, and the waits."""
    waits = []
    with Stub(script) as stub, pytest.raises(Unavailable) as raised:
        Endpoint(stub.base_url, sleep=waits.append, **options).ask(REQUEST)
    assert "\n" not in str(raised.value)
    return str(raised.value), len(stub.requests), waits


def test_a_request_is_posted_as_it_is_and_the_answer_comes_back():
    answer, waits, stub = asked([says("hi")])
    assert answer.response["choices"][0]["message"]["content"] == "hi"
    assert stub.requests == [REQUEST] and waits == [] and stub.keys == [None]


def test_what_the_tests_endpoint_says_is_labelled_so():
    assert asked([says("hi")])[0].proposer == "stub"
    assert asked([Reply({"choices": [], "system_fingerprint": "fp_1"})])[0].proposer == "llm"


def test_the_key_comes_from_the_variable_that_is_named_and_is_sent_nowhere_else(monkeypatch):
    monkeypatch.setenv("MY_KEY", " secret-1 ")
    _, _, stub = asked([says("hi")], key_variable="MY_KEY")
    assert stub.keys == ["Bearer secret-1"]
    assert "secret-1" not in repr(Endpoint(stub.base_url, key_variable="MY_KEY"))


def test_a_key_that_an_endpoint_repeats_in_its_error_is_not_shown(monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret-1")
    message, n_asked, _ = refusal([fails(401, "bad key secret-1\n\x1b[31m")], key_variable="MY_KEY")
    assert "secret-1" not in message and "\x1b" not in message
    assert "401 (bad key ... [31m); is the key right?" in message and n_asked == 1


@pytest.mark.parametrize(
    ("url", "variable", "said"),
    [
        ("localhost:8080", "", '"localhost:8080" is no address of an endpoint; expected e.g. http://127.0.0.1:8080/v1'),
        ("http://me:pw@host/v1", "", "is no address of an endpoint"),
        ("http://127.0.0.1:99999/v1", "", "has no valid port"),
        ("http://127.0.0.1:1/v1/chat/completions/", "", 'give the base URL without "/chat/completions"'),
        (
            "https://host/v1",
            "NO_SUCH_KEY",
            "the environment variable NO_SUCH_KEY, which was to hold the key, is not set",
        ),
        ("http://host/v1", "A_KEY", "the key would go to host unencrypted; give an address that begins with https://"),
        ("https://host/v1", "BAD_KEY", "BAD_KEY holds no key: only printable ASCII may stand in one"),
    ],
)
def test_an_address_or_key_that_cannot_serve_is_refused_at_once(monkeypatch, url, variable, said):
    monkeypatch.setenv("A_KEY", "k")
    monkeypatch.setenv("BAD_KEY", "k\r\nX-Header: 1")
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(InputError, match=r"\w") as raised:
        Endpoint(url, key_variable=variable)
    assert said in str(raised.value)


def test_busy_and_broken_endpoints_are_asked_again_after_longer_and_longer_waits():
    answer, waits, stub = asked(
        [fails(429), fails(500), fails(503), Reply(breaks=True, headers={"Content-Length": "5"}), says("hi")]
    )
    assert answer.response and waits == [1, 2, 4, 8] and len(stub.requests) == 5


def test_an_endpoint_that_says_how_long_to_wait_is_obeyed():
    soon = formatdate(time.time() + 30, usegmt=True)
    _, waits, _ = asked(
        [fails(429, Retry_After="7"), fails(429, Retry_After=soon), fails(429, Retry_After="soon"), says("hi")]
    )
    assert waits[0] == 7 and 25 < waits[1] <= 30 and waits[2] == 4


def test_an_endpoint_that_says_to_wait_very_long_counts_as_out_of_quota():
    message, n_asked, waits = refusal([fails(429, "slow down", Retry_After="3600")])
    assert "answers 429 (slow down) and says to wait 3600 s: out of quota for now; resume later" in message
    assert n_asked == 1 and waits == []


@pytest.mark.parametrize(
    "reply", [fails(402, "pay"), fails(429, "pay", "insufficient_quota"), fails(403, "pay", "billing_not_active")]
)
def test_a_used_up_quota_is_not_asked_again(reply):
    message, n_asked, _ = refusal([reply])
    assert "is out of quota" in message and "(pay); add credit, then resume" in message and n_asked == 1


def test_tries_come_to_an_end():
    message, n_asked, waits = refusal([fails(500, "oops")], tries=4)
    assert "answers 500 (oops), 4 times in a row; start or mend it, then resume" in message
    assert n_asked == 4 and waits == [1, 2, 4]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (fails(404, "no model m"), "answers 404 (no model m); are base URL and model right?"),
        (fails(400, "context too long"), "answers 400 (context too long); it does not take such requests"),
        (Reply(b"<html>", 404), "answers 404; are base URL and model right?"),
        (Reply(b"[" * 100_000, 400), "answers 400; it does not take such requests"),
        (
            Reply(status=307, headers={"Location": "http://elsewhere/v1"}),
            "answers 307; give the address it points to: http://elsewhere/v1",
        ),
    ],
)
def test_what_another_try_cannot_mend_is_said_at_once(reply, said):
    message, n_asked, _ = refusal([reply])
    assert said in message and n_asked == 1


def test_an_endpoint_that_knows_no_seeds_is_asked_without():
    with Stub([fails(400, "unknown field seed"), says("hi")]) as stub:
        one = Endpoint(stub.base_url)
        assert one.ask(REQUEST).response and one.ask(REQUEST).response
    assert ["seed" in request for request in stub.requests] == [True, False, False]


@pytest.mark.parametrize("slow", [{"delay_s": 5}, {"drip_s": 0.05}])
def test_an_answer_that_takes_too_long_is_cut_off_even_where_bytes_keep_coming(slow):
    begun = time.monotonic()
    message, n_asked, _ = refusal([Reply({"choices": "x" * 1000}, **slow)], timeout_s=0.3, tries=2)
    assert "gives no whole answer within 0.3 s, 2 times in a row" in message and n_asked == 2
    assert time.monotonic() - begun < 3


def test_where_nothing_listens_it_says_so_at_once_and_an_endpoint_that_went_down_is_waited_for():
    with Stub([says("hi")]) as stub:
        address = stub.base_url
        waits = []
        one = Endpoint(address, sleep=waits.append, tries=3)
        one.ask(REQUEST)
    with pytest.raises(Unavailable, match="has nothing that listens; start it, or correct the base URL"):
        Endpoint(address, sleep=waits.append).ask(REQUEST)
    assert waits == []
    with pytest.raises(Unavailable, match="has nothing that listens, 3 times in a row; start or mend it, then resume"):
        one.ask(REQUEST)
    assert waits == [1, 2]


def test_a_host_that_does_not_exist_and_encryption_that_fails_are_said_at_once():
    with pytest.raises(Unavailable, match="has a host that is not known"):
        Endpoint("http://nowhere.invalid/v1", sleep=pytest.fail).ask(REQUEST)
    with Stub([says("hi")]) as stub, pytest.raises(Unavailable, match="has no encryption that can be trusted"):
        Endpoint(stub.base_url.replace("http", "https"), sleep=pytest.fail).ask(REQUEST)


def test_an_oversized_answer_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(endpoint, "MOST_BYTES", 1000)
    assert asked([says("x" * 2000)])[0] == Answer(None, "the answer has more than 1,000 bytes")


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"", "the answer is no JSON"),
        (b"<html>", "the answer is no JSON"),
        (b"\xff\xfe{}", "the answer is no JSON"),
        (b"[" * 100_000, "the answer is no JSON"),
        (b"9" * 10_000, "the answer is no JSON"),
        (b"[1]", "the answer is no JSON object but a list"),
    ],
)
def test_an_answer_that_cannot_be_used_is_handed_on_as_a_failure(body, failure):
    assert asked([Reply(body)])[0] == Answer(None, failure)
