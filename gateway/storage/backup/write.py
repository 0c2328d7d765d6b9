"""A backup of a database that is being worked with: all tables at one instant, and the desk's files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from gateway.storage.backup.archive import ArchiveWriter, Manifest, TableShape, written
from gateway.storage.backup.rows import dumped, shape_of
from gateway.storage.database import Database
from gateway.storage.everything import all_tables
from gateway.storage.upgrade import revision_of

_TELL_EVERY = 2000


def write_backup(
    database: Database,
    files: Iterable[tuple[str, bytes]],
    path: Path,
    *,
    version: str,
    now: datetime,
    progress: Callable[[str], None],
) -> Manifest:
    """Write it, whole or not at all; what it holds.

    Args:
        files: path in the backup, and content.
        version: of the gateway.

    Raises:
        BackupRefused: there is a file already, or none can be written.
        StorageUnavailable: the database cannot be read.
    """
    with written(path) as archive, database.snapshot() as connection:
        tables: dict[str, TableShape] = {}
        for table in all_tables():
            if table.info.get("passing"):
                continue
            rows = 0
            with archive.member(f"tables/{table.name}.jsonl") as stream:
                for line in dumped(connection, table):
                    stream.write(line)
                    rows += 1
                    if rows % _TELL_EVERY == 0:
                        progress(f"{table.name}: {rows} rows")
            tables[table.name] = TableShape(shape_of(table), rows)
        _add_files(archive, files)
        manifest = Manifest(
            made_at=now.isoformat(timespec="seconds"),
            gateway=version,
            schema=revision_of(connection),
            engine=database.url.get_backend_name(),
            tables=tables,
            members=archive.members,
        )
        archive.finish(manifest)
    return manifest


def _add_files(archive: ArchiveWriter, files: Iterable[tuple[str, bytes]]) -> None:
    for name, content in files:
        archive.add_file(name, content)
