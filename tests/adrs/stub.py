"""An endpoint on loopback that says what a script tells it to: for tests of protocol and failures, and of nothing else.

It has no model. What it answers is labelled "stub" by its fingerprint, and says nothing about how well anything searches.

    python tests/adrs/stub.py FOLDER     serves the *.txt of a folder in turn, for ever, and prints its base URL
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PATH = "/v1/chat/completions"


@dataclass(frozen=True)
class Reply:
    """One answer.

    Args:
        body: JSON to be, or bytes as they are.
        status: of HTTP.
        headers: beside the usual.
        delay_s: before anything is sent.
        drip_s: between the bytes of the body.
        breaks: the connection ends after the headers.
    """

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    drip_s: float = 0.0
    breaks: bool = False


def says(content: Any, finish: str = "stop", usage: Any = "counted", **message: Any) -> Reply:
    """What a model would say, in the form of a chat completion."""
    counted = {"prompt_tokens": 1500, "completion_tokens": 40, "total_tokens": 1540}
    body = {
        "id": "stub",
        "object": "chat.completion",
        "model": "stub",
        "system_fingerprint": "stub",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
        ],
    }
    return Reply(body | ({} if usage is None else {"usage": counted if usage == "counted" else usage}))


def fails(status: int, message: str = "", code: str = "", **headers: str) -> Reply:
    """An error in the form that endpoints give it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({"error": {"message": message, "code": code, "type": code}}, status, named)


class Stub:
    """Serves while it is entered; `requests` are those it got, as JSON, `keys` the Authorization they came with.

    Args:
        script: replies in turn; the last is given for ever. Or a function of the request's number and the request.
    """

    def __init__(self, script: Sequence[Reply] | Callable[[int, dict[str, Any]], Reply]):
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.lock = threading.Lock()

    def __enter__(self) -> Stub:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with stub.lock:
                    number = len(stub.requests)
                    stub.requests.append(asked)
                    stub.keys.append(self.headers.get("Authorization"))
                reply = stub.reply(number, asked) if self.path == PATH else fails(404, f"no {self.path}")
                stub.send(self, reply)

            def log_message(self, *_):
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def reply(self, number: int, asked: dict[str, Any]) -> Reply:
        if callable(self.script):
            return self.script(number, asked)
        return self.script[min(number, len(self.script) - 1)]

    @staticmethod
    def send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        time.sleep(reply.delay_s)
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        try:
            handler.send_response(reply.status)
            for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
                handler.send_header(name, value)
            handler.end_headers()
            if reply.breaks:
                handler.connection.shutdown(socket.SHUT_RDWR)
            elif reply.drip_s:
                for byte in body:
                    handler.wfile.write(bytes([byte]))
                    time.sleep(reply.drip_s)
            else:
                handler.wfile.write(body)
        except OSError:
            pass  # the client has gone, as it should


def main(folder: Path) -> None:
    texts = [path.read_text() for path in sorted(folder.glob("*.txt"))]
    with Stub(lambda number, _: says(texts[number % len(texts)])) as stub:
        print(stub.base_url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
