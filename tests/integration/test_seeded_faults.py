"""A fault in rules or templates: refused at start with file, line and reason; a running gateway keeps its good ones."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gateway.bootstrap import Gateway
from gateway.cli.serve import prepare
from gateway.domain.envelope import Envelope
from gateway.errors import ConfigurationError
from gateway.ports import NewMail
from gateway.settings import load_settings
from tests.running import DESK, ROOT, RunningGateway, mail

# File, what is written for what (None: the file is taken away), the line that is named, and the reason.
SEEDS = {
    "an unknown key in an overlay": (
        "rules/presets/customer-care/priorities.yaml",
        ("id: high, set_by:", "id: high, setby:"),
        "id: high",
        "there is no key 'priorities.1.setby'",
    ),
    "a state that a ticket is in": (
        "rules/workflow.yaml",
        ("submitted", "received"),
        "states:",
        "the state 'submitted' is not defined, and ticket 1 holds it",
    ),
    "a variable that no template has": (
        "templates/mail/confirmation/fr/body.txt",
        ("ticket.subject or", "ticket.sujet or"),
        "ticket.sujet",
        "sujet",
    ),
    "a language that is missing": ("templates/mail/closed/fr/body.html", None, "", "is missing"),
    "a calendar that does not exist": (
        "rules/sla.yaml",
        ("  business-hours: FR", "  business-hours: FRA"),
        "business-hours: FRA",
        "no calendar 'FRA'; did you mean 'FR'",
    ),
}


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    """A gateway of the preset customer-care over rules and templates of its own, with one ticket."""
    for name in ("rules", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "desk.yaml").write_text(DESK, encoding="utf-8")
    (tmp_path / "gateway.toml").write_text(
        '[desk]\nfile = "desk.yaml"\npreset = "customer-care"\nrules_dir = "rules"\ntemplates_dir = "templates"\n',
        encoding="utf-8",
    )
    made = again(tmp_path)
    prepare(made)
    receives(made, 1)
    return made


def again(folder: Path) -> Gateway:
    """Another process over the same folder."""
    return Gateway(load_settings(folder / "gateway.toml", {}))


def receives(gateway: Gateway, number: int) -> None:
    raw = mail(f"Chloe <chloe.{number}@acme.test>", "Panne", "Rien ne va.", message_id=f"{number}@acme.test")
    envelope = Envelope(
        "smtp",
        "chloe@acme.test",
        ("support@example.test",),
        "127.0.0.1",
        "acme.test",
        False,
        gateway.clock.now(),
    )
    gateway.ledger.append([NewMail(envelope, (raw,), len(raw))])
    while gateway.processor("test:0").process_batch():
        pass


def seed(folder: Path, name: str) -> tuple[str, str]:
    """Make a fault; the beginning of what refuses it, and its reason."""
    where, change, at, reason = SEEDS[name]
    file = folder / where
    if change is None:
        file.unlink()
        return f"{file}: ", reason
    text = file.read_text(encoding="utf-8")
    assert change[0] in text
    file.write_text(text.replace(*change), encoding="utf-8")
    lines = file.read_text(encoding="utf-8").splitlines()
    line = next(number for number, each in enumerate(lines, 1) if at in each)
    return f"{file}:{line}: ", reason


@pytest.mark.parametrize("name", SEEDS)
def test_it_is_refused_at_start_and_set_aside_while_running(
    gateway: Gateway, name: str, tmp_path: Path
) -> None:
    before = gateway.policy, gateway.tables, gateway.renderer
    place, reason = seed(tmp_path, name)

    with pytest.raises(ConfigurationError) as refused:
        prepare(again(tmp_path))
    assert str(refused.value).startswith(place)
    assert reason in str(refused.value)

    gateway.renew_rules()
    (alarm,) = gateway.alarms.current()
    assert alarm.key == "rules"
    assert "those of before stay at work" in alarm.reason
    assert place in alarm.reason
    assert reason in alarm.reason
    assert (gateway.policy, gateway.tables, gateway.renderer) == before
    receives(gateway, 2)
    told = [(row.template, row.ticket) for row in gateway.outbox.entries(limit=10)]
    assert ("confirmation", 2) in told


def test_gateway_serve_ends_with_what_is_wrong(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    running = RunningGateway(tmp_path / "desk")
    text = running.config.read_text().replace(
        'file = "desk.yaml"\n', f'file = "desk.yaml"\nrules_dir = "{rules}"\n'
    )
    running.config.write_text(text)
    place, reason = seed(tmp_path, "a calendar that does not exist")

    said = running.command("serve", code=os.EX_CONFIG)

    assert place.rstrip(": ") in said
    assert "no calendar" in said
    assert reason.partition("'")[0] in said
