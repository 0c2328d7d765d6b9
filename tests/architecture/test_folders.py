"""Nothing lies about at the top: each folder there is in ARCHITECTURE.md."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {".ci", "deploy", "gateway", "rules", "templates", "tests"}


def test_only_the_agreed_folders_are_at_the_top() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a checkout of git")

    found = {path.partition("/")[0] for path in listed.stdout.split("\0") if "/" in path}

    assert found <= FOLDERS
