"""All ways in of one process: SMTP, SMTP with implicit TLS, LMTP, and the pipe's private socket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import ssl
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.endpoints.certificate import server_context
from gateway.endpoints.house import LOOK_EVERY_S, House
from gateway.endpoints.session import LmtpSession, SmtpSession
from gateway.errors import ConfigurationError
from gateway.ports import Clock, Reception

log = logging.getLogger(__name__)

_BACKLOG = 1024
_LONGEST_UNIX_PATH = 100


@dataclass(frozen=True, slots=True)
class ReceiverOptions:
    """Where to listen and within which limits; an empty string is off.

    Attributes:
        smtp, smtp_tls, lmtp: `host:port`, for LMTP also `unix:/path`.
        pipe: path of the socket that `gateway deliver` hands mail to.
        hostname: name in the greeting; empty for the machine's own.
        spool: folder for large mails while they come in.
    """

    smtp: str
    smtp_tls: str
    lmtp: str
    pipe: str
    hostname: str
    certificate: str
    key: str
    max_message_bytes: int
    max_connections: int
    max_connections_per_peer: int
    spool: Path


class Receiver:
    """Listens; mail goes to `reception`."""

    def __init__(self, options: ReceiverOptions, reception: Reception, clock: Clock) -> None:
        self._options = options
        self._reception = reception
        self._clock = clock
        self._servers: list[asyncio.Server] = []
        self._looking: asyncio.Task[None] | None = None
        self._sockets: list[Path] = []
        self._house: House | None = None

    async def start(self) -> dict[str, str]:
        """Begin to listen; returns the addresses by name.

        Raises:
            ConfigurationError: a port is taken, or a certificate cannot be used.
        """
        options = self._options
        loop = asyncio.get_running_loop()
        options.spool.mkdir(parents=True, exist_ok=True)
        house = House(
            reception=self._reception,
            clock=self._clock,
            loop=loop,
            hostname=options.hostname or socket.getfqdn(),
            max_message_bytes=options.max_message_bytes,
            max_connections=options.max_connections,
            max_connections_per_peer=options.max_connections_per_peer,
            spool=options.spool,
            tls=self._tls(),
        )
        self._house = house
        where: dict[str, str] = {}
        if options.smtp:
            where["smtp"] = await self._listen(options.smtp, lambda: SmtpSession(house))
        if options.smtp_tls:
            if house.tls is None:
                raise ConfigurationError(
                    "smtp.listen_tls needs smtp.certificate and smtp.key", file="settings"
                )
            where["smtps"] = await self._listen(options.smtp_tls, lambda: SmtpSession(house), tls=house.tls)
        if options.lmtp:
            where["lmtp"] = await self._listen(options.lmtp, lambda: LmtpSession(house))
        if options.pipe:
            await self._listen(f"unix:{options.pipe}", lambda: LmtpSession(house, channel="pipe"))
        self._looking = loop.create_task(self._look_around(house))
        return where

    async def stop(self, grace_s: float = 30.0) -> None:
        """Take nobody in any more, let running transfers end in 250 or 421, and close."""
        for server in self._servers:
            server.close()
        if self._house is not None:
            await self._house.close(grace_s)
        if self._looking is not None:
            self._looking.cancel()
        for path in self._sockets:
            path.unlink(missing_ok=True)

    def reload_tls(self) -> None:
        """Read certificate and key again, for the sessions to come; wrong files leave the old ones."""
        options, house = self._options, self._house
        if house is None or house.tls is None:
            return
        try:
            self._tls()
        except ConfigurationError as error:
            log.error("certificate.not-taken", extra={"reason": str(error)})  # noqa: TRY400  (told in words)
            return
        house.tls.load_cert_chain(options.certificate, options.key or None)
        log.info("certificate.taken", extra={"certificate": options.certificate})

    async def _look_around(self, house: House) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            house.look_around()

    def _tls(self) -> ssl.SSLContext | None:
        options = self._options
        if not options.certificate:
            return None
        return server_context(options.certificate, options.key)

    async def _listen(
        self, where: str, session: Callable[[], SmtpSession], *, tls: ssl.SSLContext | None = None
    ) -> str:
        loop = asyncio.get_running_loop()
        try:
            if where.startswith("unix:"):
                path = Path(where.removeprefix("unix:"))
                server = await loop.create_unix_server(session, sock=_unix_socket(path), backlog=_BACKLOG)
                self._sockets.append(path)
                shown = where
            else:
                host, _, port = where.rpartition(":")
                server = await loop.create_server(
                    session, host.strip("[]") or None, int(port), ssl=tls, backlog=_BACKLOG
                )
                shown = f"{host}:{server.sockets[0].getsockname()[1]}"
        except OSError as error:
            raise ConfigurationError(f"cannot listen: {error.strerror or error}", file=where) from error
        self._servers.append(server)
        return shown


def _unix_socket(path: Path) -> socket.socket:
    """A bound socket; one that a dead process left is removed, a living one's is not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise ConfigurationError("is there and is no socket", file=path)
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(ConnectionRefusedError):
            probe.connect(short_path(path))
            raise ConfigurationError("another process listens there", file=path)
        path.unlink()
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(short_path(path))
    path.chmod(0o660)
    return bound


def short_path(path: Path) -> str:
    """A name for `path` that fits into a socket address: at most 107 bytes on Linux."""
    if len(os.fsencode(path)) <= _LONGEST_UNIX_PATH:
        return str(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    # The descriptor stays open: the name goes through it for as long as the process lives.
    return f"/proc/self/fd/{folder}/{path.name}"
