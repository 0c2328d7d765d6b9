"""PostgreSQL, and databases of it for single tests."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.services.process import ServerProcess, Unavailable, free_port, program

_USUAL = "postgresql://postgres@127.0.0.1:5432/postgres"
_BINARIES = "/usr/lib/postgresql/*/bin"


class Postgres:
    """A server where databases can be made.

    Args:
        url: of a database on it, as a user who may make others.
    """

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._templates: dict[Callable[[str], None], str] = {}

    @contextmanager
    def database(self, prepare: Callable[[str], None] | None = None) -> Iterator[str]:
        """The SQLAlchemy URL of a database that is gone afterwards.

        Args:
            prepare: makes the tables, given such a URL; called once, for what is then copied.
        """
        name = self._create(None if prepare is None else self._template(prepare))
        try:
            yield self._url_of(name)
        finally:
            self._drop(name)

    def close(self) -> None:
        """Remove what was prepared."""
        for name in self._templates.values():
            self._drop(name)
        self._templates.clear()

    def is_there(self) -> bool:
        """Whether it answers."""
        try:
            self._execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _template(self, prepare: Callable[[str], None]) -> str:
        if prepare not in self._templates:
            name = self._create(None)
            prepare(self._url_of(name))
            self._templates[prepare] = name
        return self._templates[prepare]

    def _create(self, template: str | None) -> str:
        name = f"gateway_test_{secrets.token_hex(6)}"
        self._execute("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'", name, template or "template0")
        return name

    def _drop(self, name: str) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _execute(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self._url, autocommit=True, connect_timeout=3) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _url_of(self, name: str) -> str:
        return urlsplit(self._url)._replace(scheme="postgresql+psycopg", path=f"/{name}").geturl()


class OwnPostgres(Postgres):
    """A server of our own, with the durability of the real one unless `durable` is False."""

    def __init__(self, *, durable: bool = True) -> None:
        initdb, self._postgres = program("initdb", _BINARIES), program("postgres", _BINARIES)
        self.port = free_port()
        self._process = ServerProcess("postgres", user="postgres")
        self._data = self._process.folder / "data"
        self._durable = durable
        super().__init__(f"postgresql://postgres@127.0.0.1:{self.port}/postgres")
        self._process.run(
            [initdb, "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        )

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "50",
            "shared_buffers": "32MB",
            "fsync": "on" if self._durable else "off",
        }
        command = [self._postgres, "-D", str(self._data), "-p", str(self.port)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        self._process.start(command, self.is_there)

    def stop(self) -> None:
        """End it as an operator does who waits for nobody."""
        self._process.stop(signal.SIGINT)

    def kill(self) -> None:
        """End it as a power cut would; `start` recovers."""
        self._process.kill()

    def close(self) -> None:
        """Kill it and remove its files."""
        self._process.close()


def postgres(*, own: bool = False) -> Postgres:
    """A server that answers.

    Args:
        own: one that nobody else uses, an `OwnPostgres`; otherwise that of GATEWAY_TEST_POSTGRES,
            the one on the usual port, or one of our own, whichever is there first.

    Raises:
        Unavailable: none is to be had here.
    """
    if not own:
        named = os.environ.get("GATEWAY_TEST_POSTGRES")
        running = Postgres(named or _USUAL)
        if running.is_there():
            return running
        if named:
            raise Unavailable("PostgreSQL of GATEWAY_TEST_POSTGRES does not answer")
    server = OwnPostgres(durable=own)
    try:
        server.start()
    except Unavailable:
        server.close()
        raise
    return server
