"""The web process: uvicorn, with the bounds that it leaves to whoever stands in front of it."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections import Counter
from collections.abc import Callable
from typing import ClassVar, Protocol

import anyio.to_thread
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.errors import ConfigurationError
from gateway.web.app import MAX_HEAD_BYTES

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 200
MAX_CONNECTIONS_PER_PEER = 50
_KEEP_ALIVE_S = 5
# A request whose head and body have not come by then is not coming.
_REQUEST_TIMEOUT_S = 20.0
_GRACE_S = 10
_THREADS = 8


class Ready(Protocol):
    """Told once pages are served."""

    def __call__(self, **addresses: object) -> None:
        """By name, where the web listens."""


class BoundedProtocol(H11Protocol):
    """Closes what is one connection too many, and what keeps us waiting for its request."""

    open_by_peer: ClassVar[Counter[str]] = Counter()
    timeout_s: ClassVar[float] = _REQUEST_TIMEOUT_S
    _peer = ""
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it in."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if isinstance(peer, tuple) else ""
        self.open_by_peer[self._peer] += 1
        # A proxy on this machine speaks for everybody.
        own = self.open_by_peer[self._peer] > MAX_CONNECTIONS_PER_PEER and self._peer not in {
            "127.0.0.1",
            "::1",
        }
        if own or self.open_by_peer.total() > MAX_CONNECTIONS:
            log.warning("web.too-many-connections", extra={"open": self.open_by_peer.total()})
            transport.abort()
            return
        self._waiting = self.loop.call_later(self.timeout_s, self._give_up)

    def data_received(self, data: bytes) -> None:
        """A further request begins anew."""
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.timeout_s, self._give_up)
        super().data_received(data)

    def on_response_complete(self) -> None:
        """Between two requests, the server's own keep-alive looks after it."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out."""
        if self._waiting is not None:
            self._waiting.cancel()
        self.open_by_peer[self._peer] -= 1
        if self.open_by_peer[self._peer] <= 0:
            del self.open_by_peer[self._peer]
        super().connection_lost(exc)

    def _give_up(self) -> None:
        self.transport.abort()


def run_web(app: ASGIApp, listen: str, *, ready: Ready) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    bound = _bind(listen)
    config = uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        loop="auto",
        log_config=None,
        access_log=False,
        server_header=False,
        # A proxy on this machine says who is asking; anybody else's word is not taken.
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    host, port = bound.getsockname()[:2]
    server = _Server(config, lambda: ready(web=f"{host}:{port}"))
    # When it has ended, uvicorn raises again the signal that ended it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    server.run(sockets=[bound])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # As many as there are connections to the database.
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        self._started()


def _bind(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, int(port)))
    except OSError as error:
        bound.close()
        raise ConfigurationError(f"cannot listen on {listen}: {error.strerror}", file="web.listen") from error
    return bound
