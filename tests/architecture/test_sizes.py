"""Modules and functions stay small; the gate has been seen to close."""

from __future__ import annotations

from pathlib import Path

from tests.architecture.sizes import oversized

ROOT = Path(__file__).resolve().parents[2]


def test_the_gateway_keeps_to_the_sizes() -> None:
    assert list(oversized(ROOT / "gateway")) == []


def test_a_long_module_is_found(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("x = 1\n" * 401)

    assert [text.split(" has ")[0].rpartition("/")[2] for text in oversized(tmp_path)] == ["long.py"]


def test_a_long_function_is_found_within_a_class(tmp_path: Path) -> None:
    lines = ["class C:", "    async def endless(self):", *["        x = 1"] * 60]
    (tmp_path / "short.py").write_text("\n".join(lines) + "\n")

    (found,) = oversized(tmp_path)

    assert "short.py:2: endless has 61 lines" in found
