"""Mails that were read wrongly: marking one, and the cases that are kept of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.context import CONTEXT
from gateway.cli.output import instant, print_json, print_table
from gateway.domain.address import author_key
from gateway.domain.intent.case import KeptCase, ReadMail
from gateway.errors import ActRefused

if TYPE_CHECKING:
    from gateway.rulebook.reading_examples import ReadingExample

app = typer.Typer(no_args_is_help=True, help="Mails that were read wrongly, kept as cases to test.")

_HEAD = """\
why: >-
  Mail of this desk that the rules had read wrongly, with what it means. Addresses, links, long numbers and
  names of people are masked.

examples:
"""


@app.command("list")
def list_(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False
) -> None:
    """List the kept cases, oldest first."""
    kept = CONTEXT.gateway.cases.all()
    if as_json:
        for each in kept:
            print_json(
                {
                    "id": each.id,
                    "at": instant(each.at),
                    "by": each.actor or None,
                    "mail": each.case.inbound_id,
                    "was_read": list(each.case.was_read),
                    "means": list(each.case.means),
                    "text": each.case.text,
                }
            )
        return
    rows = (
        (
            each.id,
            instant(each.at),
            each.actor,
            each.case.inbound_id,
            ", ".join(each.case.was_read) or "nothing",
            ", ".join(each.case.means) or "nothing",
            " ".join(each.case.text.split()),
        )
        for each in kept
    )
    print_table(
        ("case", "kept", "by", "mail", "was read as", "means", "text"), rows, empty="No case is kept."
    )


@app.command()
def export(
    out: Annotated[Path | None, typer.Option(help="The file to write; else it is printed.")] = None,
) -> None:
    """Write the cases as examples, in the form of the files in rules/escalation/examples."""
    kept = list(CONTEXT.gateway.cases.all())
    if not kept:
        raise ActRefused("no case is kept; `gateway mail wrong ID` keeps one")
    text = _HEAD + "".join(map(_as_example, kept))
    if out is None:
        sys.stdout.write(text)
        return
    out.write_text(text, encoding="utf-8")
    print(f"{len(kept)} cases are in {out}.")


@app.command()
def drop(number: Annotated[int, typer.Argument(help="The case's number in the list.", min=1)]) -> None:
    """Forget a case."""
    CONTEXT.gateway.cases.drop(number)


def mark(number: int, rule: str, should: list[str], actor: str) -> None:
    """Keep a mail as a case, and say what it comes to.

    Raises:
        ActRefused: with a sentence that says why not.
    """
    from gateway.domain.acts import MarkWrong
    from gateway.domain.intent.case import case_of

    gateway = CONTEXT.gateway
    staff = gateway.directory.current()[0].staff
    person = staff.get(author_key(actor))
    if actor and person is None:
        raise ActRefused(f"{actor} is not on the roster")
    meant = [word for each in should for word in each.split(",") if word]
    case = case_of(_as_read(number), rule=rule, should=meant, known=gateway.policy.escalation.labels)
    gateway.acting().by_itself([MarkWrong(gateway.ledger.entry(number).ticket, case, person, "E4")])
    was_read, means = (", ".join(each) or "nothing" for each in (case.was_read, case.means))
    print(f"Kept: mail {number} means {means}; it is read as {was_read}.")


def _as_read(number: int) -> ReadMail:
    from gateway.pipeline.classify import classify
    from gateway.pipeline.marked import mail_as_read
    from gateway.pipeline.parse import parse

    gateway = CONTEXT.gateway
    null_sender = gateway.ledger.entry(number).envelope.reverse_path == ""
    classified = classify(parse(gateway.ledger.raw(number)), gateway.tables, null_sender=null_sender)
    return mail_as_read(number, classified, gateway.directory.current()[0], gateway.tables.intent)


def run_cases() -> Iterator[ReadingExample]:
    """The kept cases, run against the rules of the settings."""
    from gateway.rulebook.intent_examples import as_read
    from gateway.rulebook.intent_files import TextExample

    tables = CONTEXT.gateway.tables.intent
    for kept in CONTEXT.gateway.cases.all():
        example = TextExample(text=kept.case.text, means=list(kept.case.means))
        yield as_read(f"case {kept.id} (mail {kept.case.inbound_id})", example, tables)


def _as_example(kept: KeptCase) -> str:
    # A JSON text is a YAML one, and stays on its line.
    return f"  - {{means: [{', '.join(kept.case.means)}], text: {json.dumps(kept.case.text, ensure_ascii=False)}}}\n"
