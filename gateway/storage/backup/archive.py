"""The file that a backup is: a ZIP with tables, files and a manifest that holds the hash of each.

Whoever reads one trusts nothing in it: names are matched against two forms, sizes are bounded before
anything is unpacked, and every hash is compared before anything is changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from gateway.errors import BackupRefused

FORMAT = "ticket-gateway-backup"
VERSION = 1
_MANIFEST = "manifest.json"
_TABLE = re.compile(r"tables/([a-z][a-z0-9_]{0,62})\.jsonl")
_FILE = re.compile(
    r"files/((?:NAME/){0,12}NAME)".replace("NAME", r"[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]{0,99}")
)
_BLOCK = 1 << 20
_MANIFEST_BYTES = 8 << 20
_FILE_BYTES = 16 << 20
_FILES_BYTES = 128 << 20
_MEMBERS = 20_000
# A row's longest column is a mebibyte of a mail, and each of its bytes at most six characters of JSON.
_LINE_BYTES = 64 << 20
# Speed: a mail's text packs well at any level, and its attachments at none.
_LEVEL = 1


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table as it was backed up: its columns with their kinds, and how many rows there are."""

    columns: tuple[tuple[str, str], ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Member:
    """The content of one member: what it must hash to, and its length before packing."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        schema: the revision of the database's schema.
        engine: the database that it was made of: sqlite or postgresql.
        tables: in an order in which none refers to a later one.
    """

    made_at: str
    gateway: str
    schema: str
    engine: str
    tables: Mapping[str, TableShape]
    members: Mapping[str, Member]


class ArchiveWriter:
    """Takes members one after another; see `written`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.members: dict[str, Member] = {}

    @contextmanager
    def member(self, name: str) -> Iterator[_Hashing]:
        """Where the bytes of a new member go."""
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        with self._archive.open(info, "w", force_zip64=True) as stream:
            hashing = _Hashing(stream)
            yield hashing
        self.members[name] = Member(hashing.digest.hexdigest(), hashing.bytes)

    def add_file(self, name: str, content: bytes) -> None:
        """A file of the desk, under its path."""
        if not _FILE.fullmatch(f"files/{name}"):
            raise BackupRefused(f"a backup cannot hold a file of the name {name!r}; rename it")
        if len(content) > _FILE_BYTES:
            raise BackupRefused(f"{name} has more than {_FILE_BYTES >> 20} MiB, which no file of a desk has")
        with self.member(f"files/{name}") as stream:
            stream.write(content)

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, which comes last."""
        document = {"format": FORMAT, "version": VERSION, **asdict(manifest)}
        with self.member(_MANIFEST) as stream:
            stream.write(json.dumps(document, indent=1).encode())


class _Hashing:
    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        self.bytes += len(data)
        self._stream.write(data)


@contextmanager
def written(path: Path) -> Iterator[ArchiveWriter]:
    """A new archive at `path`, which is there whole or not at all: for the owner's eyes only.

    Raises:
        BackupRefused: there is something at `path`, or somebody else is writing it.
    """
    if path.exists():
        raise BackupRefused(f"{path} exists already; name another file, a backup is never overwritten")
    part = path.with_name(path.name + ".part")
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BackupRefused(f"{part} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "w+b") as file:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupRefused(f"another backup is being written to {path}") from error
        try:
            # What a killed one has left.
            os.ftruncate(descriptor, 0)
            os.fchmod(descriptor, 0o600)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
                yield ArchiveWriter(archive)
            file.flush()
            os.fsync(descriptor)
            _publish(part, path)
        except OSError as error:
            raise BackupRefused(f"{path} cannot be written: {error.strerror or error}") from error
        finally:
            part.unlink(missing_ok=True)


def _publish(part: Path, path: Path) -> None:
    try:
        # Unlike a renaming, a link never replaces what somebody has put there meanwhile.
        os.link(part, path)
    except FileExistsError as error:
        raise BackupRefused(f"{path} exists already; name another file") from error
    except OSError:
        # A file system without links, such as a mounted share.
        part.rename(path)
    fsync_folder(path.parent)


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Archive:
    """An archive that is read: `manifest` is well-formed, the rest is verified by `verify`."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._path = path
        with self._told():
            self._zip = zipfile.ZipFile(file)
            self.manifest = self._read_manifest()

    def verify(self) -> Iterator[str]:
        """Compare every member with its hash and every table with its number of rows.

        Yields:
            The name of each member, once it is found right.
        """
        for name, member in self.manifest.members.items():
            digest, size, lines = hashlib.sha256(), 0, 0
            for block in self._blocks(name):
                digest.update(block)
                size += len(block)
                lines += block.count(b"\n")
            if size != member.bytes or digest.hexdigest() != member.sha256:
                raise self._damaged(f"{name} is not what was written")
            if (table := _TABLE.fullmatch(name)) and self.manifest.tables[table[1]].rows != lines:
                raise self._damaged(f"{name} has {lines} rows")
            yield name

    def lines(self, table: str) -> Iterator[bytes]:
        """The rows of a table, each as JSON."""
        rest = b""
        for block in self._blocks(f"tables/{table}.jsonl"):
            *whole, rest = (rest + block).split(b"\n")
            yield from whole
            if len(rest) > _LINE_BYTES:
                raise self._damaged(f"a row of {table} is too long")
        if rest:
            raise self._damaged(f"the last row of {table} has no end")

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The desk's files: their paths, which lead nowhere but down, and contents."""
        for name in self.manifest.members:
            if found := _FILE.fullmatch(name):
                yield found[1], b"".join(self._blocks(name))

    @property
    def table_bytes(self) -> int:
        """How long all tables are before packing."""
        return sum(each.bytes for name, each in self.manifest.members.items() if _TABLE.fullmatch(name))

    def _blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member, never more than the manifest says."""
        room = self.manifest.members[name].bytes
        with self._told(), self._zip.open(name) as stream:
            while block := stream.read(_BLOCK):
                room -= len(block)
                if room < 0:
                    raise self._damaged(f"{name} is longer than it says")
                yield block

    def _read_manifest(self) -> Manifest:
        infos = self._zip.infolist()
        if len(infos) > _MEMBERS or len({each.filename for each in infos}) != len(infos):
            raise self._damaged("it has too many members, or two of one name")
        if _MANIFEST not in self._zip.namelist():
            raise BackupRefused(f"{self._path} is no backup of this gateway: it has no manifest")
        if self._zip.getinfo(_MANIFEST).file_size > _MANIFEST_BYTES:
            raise self._damaged("its manifest is too long")
        document = json.loads(self._zip.read(_MANIFEST))
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise BackupRefused(f"{self._path} is no backup of this gateway")
        if document.get("version") != VERSION:
            raise BackupRefused(f"{self._path} was made by another version of the gateway, which reads it")
        manifest = _manifest(document)
        self._check_members(manifest, {each.filename: each for each in infos})
        return manifest

    def _check_members(self, manifest: Manifest, infos: Mapping[str, zipfile.ZipInfo]) -> None:
        if set(manifest.members) != set(infos) - {_MANIFEST}:
            raise self._damaged("its members are not those of its manifest")
        tables = {found[1] for name in infos if (found := _TABLE.fullmatch(name))}
        if tables != set(manifest.tables):
            raise self._damaged("its tables are not those of its manifest")
        files = 0
        for name, member in manifest.members.items():
            if member.bytes < 0 or infos[name].file_size != member.bytes:
                raise self._damaged(f"{name} has another length than its manifest says")
            if _TABLE.fullmatch(name):
                continue
            if not _FILE.fullmatch(name):
                raise self._damaged(f"it holds {name!r}, which no backup does")
            files += member.bytes
            if member.bytes > _FILE_BYTES or files > _FILES_BYTES:
                raise self._damaged(f"{name} is too long for a file of a desk")

    def _damaged(self, what: str) -> BackupRefused:
        return BackupRefused(f"{self._path} is damaged: {what}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Whatever strange bytes make the reader say is said in words."""
        try:
            yield
        except BackupRefused:
            raise
        except zipfile.BadZipFile as error:
            raise BackupRefused(f"{self._path} is no backup, or is cut off or damaged: {error}") from error
        except (
            EOFError,
            KeyError,
            NotImplementedError,
            OSError,
            RecursionError,
            RuntimeError,
            TypeError,
            ValueError,
            zlib.error,
        ) as error:
            raise self._damaged(f"{type(error).__name__}: {error}") from error


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """An archive for reading.

    Raises:
        BackupRefused: it is not there, not ours, cut off, or holds what no backup holds.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise BackupRefused(f"{path} cannot be read: {error.strerror}") from error
    with file:
        yield Archive(file, path)


def _manifest(document: Mapping[str, Any]) -> Manifest:
    texts = {name: document[name] for name in ("made_at", "gateway", "schema", "engine")}
    if not all(isinstance(text, str) and len(text) < 100 for text in texts.values()):
        raise ValueError("a text of the manifest is none")
    return Manifest(
        **texts,
        tables={
            str(name): TableShape(
                tuple((str(column), str(kind)) for column, kind in shape["columns"]), int(shape["rows"])
            )
            for name, shape in document["tables"].items()
        },
        members={
            str(name): Member(str(member["sha256"]), int(member["bytes"]))
            for name, member in document["members"].items()
        },
    )
