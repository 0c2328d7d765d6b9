"""The README's minute, as a stranger would play it: its own commands, over its own example desk."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.running import ROOT, RunningGateway, body_of


def commands() -> list[str]:
    """The lines of the code blocks under "One minute", without their comments."""
    minute = (
        (ROOT / "README.md").read_text(encoding="utf-8").partition("## One minute")[2].partition("\n## ")[0]
    )
    blocks = re.findall(r"```sh\n(.*?)```", minute, re.DOTALL)
    return [
        line.partition("   #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()
    ]


def test_the_readmes_minute(tmp_path: Path) -> None:
    gateway = RunningGateway(tmp_path, desk=(ROOT / "desk.yaml").read_text(encoding="utf-8"))
    first, *others = commands()
    python, *words = shlex.split(first.replace("2525", str(gateway.port)))
    assert python == "python3"

    with gateway.running():
        subprocess.run([sys.executable, *words], check=True)
        gateway.settled()
        for line in others:
            program, *arguments = shlex.split(line)
            assert program == ".venv/bin/gateway"
            gateway.command(*arguments)
        gateway.settled()
        confirmation, question = gateway.sent_to("chloe@acme.test")
        ticket = gateway.ticket(1)

    assert len(others) == 5
    assert (ticket["priority"], ticket["state"], ticket["language"]) == ("low", "waiting_customer", "fr")
    assert "Module Paie bloque" in body_of(confirmation)
    assert "Quelle version ?" in body_of(question)
