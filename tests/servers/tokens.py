"""A server that issues access tokens (RFC 6749), and says what it was asked."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

from gateway.settings import OAuth2Settings

# Nothing is asked of anybody.
OAUTH2 = OAuth2Settings(
    provider="file",
    token_url="",
    tenant="",
    client_id="",
    client_secret_file="",
    key_file="",
    token_file="",
    scope="",
    mechanism="auto",
)


class TokenServer:
    """Answers every request with `status` and `answer`."""

    def __init__(self, issued: str = "issued") -> None:
        self.asked: list[dict[str, str]] = []
        self.status = 200
        self.answer: Any = {"access_token": issued, "expires_in": 3600, "token_type": "Bearer"}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                server.asked.append(dict(parse_qsl(form)))
                content = json.dumps(server.answer).encode()
                self.send_response(server.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the same)
                return

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/token"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()
