"""Backup and restore: one instant of a desk that works, back whole on either engine, or nothing changed."""

from __future__ import annotations

import json
import os
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.cli.backup import run_backup, run_restore
from gateway.cli.context import Context
from gateway.cli.serve import alone
from gateway.errors import BackupRefused, GatewayError
from gateway.storage.database import Database
from gateway.storage.everything import all_tables
from gateway.storage.schema import inbound_raw
from gateway.storage.upgrade import pending, upgrade
from tests.integration.worked_desk import WorkedDesk
from tests.running import RunningGateway

NASTY = "Ünïcode € 😀\u2028 and \x7f \\ \" ' \t tabs\r\nlines"


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkedDesk]:
    """A desk on SQLite with tickets, answers, a large mail, and mail that still waits."""
    desk = WorkedDesk(tmp_path_factory.mktemp("worked"), "")
    for number in range(1, 8):
        desk.writes(f"client{number}@acme.test", f"Panne {number}", NASTY)
    desk.works()
    desk.writes("client2@acme.test", "Suite", "Encore.", to=desk.reply_address("client2@acme.test"))
    desk.writes("client9@acme.test", "Gros", "x" * 2_500_000)
    desk.works()
    desk.sends()
    desk.writes("client10@acme.test", "Attend", "Pas encore lu.")
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def backup(worked: WorkedDesk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backup") / "desk.backup"
    run_backup(at(worked), path)
    return path


def at(desk: WorkedDesk) -> Context:
    """What the command line begins with, on the desk's own clock."""
    context = Context(desk.runs.config)
    context.__dict__["gateway"] = desk.gateway
    return context


def empty(folder: Path, url: str = "") -> Context:
    """Settings of a machine on which nothing is yet."""
    context = Context(RunningGateway(folder, database_url=url).config)
    (folder / "desk.yaml").unlink()
    return context


def rows_of(database: Database) -> dict[str, list[Any]]:
    """All rows of all tables but what says who holds what."""
    held = {"lease_until", "leased_by"}
    with database.read() as connection:
        return {
            table.name: list(
                connection.execute(
                    sa.select(*(each for each in table.columns if each.name not in held)).order_by(
                        *table.primary_key
                    )
                )
            )
            for table in all_tables()
        }


def test_all_of_a_desk_comes_back_on_either_engine(
    worked: WorkedDesk, backup: Path, tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    there = empty(tmp_path / "postgres", postgres_url)
    assert run_restore(there, backup, replace_it=False)
    assert rows_of(there.gateway.database) == rows_of(worked.gateway.database)
    assert "The ledger's law holds." in capsys.readouterr().out

    # And from there to a file again, with the addresses that were signed in the beginning.
    again = tmp_path / "again.backup"
    there.gateway.__dict__["clock"] = worked.clock
    run_backup(there, again)
    back = empty(tmp_path / "sqlite")
    assert run_restore(back, again, replace_it=False)
    assert rows_of(back.gateway.database) == rows_of(worked.gateway.database)
    assert (tmp_path / "sqlite" / "desk.yaml").read_bytes() == (worked.runs.folder / "desk.yaml").read_bytes()
    there.gateway.database.close()
    back.gateway.database.close()


def test_a_restored_desk_works_on(worked: WorkedDesk, backup: Path, tmp_path: Path) -> None:
    """The mail that waited is read, addresses signed before still verify, numbers go on."""
    context = empty(tmp_path)
    run_restore(context, backup, replace_it=False)
    desk = WorkedDesk(tmp_path, "")
    desk.clock.time += timedelta(minutes=1)
    answer = desk.writes("client3@acme.test", "Re", "Merci.", to=worked.reply_address("client3@acme.test"))
    desk.works()

    entries = {each.id: each for each in list(desk.gateway.ledger.entries(limit=100))}
    assert [(entries[n].outcome, entries[n].ticket) for n in (10, answer)] == [("ticket", 9), ("comment", 3)]
    desk.close()
    context.gateway.database.close()


def test_a_backup_says_what_it_is_and_is_for_the_owner_alone(
    worked: WorkedDesk, backup: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_backup(at(worked), tmp_path / "one.backup")

    said = capsys.readouterr().out
    assert "10 mails, 8 tickets" in said
    assert "It holds secrets" in said
    assert stat.S_IMODE((tmp_path / "one.backup").stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "one.backup"]
    with zipfile.ZipFile(backup) as archive:
        names = set(archive.namelist())
        assert {"manifest.json", "tables/token_keys.jsonl", "files/desk.yaml", "files/settings.txt"} <= names
        assert "files/rules/workflow.yaml" in names
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["tables"]["inbound"]["rows"] == 10
    assert manifest["schema"]
    with pytest.raises(BackupRefused, match="exists already"):
        run_backup(at(worked), backup)


def test_what_a_killed_backup_has_left_does_not_hinder_the_next(worked: WorkedDesk, tmp_path: Path) -> None:
    (tmp_path / "one.backup.part").write_bytes(b"half" * 100_000)

    run_backup(at(worked), tmp_path / "one.backup")

    assert zipfile.is_zipfile(tmp_path / "one.backup")
    assert not (tmp_path / "one.backup.part").exists()


def test_a_desk_that_is_there_is_not_replaced_unless_told(
    backup: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = WorkedDesk(tmp_path, "")
    other.writes("x@acme.test", "Autre", "Autre.")
    other.works()
    context = Context(other.runs.config)
    before = rows_of(other.gateway.database)
    with pytest.raises(BackupRefused, match="--replace"):
        run_restore(context, backup, replace_it=False)
    assert rows_of(other.gateway.database) == before
    other.gateway.database.close()

    assert run_restore(context, backup, replace_it=True)
    (kept,) = (tmp_path / "var").glob("gateway.db.before-*")
    assert str(kept) in capsys.readouterr().out
    old = Database(f"sqlite:///{kept}")
    assert rows_of(old) == before
    assert len(rows_of(other.gateway.database)["inbound"]) == 10
    old.close()
    other.close()
    context.gateway.database.close()


def test_a_database_on_postgresql_is_replaced_when_told(
    backup: Path, tmp_path: Path, postgres_url: str
) -> None:
    other = WorkedDesk(tmp_path, postgres_url)
    other.writes("x@acme.test", "Autre", "Autre.")
    context = Context(other.runs.config)
    with pytest.raises(BackupRefused, match="--replace"):
        run_restore(context, backup, replace_it=False)

    assert run_restore(context, backup, replace_it=True)
    assert len(rows_of(other.gateway.database)["inbound"]) == 10
    assert other.writes("x@acme.test", "Suite", "Suite.") == 11
    other.close()
    context.gateway.database.close()


def test_a_damaged_database_is_replaced_and_kept(backup: Path, tmp_path: Path) -> None:
    context = empty(tmp_path)
    file = tmp_path / "var" / "gateway.db"
    file.parent.mkdir()
    file.write_bytes(b"SQLite format 3\x00" + os.urandom(100_000))
    with pytest.raises(BackupRefused, match="nobody can tell"):
        run_restore(context, backup, replace_it=False)
    content = file.read_bytes()

    assert run_restore(context, backup, replace_it=True)
    (kept,) = file.parent.glob("gateway.db.before-*")
    assert kept.read_bytes() == content
    context.gateway.database.close()


def test_a_database_that_somebody_reads_is_not_replaced(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its log would be read with the new file."""
    monkeypatch.setattr("gateway.storage.backup.restore._READERS_END_S", 0.2)
    other = WorkedDesk(tmp_path, "")
    other.writes("x@acme.test", "Autre", "Autre.")
    context = Context(other.runs.config)
    reader = Database(f"sqlite:///{tmp_path}/var/gateway.db")
    with reader.snapshot() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM inbound").all()
        other.writes("y@acme.test", "Encore", "Encore.")
        before = rows_of(other.gateway.database)
        other.gateway.database.close()
        with pytest.raises(BackupRefused, match="open in another program"):
            run_restore(context, backup, replace_it=True)
    assert rows_of(other.gateway.database) == before
    assert not list((tmp_path / "var").glob("gateway.db.*before*"))
    reader.close()
    other.gateway.database.close()

    assert run_restore(context, backup, replace_it=True)
    assert len(rows_of(other.gateway.database)["inbound"]) == 10
    (kept,) = (tmp_path / "var").glob("gateway.db.before-*")
    old = Database(f"sqlite:///{kept}")
    assert rows_of(old) == before
    old.close()
    other.close()
    context.gateway.database.close()


def test_a_running_gateway_is_not_restored_over(backup: Path, tmp_path: Path) -> None:
    context = empty(tmp_path)
    run = tmp_path / "var" / "run"
    run.mkdir(parents=True)
    with alone(run, ["worker"]), pytest.raises(GatewayError, match="another `gateway serve` runs"):
        run_restore(context, backup, replace_it=True)


def as_of(revision: str, backup: Path, path: Path, folder: Path) -> Path:
    """The backup as a gateway of an older schema would have made it."""
    database = Database(f"sqlite:///{folder}/old.db")
    upgrade(database, revision)
    with database.read() as connection:
        inspector = sa.inspect(connection)
        old = {
            name: [column["name"] for column in inspector.get_columns(name)]
            for name in inspector.get_table_names()
        }
    database.close()
    with zipfile.ZipFile(backup) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        members = {name: archive.read(name) for name in manifest["members"]}
    for name, shape in list(manifest["tables"].items()):
        member_name = f"tables/{name}.jsonl"
        kept = [n for n, (column, _) in enumerate(shape["columns"]) if column in old.get(name, [])]
        if not kept:
            del manifest["tables"][name], manifest["members"][member_name], members[member_name]
            continue
        rows = [json.loads(line) for line in members[member_name].decode().split("\n")[:-1]]
        lines = [json.dumps([row[n] for n in kept], ensure_ascii=False) + "\n" for row in rows]
        members[member_name] = "".join(lines).encode()
        shape["columns"] = [shape["columns"][n] for n in kept]
        member(manifest, member_name, members[member_name])
    manifest["schema"] = revision
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr("manifest.json", json.dumps(manifest))
    return path


def test_an_older_schema_is_upgraded_and_a_newer_one_refused(
    worked: WorkedDesk, backup: Path, tmp_path: Path, postgres_url: str
) -> None:
    old = as_of("0003", backup, tmp_path / "old.backup", tmp_path)
    for context in (empty(tmp_path / "sqlite"), empty(tmp_path / "postgres", postgres_url)):
        assert run_restore(context, old, replace_it=False)
        assert pending(context.gateway.database) == ""
        found, expected = rows_of(context.gateway.database), rows_of(worked.gateway.database)
        assert (found["tickets"], found["inbound_raw"]) == (expected["tickets"], expected["inbound_raw"])
        context.gateway.database.close()

    def newer(manifest: dict[str, Any]) -> None:
        manifest["schema"] = "9999"

    refused_with(tmp_path / "a", forged(backup, tmp_path / "newer.backup", newer), "schema '9999'")


def test_a_database_that_lacks_a_revision_is_not_backed_up(tmp_path: Path) -> None:
    context = empty(tmp_path)
    upgrade(context.gateway.database, "0003")
    with pytest.raises(BackupRefused, match="gateway db upgrade"):
        run_backup(context, tmp_path / "old.backup")
    context.gateway.database.close()


def forged(backup: Path, path: Path, change: Callable[[dict[str, Any]], None], **members: bytes) -> Path:
    """The backup with another manifest, and other or further members."""
    others = {name.replace("__", "/"): content for name, content in members.items()}
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        manifest = json.loads(old.read("manifest.json"))
        change(manifest)
        for name in old.namelist():
            if name != "manifest.json" and name not in others:
                new.writestr(name, old.read(name))
        for name, content in others.items():
            new.writestr(name, content)
        new.writestr("manifest.json", json.dumps(manifest))
    return path


def refused_with(folder: Path, backup: Path, words: str) -> None:
    """A restore that is refused and leaves nothing."""
    context = empty(folder)
    with pytest.raises(BackupRefused, match=words):
        run_restore(context, backup, replace_it=False)
    left = {path.name for path in (folder / "var").rglob("*") if path.parent.name != "run"} - {"run"}
    assert left <= {"gateway.db", "gateway.db-wal", "gateway.db-shm", "gateway.db-writers"}, left
    if (folder / "var" / "gateway.db").exists():
        assert pending(context.gateway.database), "nothing was made"
    context.gateway.database.close()


def test_truncated_corrupted_and_foreign_files_are_refused_and_change_nothing(
    backup: Path, tmp_path: Path
) -> None:
    whole = backup.read_bytes()
    with zipfile.ZipFile(backup) as archive:
        largest = max(archive.infolist(), key=lambda each: each.compress_size)
    middle = largest.header_offset + 100 + largest.compress_size // 2
    cases = {
        "cut": whole[: len(whole) // 2],
        "end": whole[:-30],
        "byte": whole[:middle] + bytes([whole[middle] ^ 0x10]) + whole[middle + 1 :],
        "none": b"",
        "text": b"this is no backup\n" * 1000,
    }
    for name, content in cases.items():
        file = tmp_path / name
        file.write_bytes(content)
        refused_with(tmp_path / f"{name}.desk", file, "damaged|no backup")
    with zipfile.ZipFile(tmp_path / "foreign", "w") as archive:
        archive.writestr("holiday.jpg", b"JFIF")
    refused_with(tmp_path / "foreign.desk", tmp_path / "foreign", "has no manifest")
    refused_with(tmp_path / "missing.desk", tmp_path / "missing", "cannot be read")


def member(manifest: dict[str, Any], name: str, content: bytes) -> None:
    """Enter a member with the right hash."""
    from hashlib import sha256

    manifest["members"][name] = {"sha256": sha256(content).hexdigest(), "bytes": len(content)}


@pytest.mark.parametrize(
    "name",
    [
        "files/../../outside",
        "files//etc/passwd",
        "/etc/passwd",
        "files/rules/../../../outside",
        "files/..\\outside",
        "files/.ssh",
        "tables/Robert'); DROP TABLE tickets.jsonl",
        "outside",
    ],
)
def test_a_path_that_leads_out_is_refused(name: str, backup: Path, tmp_path: Path) -> None:
    def change(manifest: dict[str, Any]) -> None:
        member(manifest, name, b"x")

    hostile = forged(backup, tmp_path / "hostile", change, **{name: b"x"})

    refused_with(tmp_path / "deep" / "desk", hostile, "which no backup does|not those of its manifest")
    assert not list(tmp_path.rglob("outside"))


def test_bombs_and_lies_are_refused(backup: Path, tmp_path: Path) -> None:
    zeros = b"\0" * (64 << 20)

    def bomb(manifest: dict[str, Any]) -> None:
        member(manifest, "files/rules/bomb.yaml", zeros)

    def lie(manifest: dict[str, Any]) -> None:
        member(manifest, "files/desk.yaml", b"domain: evil.test\n")

    def fewer(manifest: dict[str, Any]) -> None:
        manifest["tables"]["tickets"]["rows"] -= 1

    def larger(manifest: dict[str, Any]) -> None:
        manifest["members"]["tables/inbound.jsonl"]["bytes"] = 1 << 50

    def alien(manifest: dict[str, Any]) -> None:
        content = b'["' + b"9" * 10 + b'"]\n'
        manifest["tables"]["desks"]["rows"] = 1
        member(manifest, "tables/desks.jsonl", content)

    refused_with(
        tmp_path / "a", forged(backup, tmp_path / "1", bomb, files__rules__bomb__yaml=b""), "not those of"
    )
    bombed = forged(backup, tmp_path / "2", bomb, **{"files/rules/bomb.yaml": zeros})
    assert bombed.stat().st_size < 2 << 20
    refused_with(tmp_path / "b", bombed, "too long for a file")
    refused_with(tmp_path / "c", forged(backup, tmp_path / "3", lie), "another length|not what was written")
    refused_with(tmp_path / "d", forged(backup, tmp_path / "4", fewer), "rows")
    refused_with(tmp_path / "e", forged(backup, tmp_path / "5", larger), "another length")
    odd = forged(backup, tmp_path / "6", alien, **{"tables/desks.jsonl": b'["9999999999"]\n'})
    refused_with(tmp_path / "f", odd, "other columns than its table")


def test_a_backup_of_a_store_that_broke_the_law_comes_back_and_says_so(
    worked: WorkedDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(worked.runs.folder, folder)
    broken = Context(folder / "gateway.toml")
    with broken.gateway.database.write() as connection:
        connection.execute(sa.delete(inbound_raw).where(inbound_raw.c.inbound_id == 4))
    run_backup(broken, tmp_path / "broken.backup")
    broken.gateway.database.close()
    context = empty(tmp_path / "new")

    assert not run_restore(context, tmp_path / "broken.backup", replace_it=False)

    page = capsys.readouterr().out
    assert "1 mails have lost their bytes" in page
    assert "The ledger's law does not hold" in page
    context.gateway.database.close()
