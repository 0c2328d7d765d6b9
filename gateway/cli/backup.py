"""`gateway backup` and `gateway restore`: all that a desk is, in one file, and back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from gateway.cli.check import tell
from gateway.cli.context import Context
from gateway.cli.output import Progress
from gateway.cli.serve import ROLES, alone
from gateway.errors import BackupRefused, StorageUnavailable
from gateway.storage.backup.archive import Archive, fsync_folder, opened
from gateway.storage.backup.restore import check_restorable, is_empty, restore
from gateway.storage.backup.write import write_backup
from gateway.storage.upgrade import pending

_SECRETS = (
    "It holds secrets: every mail, and the keys that sign reply addresses. Only you can read it; keep it so.\n"
    "It does not hold the passwords of mailboxes, relay and database, nor gateway.toml."
)


@dataclass(frozen=True, slots=True)
class _Then:
    """The clock at the instant of a backup."""

    instant: datetime

    def now(self) -> datetime:
        """That instant."""
        return self.instant


def run_backup(context: Context, path: Path) -> None:
    """Write one, of a gateway that may be running."""
    gateway = context.gateway
    if lacking := pending(gateway.database):
        raise BackupRefused(f"the database lacks revision {lacking}: run `gateway db upgrade` first")
    manifest = write_backup(
        gateway.database,
        _files(context),
        path,
        version=version("ticket-gateway"),
        now=gateway.clock.now(),
        progress=Progress(),
    )
    rows = {name: shape.rows for name, shape in manifest.tables.items()}
    print(
        f"{path}: {rows['inbound']} mails, {rows['tickets']} tickets and {rows['outbox']} notifications "
        f"as they were at {manifest.made_at}, {path.stat().st_size} bytes.\n{_SECRETS}"
    )


def run_restore(context: Context, path: Path, *, replace_it: bool) -> bool:
    """Put everything back, and hold the law against it; whether it holds."""
    data = context.settings.gateway.data_dir
    (data / "run").mkdir(parents=True, exist_ok=True)
    with alone(data / "run", ROLES), opened(path) as archive:
        check_restorable(archive, Progress())
        database = context.gateway.database
        with closing(database):
            if not replace_it:
                _check_empty(context)
            stamp = context.gateway.clock.now().strftime("%Y%m%dT%H%M%SZ")
            with _unpacked(archive, data, stamp) as folder:
                database.close()
                before = restore(archive, database, stamp=stamp, progress=Progress())
        manifest = archive.manifest
        print(f"Restored: the desk as it was at {manifest.made_at}, from {manifest.engine}.")
        if before is not None:
            print(f"The database that was there before is {before}.")
        _place_files(context, folder)
        # Nobody else needs the disk yet, and what waits now waited then.
        then = _Then(datetime.fromisoformat(manifest.made_at))
        auditor = replace(context.gateway.upkeep.auditor(Progress()), rate=1 << 40, clock=then)
        holds = tell(auditor.audit(quick=False), as_json=False)
    print("The ledger's law holds." if holds else "The ledger's law does not hold: see what is WRONG above.")
    return holds


def _check_empty(context: Context) -> None:
    try:
        empty = is_empty(context.gateway.database)
    except StorageUnavailable as error:
        raise BackupRefused(
            f"nobody can tell whether the database is empty ({error}); --replace puts the backup in its place"
        ) from error
    if not empty:
        raise BackupRefused(
            "the database is not empty; --replace puts the backup in its place (on SQLite the file that is "
            "there is kept under another name, on PostgreSQL what is in it is gone)"
        )


# --- the desk's files -------------------------------------------------------------------------


def _files(context: Context) -> Iterator[tuple[str, bytes]]:
    """The desk file, the rules and templates in use, and what the settings were."""
    from gateway.cli.settings import show

    desk_file = context.settings.desk.file
    if desk_file.exists():
        yield "desk.yaml", desk_file.read_bytes()
    folders = zip(("rules", "templates"), context.gateway.rules_and_templates(), strict=True)
    for name, folder in folders:
        for path in sorted(folder.rglob("*")):
            parts = path.relative_to(folder).parts
            if path.is_file() and not any(part.startswith((".", "__")) for part in parts):
                yield "/".join((name, *parts)), path.read_bytes()
    page = io.StringIO()
    show(context.settings, as_json=False, stream=page)
    yield "settings.txt", page.getvalue().encode()


@contextmanager
def _unpacked(archive: Archive, data: Path, stamp: str) -> Iterator[Path]:
    """The desk's files in a folder of their own below `data`, gone again when the rest fails."""
    names = (f"restored-{stamp}{suffix}" for suffix in ("", *map("-{}".format, range(2, 100))))
    folder = next(data / name for name in names if not (data / name).exists())
    folder.mkdir(mode=0o700)
    try:
        for name, content in archive.files():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        yield folder
    except BaseException:
        _remove(folder)
        raise


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def _place_files(context: Context, folder: Path) -> None:
    """Put them where the settings look for them and nothing is; say of the others where they lie."""
    desk = context.settings.desk
    wanted = [(folder / "desk.yaml", desk.file)]
    wanted += [
        (folder / name, Path(place))
        for name, place in (("rules", desk.rules_dir), ("templates", desk.templates_dir))
        if place
    ]
    for source, place in wanted:
        if source.exists() and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            source.rename(place)
            fsync_folder(place.parent)
            print(f"{place} is that of the backup.")
        elif source.exists() and _content(source) != _content(place):
            print(f"{place} is another than that of the backup, which is {source}.")
    print(f"Desk file, rules, templates and a list of the settings of then: {folder}")


def _content(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    return {
        str(each.relative_to(path)): each.read_bytes()
        for each in files
        if not any(part.startswith((".", "__")) for part in each.relative_to(path).parts)
    }
