"""The fault points: each is listed, each is somewhere, there is no way in, and they cost nothing."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import faults
from gateway.bootstrap import Gateway
from gateway.cli.serve import prepare
from gateway.domain.envelope import Envelope
from gateway.ports import NewMail
from gateway.settings import load_settings
from tests.running import ROOT, RunningGateway, mail

MAILS = 64
MOST_OF_THE_WORK = 0.005


def _trees() -> Iterator[tuple[Path, ast.AST]]:
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        yield path, ast.parse(path.read_text())


def _is_reached(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) == "faults.reached"


def test_every_place_is_listed_and_every_point_is_a_place() -> None:
    named: list[str] = []
    for path, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_reached(node.func):
                (point,) = node.args
                assert isinstance(point, ast.Constant), f"{path}:{node.lineno}: a point is named by its text"
                named.append(str(point.value))

    assert set(named) == set(faults.POINTS)
    assert len(faults.POINTS) >= 25


def test_nothing_in_the_gateway_can_put_anything_else_in_their_place() -> None:
    bound = [
        f"{path}:{node.lineno}"
        for path, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and _is_reached(node) and not isinstance(node.ctx, ast.Load)
    ]
    (source,) = (tree for path, tree in _trees() if path == ROOT / "gateway" / "faults.py")
    imported = {
        node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(source)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert bound == []
    assert imported == {"__future__", "collections.abc", "types"}, "it reads no environment and no file"


def test_off_they_cost_less_than_half_a_percent_of_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = Gateway(load_settings(RunningGateway(tmp_path).config, {}))
    prepare(gateway)
    processor = gateway.processor("worker")
    passed: list[str] = []

    def work(subject: str) -> float:
        begun = time.process_time()
        gateway.ledger.append([_new_mail(gateway, f"{subject}-{number}") for number in range(MAILS)])
        while processor.process_batch():
            pass
        return time.process_time() - begun

    work("warm")
    with monkeypatch.context() as counted:
        counted.setattr(faults, "reached", passed.append)
        work("counted")
    # Of several readings the least is the one that others have disturbed least.
    spent = min(work(f"{n}") for n in range(3))
    price = min(_price_of_a_point() for _ in range(5))
    gateway.database.close()

    assert len(passed) > MAILS, passed
    assert price * len(passed) < MOST_OF_THE_WORK * spent, (price, len(passed), spent)


def _price_of_a_point(calls: int = 20_000) -> float:
    begun = time.process_time()
    for _ in range(calls):
        faults.reached("mail.examined")
    return (time.process_time() - begun) / calls


def _new_mail(gateway: Gateway, subject: str) -> NewMail:
    address = f"{subject}@acme.test"
    raw = mail(address, subject, "Bonjour, rien ne va plus.", message_id=address)
    now = gateway.clock.now()
    envelope = Envelope(
        "smtp", address, ("support@example.test",), "127.0.0.1", "x", tls=False, received_at=now
    )
    return NewMail(envelope, [raw], len(raw))
