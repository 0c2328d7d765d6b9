"""Rules that are changed under a running gateway: taken when they are right, set aside and alarmed when not."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.running import ROOT, RunningGateway, body_of, mail


def test_a_running_gateway_takes_right_rules_and_keeps_its_last_good_ones(tmp_path: Path) -> None:
    for name in ("rules", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    types = tmp_path / "rules" / "types.yaml"
    desk = RunningGateway(tmp_path / "desk", gateway='operator = "ops@example.test"\n')
    config = desk.config.read_text().replace(
        'file = "desk.yaml"\n',
        f'file = "desk.yaml"\nrules_dir = "{tmp_path}/rules"\ntemplates_dir = "{tmp_path}/templates"\n',
    )
    desk.config.write_text(config)
    good = types.read_text()
    with desk.running():
        types.write_text(good.replace("default: assistance", "default: asistance"))
        alarm = desk.wait_for(
            lambda: next((each for each in desk.gateway().alarms.current() if each.key == "rules"), None),
            "the alarm",
        )
        assert "types.yaml:3" in alarm.reason, alarm.reason
        assert "'asistance'" in alarm.reason, alarm.reason
        assert "those of before stay at work" in alarm.reason, alarm.reason
        _asks(desk, 1)
        assert desk.ticket(1)["type"] == "assistance"
        desk.wait_for(lambda: desk.sent_to("ops@example.test"), "the operator's mail")
        desk.command("check", code=1)

        types.write_text(good.replace("default: assistance", "default: consulting"))
        confirmation = tmp_path / "templates" / "mail" / "confirmation" / "fr" / "body.txt"
        confirmation.write_text("Merci de votre patience.\n\n" + confirmation.read_text())
        # By the worker and by the web, each for itself.
        desk.wait_for(lambda: desk.log.read_text().count("rules.renewed") == 2, "the new rules")
        assert not [each for each in desk.gateway().alarms.current() if each.key == "rules"]
        _asks(desk, 2)
        assert desk.ticket(2)["type"] == "consulting"
        desk.settled()
        assert body_of(desk.sent_to("chloe.2@acme.test")[-1]).startswith("Merci de votre patience.")


def _asks(desk: RunningGateway, number: int) -> None:
    # Each mail is somebody else's: who proves nothing is confirmed to once a day.
    raw = mail(f"Chloe <chloe.{number}@acme.test>", "Panne", "Rien ne va.", message_id=f"{number}@acme.test")
    assert desk.send(raw)[0] == 250
    assert [row["ticket"] for row in desk.settled()][-1] == number
