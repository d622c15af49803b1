"""An OpenAI-compatible endpoint, asked with the standard library: POST <base>/chat/completions.

Works with llama.cpp's server, vLLM, Ollama and hosted services. What is worth another try is tried again; what is not says so in
one line. An answer that cannot be used is not an error here: it is handed on as what came.
"""

from __future__ import annotations

import email.utils
import http.client
import ipaddress
import json
import os
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

from sim.adrs.proposers import Unavailable
from sim.core.errors import InputError

PATH = "/chat/completions"
MOST_BYTES = 4 * 2**20
"""A longer answer is not read to its end."""

STUB = "stub"
"""What the tests' endpoint says its fingerprint is, so that nothing it answered passes for a model's."""

DOWN: dict[type[Exception], str] = {
    ConnectionRefusedError: "has nothing that listens",
    socket.gaierror: "has a host that is not known",
    ssl.SSLError: "has no encryption that can be trusted",
}
"""What is not worth another try, unless the endpoint has answered before."""

OUT_OF_QUOTA = ("insufficient_quota", "billing", "credit", "payment")
"""In the code or type of an error: waiting does not help."""


@dataclass(frozen=True)
class Answer:
    """What came back.

    Args:
        response: as the endpoint gave it; None where it is unusable.
        failure: what was wrong with it, in one line; empty where there is a response.
        proposer: "llm", or "stub" where it is from the tests' endpoint.
    """

    response: Mapping[str, Any] | None
    failure: str = ""
    proposer: str = "llm"


class _Again(Exception):
    """Worth another try, after so many seconds if the endpoint said how many."""

    def __init__(self, what: str, wait_s: float = 0.0):
        super().__init__(what)
        self.wait_s = wait_s


@dataclass
class Endpoint:
    """Asks one endpoint.

    Args:
        base_url: up to and without "/chat/completions", e.g. "http://127.0.0.1:8080/v1".
        key_variable: environment variable that holds the key; empty where none is needed.
        timeout_s: for one try, from connecting to the last byte.
        tries: of one request, at least 1; between them it waits 1, 2, 4 ... seconds, or as long as the endpoint says.
        longest_wait_s: an endpoint that says to wait longer counts as out of quota.
        sleep: waits; for tests.

    Raises:
        InputError: the address is none, the variable is not set, or the key would go over the network unencrypted.
    """

    base_url: str
    key_variable: str = ""
    timeout_s: float = 300.0
    tries: int = 6
    longest_wait_s: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    has_answered: bool = field(default=False, init=False)
    takes_seed: bool = field(default=True, init=False)

    def __post_init__(self):
        self.base_url = self.base_url.rstrip("/")
        parts = urllib.parse.urlsplit(self.base_url)
        example = "expected e.g. http://127.0.0.1:8080/v1"
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.username
            or parts.query
            or parts.fragment
        ):
            raise InputError(f'"{self.base_url}" is no address of an endpoint; {example}')
        if parts.path.endswith(PATH):
            raise InputError(f'give the base URL without "{PATH}", got {self.base_url}')
        try:
            self.port = parts.port
        except ValueError:
            raise InputError(f'"{self.base_url}" has no valid port; {example}') from None
        self.host, self.path, self.is_encrypted = parts.hostname, parts.path + PATH, parts.scheme == "https"
        self.key()

    def key(self) -> str:
        """The key, read anew each time so that it is kept nowhere."""
        if not self.key_variable:
            return ""
        key = os.environ.get(self.key_variable, "").strip()
        if not key:
            raise InputError(f"the environment variable {self.key_variable}, which was to hold the key, is not set")
        if not (key.isascii() and key.isprintable()):
            raise InputError(
                f"the environment variable {self.key_variable} holds no key: only printable ASCII may stand in one"
            )
        if not self.is_encrypted and not _is_loopback(self.host):
            raise InputError(f"the key would go to {self.host} unencrypted; give an address that begins with https://")
        return key

    def ask(self, request: Mapping[str, Any]) -> Answer:
        """Asks once, with as many tries as it takes.

        Raises:
            Unavailable: it is down, out of quota, or refuses the request.
        """
        wait_s = 1.0
        problem = ""
        for k in range(self.tries):
            try:
                answer = self._try(request)
            except _Again as again:
                problem = str(again)
                if again.wait_s > self.longest_wait_s:
                    raise Unavailable(
                        f"{self.base_url} {problem} and says to wait {again.wait_s:.0f} s: out of quota for now; resume later"
                    ) from None
                if k + 1 < self.tries:
                    self.sleep(max(wait_s, again.wait_s))
                wait_s = min(2 * wait_s, self.longest_wait_s)
            else:
                self.has_answered = True
                return answer
        raise Unavailable(f"{self.base_url} {problem}, {self.tries} times in a row; start or mend it, then resume")

    def _try(self, request: Mapping[str, Any]) -> Answer:
        sent = {name: value for name, value in request.items() if self.takes_seed or name != "seed"}
        try:
            status, headers, body = self._post(json.dumps(sent).encode(), self._headers())
        except TimeoutError:
            raise _Again(f"gives no whole answer within {self.timeout_s:g} s") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            what = next((text for kind, text in DOWN.items() if isinstance(error, kind)), "")
            if what and not self.has_answered:
                raise Unavailable(f"{self.base_url} {what}; start it, or correct the base URL") from None
            raise _Again(what or f"breaks the connection ({type(error).__name__})") from None
        if status == 200:
            return _read(body)
        message, code = self._error(body)
        told = f" ({message})" if message else ""
        if status == 402 or (status in (403, 429) and any(word in code for word in OUT_OF_QUOTA)):
            raise Unavailable(f"{self.base_url} is out of quota: {status}{told}; add credit, then resume")
        if status in (408, 409, 425, 429) or status >= 500:
            raise _Again(f"answers {status}{told}", _wait_s(headers))
        if status == 400 and "seed" in message and "seed" in sent:
            self.takes_seed = False
            return self._try(request)
        cures = {401: "is the key right?", 403: "is the key right?", 404: "are base URL and model right?"}
        if 300 <= status < 400:
            message, cures = "", {status: f"give the address it points to: {_line(headers.get('Location', ''))}"}
        told = f" ({message})" if message else ""
        raise Unavailable(
            f"{self.base_url} answers {status}{told}; {cures.get(status, 'it does not take such requests')}"
        )

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
        if key := self.key():
            headers["Authorization"] = f"Bearer {key}"
        return headers

    def _post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes | None]:
        """One exchange: status, headers, and the body, None where it is too long. Redirects are not followed: they would
        carry the key elsewhere."""
        kind = http.client.HTTPSConnection if self.is_encrypted else http.client.HTTPConnection
        is_late = threading.Event()

        def cut(open_socket: socket.socket) -> None:
            is_late.set()
            with suppress(OSError):  # it has just ended by itself
                open_socket.shutdown(socket.SHUT_RDWR)

        with closing(kind(self.host, self.port, timeout=self.timeout_s)) as connection:
            connection.connect()
            watch = threading.Timer(self.timeout_s, cut, [connection.sock])
            watch.daemon = True
            watch.start()
            try:
                connection.request("POST", self.path, body, headers)
                answer = connection.getresponse()
                got = answer.read(MOST_BYTES + 1)
                is_long = len(got) > MOST_BYTES
                if answer.length and not is_long:
                    raise http.client.IncompleteRead(got, answer.length)
                if is_late.is_set():
                    raise TimeoutError
                return answer.status, answer.headers, None if is_long else got  # type: ignore[return-value]
            except (OSError, ValueError, http.client.HTTPException):
                if is_late.is_set():
                    raise TimeoutError from None
                raise
            finally:
                watch.cancel()

    def _error(self, body: bytes | None) -> tuple[str, str]:
        """What an endpoint says was wrong, in one line without the key, and its code."""
        try:
            told = json.loads(body or b"")
        except (ValueError, RecursionError):
            return "", ""
        error = told.get("error", told) if isinstance(told, dict) else told
        if not isinstance(error, dict):
            error = {"message": error}
        message = _line(str(error.get("message") or ""))
        if key := self.key():
            message = message.replace(key, "...")
        return message[:200], f"{error.get('code')} {error.get('type')}".lower()


def _read(body: bytes | None) -> Answer:
    if body is None:
        return Answer(None, f"the answer has more than {MOST_BYTES:,} bytes")
    try:
        response = json.loads(body)
    except (ValueError, RecursionError):
        return Answer(None, "the answer is no JSON")
    if not isinstance(response, dict):
        return Answer(None, f"the answer is no JSON object but a {type(response).__name__}")
    return Answer(response, proposer=STUB if response.get("system_fingerprint") == STUB else "llm")


def _wait_s(headers: Mapping[str, str]) -> float:
    """What Retry-After says, in seconds or as a date; 0 where it says nothing that can be read."""
    told = headers.get("Retry-After", "").strip()
    if told.replace(".", "", 1).isdigit():
        return float(told)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(told).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _line(text: str) -> str:
    """A text from outside as one printable line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:2000]).split())


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
