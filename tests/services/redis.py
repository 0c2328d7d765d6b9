"""Redis, and an empty numbered database of it for single tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import redis as client

from tests.services.process import ServerProcess, Unavailable, free_port, program

_USUAL = "redis://127.0.0.1:6379"
_DATABASES = range(1, 16)
_CLAIM = "gateway-test-claim"
_CLAIM_S = 900


class Redis:
    """A server whose empty databases may be used."""

    def __init__(self, url: str) -> None:
        self._url = url

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a database that was empty, and is again afterwards; nobody else is given it."""
        for number in _DATABASES:
            url = urlsplit(self._url)._replace(path=f"/{number}").geturl()
            with self._connect(url) as connection:
                # A developer's own data is never touched: only an empty database is claimed.
                if connection.dbsize() or not connection.set(_CLAIM, os.getpid(), nx=True, ex=_CLAIM_S):
                    continue
            try:
                yield url
            finally:
                if self.is_there():
                    with self._connect(url) as connection:
                        connection.flushdb()
            return
        raise Unavailable("no database of the Redis is empty")

    def is_there(self) -> bool:
        """Whether it answers."""
        try:
            with self._connect(self._url) as connection:
                return bool(connection.ping())
        except client.RedisError:
            return False

    def close(self) -> None:
        """Nothing of ours is left on it."""

    def _connect(self, url: str) -> client.Redis:
        return client.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3)


class OwnRedis(Redis):
    """A server of our own, that keeps nothing on disk: as a default Redis loses what it holds when killed."""

    def __init__(self) -> None:
        self._program = program("redis-server")
        self.port = free_port()
        self._process = ServerProcess("redis")
        super().__init__(f"redis://127.0.0.1:{self.port}")

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process.start([self._program, *options, "--dir", str(self._process.folder)], self.is_there)

    def stop(self) -> None:
        """End it as its operator would."""
        self._process.stop()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()

    def wipe(self) -> None:
        """Forget everything."""
        with self._connect(self._url) as connection:
            connection.flushall()

    def close(self) -> None:
        """Kill it and remove its files."""
        self._process.close()


def redis(*, own: bool = False) -> Redis:
    """A server that answers: with `own` an `OwnRedis`, otherwise GATEWAY_TEST_REDIS or what is there.

    Raises:
        Unavailable: none is to be had here.
    """
    if not own:
        named = os.environ.get("GATEWAY_TEST_REDIS")
        running = Redis(named or _USUAL)
        if running.is_there():
            return running
        if named:
            raise Unavailable("Redis of GATEWAY_TEST_REDIS does not answer")
    server = OwnRedis()
    try:
        server.start()
    except Unavailable:
        server.close()
        raise
    return server
