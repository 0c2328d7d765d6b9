"""Imports run downwards only; a violation of each kind has been seen to break the contracts."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The comparison form of an address needs IDNA 2008, which the standard library has not.
DOMAIN_MAY_IMPORT = {"gateway", "idna"}


def contracts_kept(folder: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of the gateway in `folder`."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(folder)},
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "gateway", tmp_path / "gateway", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_gateway_keeps_its_contracts() -> None:
    done = contracts_kept(ROOT)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("domain/seeded.py", "from gateway.storage import schema", "imports run downwards only"),
        ("storage/seeded.py", "import gateway.rendering", "imports run downwards only"),
        ("pipeline/seeded.py", "import sqlalchemy.orm", "SQLAlchemy and Alembic"),
        ("endpoints/seeded.py", "import dramatiq", "Dramatiq"),
        ("workers/seeded.py", "from aiosmtpd import smtp", "aiosmtpd"),
        ("pipeline/seeded.py", "import jinja2", "Jinja2"),
        ("storage/seeded.py", "from pydantic import BaseModel", "pydantic"),
        ("pipeline/seeded.py", "import dns.resolver", "keys, DNS and SPF"),
    ],
)
def test_a_seeded_violation_breaks_a_contract(copy: Path, module: str, line: str, contract: str) -> None:
    (copy / "gateway" / module).write_text(f"def late() -> None:\n    {line}\n")

    done = contracts_kept(copy)

    assert done.returncode == 1
    broken = [said for said in done.stdout.splitlines() if " BROKEN" in said]
    assert len(broken) == 1
    assert contract in broken[0]


def test_a_package_without_a_layer_breaks_the_contract(copy: Path) -> None:
    (copy / "gateway" / "helpers.py").write_text("")

    assert contracts_kept(copy).returncode == 1


def test_the_domain_rests_on_the_standard_library() -> None:
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / "gateway" / "domain").rglob("*.py")
        for name in imported(path)
        if name not in sys.stdlib_module_names | DOMAIN_MAY_IMPORT
    }

    assert found == set()


def imported(path: Path) -> set[str]:
    """The top names of all that a module imports, at its top or late."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names
