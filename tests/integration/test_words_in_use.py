"""A state or type that tickets still hold cannot leave the rules: the start is refused, and says where."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.bootstrap import Gateway
from gateway.cli.serve import prepare
from gateway.errors import ConfigurationError
from gateway.settings import load_settings
from tests.running import ROOT, RunningGateway, mail

_WITHOUT_THIRD_PARTY = {
    "workflow.yaml": "why: this desk has no third parties\n"
    "states:\n"
    "  - {id: waiting_third_party, remove: true}\n"
    "  - id: submitted\n"
    "    becomes: {in_progress: [desk], waiting_customer: [desk], scheduled: [desk], resolved: [desk], closed: [desk, customer]}\n"
    "  - id: in_progress\n"
    "    becomes: {waiting_customer: [desk], scheduled: [desk], resolved: [desk], closed: [desk, customer]}\n"
    "  - id: waiting_customer\n"
    "    becomes: {in_progress: [desk, customer], scheduled: [desk], resolved: [desk], closed: [desk, customer, timer]}\n"
    "  - id: scheduled\n"
    "    becomes: {in_progress: [desk], waiting_customer: [desk], resolved: [desk], closed: [desk, customer]}\n",
    "notifications.yaml": "why: nobody waits for third parties\n"
    "notifications:\n"
    "  - {id: third-party, remove: true}\n"
    "  - {id: third-party-participants, remove: true}\n",
}


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_state_is_defined_as_long_as_a_ticket_is_in_it(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", rules)
    preset = rules / "presets" / "mine"
    preset.mkdir()
    for name, text in _WITHOUT_THIRD_PARTY.items():
        (preset / name).write_text(text)
    with ExitStack() as stack:
        database_url = ""
        if engine == "postgres":
            database_url = stack.enter_context(request.getfixturevalue("postgres_server").database())
        running = RunningGateway(tmp_path / "desk", database_url=database_url)
        with running.running():
            running.send(mail("Chloe <chloe@acme.test>", "Panne", "Rien ne va.", message_id="1@acme.test"))
            running.settled()
            moved = ("transition", "1", "waiting_third_party", "--third-party", "Hosting", "--who", "Ana")
            running.command(
                "tickets", *moved, "--as", "ana@example.test", "--text", "Nous attendons Hosting."
            )
        environ = {"GATEWAY_DESK__RULES_DIR": str(rules), "GATEWAY_DESK__PRESET": "mine"}
        lacking = Gateway(load_settings(running.config, environ))
        with pytest.raises(ConfigurationError) as refused:
            prepare(lacking)
        lacking.database.close()
        # The list as the preset changes it.
        assert str(refused.value) == (
            f"{preset / 'workflow.yaml'}:2: the state 'waiting_third_party' is not defined, and ticket 1 holds "
            "it; define it again, and take it out once no ticket does"
        )
        running.command("tickets", "transition", "1", "in_progress", "--as", "ana@example.test")
        mended = Gateway(load_settings(running.config, environ))
        prepare(mended)
        mended.database.close()
