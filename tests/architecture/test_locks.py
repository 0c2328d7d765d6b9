"""What the project asks for is what the locks hold, each with its hashes."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def names(requirements: list[str]) -> set[str]:
    """The names of requirements in the form that locks write them."""
    found = (re.match(r"[A-Za-z0-9._-]+", requirement) for requirement in requirements)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


def locked(file: str) -> dict[str, int]:
    """How many hashes each package has in a lock."""
    hashes: dict[str, int] = {}
    name = ""
    for line in (ROOT / file).read_text().splitlines():
        if match := re.match(r"([a-z0-9-]+)==\S+ ", line):
            name = match[1]
            hashes[name] = 0
        elif line.lstrip().startswith("--hash=sha256:"):
            hashes[name] += 1
    return hashes


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_locked_package_has_a_hash(file: str) -> None:
    assert all(locked(file).values())


def test_what_the_gateway_needs_is_locked_with_all_extras() -> None:
    project = PROJECT["project"]
    asked = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]

    assert names(asked + PROJECT["dependency-groups"]["build"]) <= locked("requirements.txt").keys()


def test_the_tools_are_locked_beside_the_same_packages() -> None:
    runtime, tools = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
    pins = [set(re.findall(r"^[a-z0-9-]+==\S+", path.read_text(), re.MULTILINE)) for path in (runtime, tools)]

    assert pins[0] <= pins[1]
    assert names(PROJECT["dependency-groups"]["dev"]) <= locked("requirements-dev.txt").keys()
