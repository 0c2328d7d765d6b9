"""A sender in a process of its own: so many mails of such a size over so many connections.

Each mail is its own: another author, subject and Message-ID. MAIL, RCPT and DATA go out together,
as every large sender does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time

LINES = [
    f"{line}\r\n".encode()
    for line in (
        "Depuis ce matin, nos comptables ne peuvent plus ouvrir le module Paie.",
        "Le message affiche est le suivant : erreur 1042, connexion au serveur impossible.",
        "Nous avons redemarre le poste et vide le cache, sans resultat.",
        "",
        "Cela touche douze personnes sur le site de Nantes, et personne a Lyon.",
        "Quand nous passons par le navigateur, la page reste blanche pendant une minute.",
        "Hier soir, tout fonctionnait encore ; rien n'a ete installe depuis, a notre connaissance.",
        "Pouvez-vous regarder de votre cote et nous dire ce qu'il faut faire ?",
        "",
        "Par ailleurs, l'export du mois dernier contient deux lignes en double pour le salarie 118.",
    )
]


def mail(number: int, size: int, *, run: str) -> bytes:
    """A plain French request of about `size` bytes."""
    head = (
        f"From: Client {number} <client{number}@client{number % 997}.test>\r\n"
        f"To: Support <support@example.test>\r\n"
        f"Subject: Panne du module Paie {number}\r\n"
        f"Date: Mon, 23 Nov 2026 09:30:00 +0100\r\n"
        f"Message-ID: <{run}.{number}@client.test>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
        "Bonjour,\r\n\r\n"
    ).encode()
    body = b"".join(LINES)
    return head + (body * (size // len(body) + 1))[: max(2, size - len(head) - 2)].rstrip(b"\r\n") + b"\r\n"


class Sender:
    """Sends from one counter over several connections, and counts the answers."""

    def __init__(self, host: str, port: int, *, count: int, size: int, run: str, keep: bool) -> None:
        self._host, self._port = host, port
        self._numbers = iter(range(count))
        self._size, self._run, self._keep = size, run, keep
        self.accepted = 0

    async def connection(self) -> None:
        """Send mails until the counter is empty."""
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        for number in self._numbers:
            reader, writer = streams or await self._open()
            await self._send(reader, writer, number)
            streams = (reader, writer) if self._keep else None
            if not self._keep:
                await self._close(reader, writer)
        if streams is not None:
            await self._close(*streams)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        await _reply(reader)
        writer.write(b"EHLO load.example\r\n")
        await _reply(reader)
        return reader, writer

    async def _close(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"QUIT\r\n")
        await _reply(reader)
        writer.close()

    async def _send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        sender = f"client{number}@client{number % 997}.test"
        writer.write(f"MAIL FROM:<{sender}>\r\nRCPT TO:<support@example.test>\r\nDATA\r\n".encode())
        for expected in (250, 250, 354):
            code = await _reply(reader)
            if code != expected:
                raise SystemExit(f"{expected} expected, {code} received")
        writer.write(mail(number, self._size, run=self._run) + b".\r\n")
        if await _reply(reader) == 250:
            self.accepted += 1


async def _reply(reader: asyncio.StreamReader) -> int:
    while True:
        line = await reader.readline()
        if line[3:4] != b"-":
            return int(line[:3] or 0)


async def main(options: argparse.Namespace) -> None:
    """Send, and print a line of JSON: seconds, accepted."""
    sender = Sender(
        "127.0.0.1",
        options.port,
        count=options.count,
        size=options.size,
        run=options.run,
        keep=not options.new_connections,
    )
    begun = time.perf_counter()
    await asyncio.gather(*(sender.connection() for _ in range(options.connections)))
    seconds = time.perf_counter() - begun
    json.dump({"seconds": seconds, "accepted": sender.accepted}, sys.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--run", default="run")
    parser.add_argument("--new-connections", action="store_true")
    try:
        import uvloop

        uvloop.install()
    except ImportError:
        print("without uvloop", file=sys.stderr)
    asyncio.run(main(parser.parse_args()))
