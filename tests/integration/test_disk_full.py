"""The disk is full: senders hear "try again" until there is room, and what was answered 250 is there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.running import RunningGateway, mail


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of ten megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can make a small file system")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        missing(f"no small file system could be made: {made.stderr}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_costs_no_mail_and_no_answer_of_class_5(small_disk: Path) -> None:
    gateway = RunningGateway(small_disk / "gateway")
    lines = "Rien ne va plus depuis ce matin, et le journal est long.\n" * 10_000

    with gateway.running():
        raw, answers = b"", [(250, b"")]
        while answers[-1][0] == 250 and len(answers) < 40:
            raw = mail("chloe@acme.test", "Journal", lines, message_id=f"{len(answers)}@acme.test")
            answers.append(gateway.send(raw))
        assert (answers[-1][0], answers[-1][1][:5]) in {(452, b"4.3.1"), (451, b"4.3.0")}

        subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
        gateway.wait_for(lambda: gateway.send(raw)[0] == 250, "mail to be taken again")
        rows = gateway.settled()

    taken = [row["message_id"] for row in rows if row["outcome"] == "ticket"]
    assert sorted(taken) == sorted(f"{n}@acme.test" for n in range(1, len(answers)))
