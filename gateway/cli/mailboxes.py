"""`gateway mailboxes …`: what is fetched from where, and what becomes of mail that was there before."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gateway.cli.context import CONTEXT
from gateway.cli.output import instant, print_json, print_table
from gateway.domain.mailbox import MailboxState
from gateway.errors import ActRefused, NotFound
from gateway.settings import MailboxSettings

app = typer.Typer(no_args_is_help=True, help="The mailboxes that mail is fetched from by IMAP.")

Name = Annotated[str, typer.Argument(help="The mailbox's name in the settings.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.command("list")
def list_mailboxes(*, as_json: Json = False) -> None:
    """List every mailbox: what it does, what was there before, how many mails have come from it."""
    shown = [_object(settings) for settings in CONTEXT.settings.imap]
    if as_json:
        for each in shown:
            print_json(each)
        return
    print_table(
        ("name", "place", "state", "there before", "stored", "looked at", "reason"),
        [tuple(each[key] for key in _COLUMNS) for each in shown],
        empty="There is no [[imap]] in the settings.",
    )


@app.command()
def sync(
    name: Name,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="File the mail that was there before, without a mail going out.")
    ] = False,
    new_only: Annotated[bool, typer.Option("--new-only", help="Leave it where it is.")] = False,
) -> None:
    """Say what becomes of the mail that was in a mailbox before the gateway was."""
    if everything == new_only:
        raise ActRefused("say either --all or --new-only")
    state = _state(_settings(name))
    if state is None or not state.uidvalidity:
        raise ActRefused(f"{name} has not been looked at yet: start `gateway serve` first")
    if state.first_sync:
        raise ActRefused(f"{name} has been decided on: {state.first_sync}")
    CONTEXT.gateway.mailboxes.decide(state.id, "all" if everything else "new-only")
    print(f"{name}: {state.history_mails} mails {'are filed' if everything else 'stay where they are'}.")


@app.command()
def start(name: Name) -> None:
    """Try a mailbox that has stopped again now, and not in a quarter of an hour."""
    state = _state(_settings(name))
    if state is None or not state.reason:
        raise ActRefused(f"{name} has not stopped")
    CONTEXT.gateway.mailboxes.decide(state.id, "")
    print(f"{name} is tried again.")


_COLUMNS = ("name", "place", "state", "history_mails", "stored", "looked_at", "reason")


def _settings(name: str) -> MailboxSettings:
    for settings in CONTEXT.settings.imap:
        if settings.name == name:
            return settings
    raise NotFound(f"there is no mailbox {name} in the settings")


def _state(settings: MailboxSettings) -> MailboxState | None:
    from gateway.endpoints.imap_place import place_of

    return CONTEXT.gateway.mailboxes.find(settings.name, place_of(settings))


def _object(settings: MailboxSettings) -> dict[str, Any]:
    from gateway.endpoints.imap_place import place_of

    state = _state(settings)
    return {
        "name": settings.name,
        "place": place_of(settings),
        "state": _word(state),
        "first_sync": state.first_sync if state else "",
        "history_mails": state.history_mails if state else 0,
        "stored": CONTEXT.gateway.mailboxes.stored(state.id) if state else 0,
        "looked_at": instant(state.looked_at) if state else None,
        "reason": state.reason if state else "",
    }


def _word(state: MailboxState | None) -> str:
    if state is None:
        return "new"
    if state.reason:
        return "stopped"
    if not state.uidvalidity:
        return "new"
    return "running" if state.first_sync else "waiting for a decision"
