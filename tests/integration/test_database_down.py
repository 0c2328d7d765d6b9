"""The database goes away and comes back: senders hear "try again", and nothing is lost."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import missing
from tests.running import RunningGateway, mail
from tests.services import Unavailable
from tests.services.postgres import OwnPostgres


def test_a_killed_postgresql_costs_no_mail_and_no_answer_of_class_5(tmp_path: Path) -> None:
    try:
        server = OwnPostgres()
    except Unavailable as error:
        missing(str(error))
    try:
        server.start()
        with server.database() as url:
            gateway = RunningGateway(tmp_path, database_url=url)
            with gateway.running():
                first, second = (
                    mail("chloe@acme.test", "Module Paie", "Rien ne va plus.", message_id=f"{n}@acme.test")
                    for n in range(2)
                )
                assert gateway.send(first)[0] == 250
                gateway.settled()

                server.kill()
                code, words = gateway.send(second)
                assert (code, words[:5]) == (451, b"4.3.0")

                server.start()
                gateway.wait_for(lambda: gateway.send(second)[0] == 250, "mail to be taken again")
                rows = gateway.settled()
                assert [row["outcome"] for row in rows if row["outcome"] != "duplicate"] == [
                    "ticket",
                    "ticket",
                ]
    finally:
        server.close()
