"""`gateway alerts …`: what the desk says of faults that many meet, and the tickets that are about them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gateway.cli.context import CONTEXT
from gateway.cli.output import instant, print_json, print_table
from gateway.domain.address import author_key
from gateway.domain.alert_words import MOST_PHRASES, phrase
from gateway.domain.desk import Contact, Desk
from gateway.domain.intent.patterns import PatternError
from gateway.domain.service_alert import (
    AlertUpdate,
    ByLanguage,
    ServiceAlert,
)
from gateway.domain.text import clean_line, clean_text
from gateway.errors import ActRefused

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Service alerts: a fault that many meet is said once. Requests that are about it are answered with what "
        "is known, and whoever follows it is told of each update."
    ),
)

Number = Annotated[int, typer.Argument(help="The alert's number.", min=1)]
TicketNumber = Annotated[int, typer.Argument(help="The ticket's number.", min=1)]
As = Annotated[str, typer.Option("--as", help="Who says it: an agent's or lead's address.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
TextFr = Annotated[str, typer.Option("--text-fr", help="What is known, in French.")]
TextEn = Annotated[
    str, typer.Option("--text-en", help="What is known, in English. One of the two is enough: all get it.")
]
_LONGEST_TITLE = 120
_LONGEST_TEXT = 4000
_NAMES = {"fr": "French", "en": "English"}


@app.command("open")
def open_(
    actor: As,
    title_fr: Annotated[str, typer.Option("--title-fr", help="What it is about, in French.")] = "",
    title_en: Annotated[str, typer.Option("--title-en", help="What it is about, in English.")] = "",
    text_fr: TextFr = "",
    text_en: TextEn = "",
    words_fr: Annotated[
        str,
        typer.Option("--words-fr", help="Phrases that its requests hold, in French, separated by commas."),
    ] = "",
    words_en: Annotated[str, typer.Option("--words-en", help="The same in English.")] = "",
    offer: Annotated[
        list[str] | None, typer.Option(help="Only this offer's customers; may be given several times.")
    ] = None,
    organisation: Annotated[
        list[str] | None, typer.Option(help="Only this organisation; may be given several times.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Open an alert: from now on, requests that hold its words are answered with it.

    Words are met in singular and plural, in both genders, without accents, and with one slip in a long word; a
    phrase is met whole. A phrase may also be a pattern: connect(|s|ed|ing), a|b, [optional], and * for up to
    four words. Both languages' words are looked for in every request.
    """
    person, desk = _agent(actor)
    now = CONTEXT.gateway.clock.now()
    titles = _texts(title_fr, title_en, "--title", _LONGEST_TITLE)
    texts = _texts(text_fr, text_en, "--text", _LONGEST_TEXT)
    alert = ServiceAlert(
        number=0,
        state="open",
        titles={language: clean_line(text) for language, text in titles.items()},
        words=_words({"fr": words_fr, "en": words_en}),
        offers=_offers(offer or [], desk),
        organisations=_organisations(organisation or [], desk),
        opened_at=now,
        opened_by=person.address,
        resolved_at=None,
        newest=AlertUpdate(0, 0, "opened", now, person.address, texts),
    )
    opened = CONTEXT.gateway.service_alerts.open(alert)
    if as_json:
        print_json(_object(opened))
        return
    print(f"Alert {opened.number} is open. Requests that hold its words are answered with it from now on.")
    _say_who_reads_what(titles, "title")
    _say_who_reads_what(texts, "text")


@app.command()
def update(
    number: Number, actor: As, text_fr: TextFr = "", text_en: TextEn = "", *, as_json: Json = False
) -> None:
    """Say what is new: whoever follows the alert is told, each once."""
    _say(number, "updated", actor, text_fr, text_en, as_json=as_json)


@app.command()
def resolve(
    number: Number, actor: As, text_fr: TextFr = "", text_en: TextEn = "", *, as_json: Json = False
) -> None:
    """Say that it is over: whoever follows it is told, and no request is answered with it any more.

    Its tickets stay as they are: whether a fault is over for a customer is for that customer to say.
    """
    _say(number, "resolved", actor, text_fr, text_en, as_json=as_json)


def _say(number: int, kind: str, actor: str, text_fr: str, text_en: str, *, as_json: bool) -> None:
    gateway = CONTEXT.gateway
    person, _ = _agent(actor)
    texts = _texts(text_fr, text_en, "--text", _LONGEST_TEXT)
    alert = gateway.service_alerts.say(number, kind, texts, actor=person.address, now=gateway.clock.now())
    gateway.alert_teller().tell_all()
    told = gateway.service_alerts.told(alert.newest)
    if as_json:
        print_json(_object(alert) | {"told": told})
        return
    print(f"Alert {number} is {'resolved' if kind == 'resolved' else 'updated'}: {_people(told)} told.")
    _say_who_reads_what(texts, "text")


@app.command("list")
def list_(
    state: Annotated[str, typer.Option(help="Only alerts in this state: open, resolved.")] = "",
    *,
    as_json: Json = False,
) -> None:
    """List the alerts, open ones first."""
    if state not in {"", "open", "resolved"}:
        raise ActRefused(f"there is no state {state!r}; an alert is open or resolved")
    found = CONTEXT.gateway.service_alerts.all(state)
    if as_json:
        for each in found:
            print_json(_object(each))
        return
    rows = (
        (each.number, each.state, instant(each.opened_at), instant(each.newest.at), each.title("en"))
        for each in found
    )
    print_table(("alert", "state", "opened", "last news", "title"), rows, empty="There is no alert.")


@app.command()
def show(number: Number, *, as_json: Json = False) -> None:
    """Show an alert with all that was said of it, and its tickets."""
    store = CONTEXT.gateway.service_alerts
    alert, said, linked = store.alert(number), store.updates(number), store.tickets(number)
    if as_json:
        print_json(
            _object(alert)
            | {
                "updates": [_update(each) for each in said],
                "tickets": [
                    {
                        "number": each.ticket,
                        "link": str(each.link),
                        "state": each.state,
                        "requester": each.requester,
                    }
                    for each in linked
                ],
            }
        )
        return
    for name, value in _object(alert).items():
        shown = (
            "; ".join(f"{key}: {_shown(each)}" for key, each in value.items())
            if isinstance(value, dict)
            else _shown(value)
        )
        print(f"{name}: {shown or '-'}")
    for each in said:
        print(f"\n{instant(each.at)}  {each.kind}  {each.actor}  ({_people(store.told(each))} told)")
        for language, text in each.texts.items():
            print(f"  {language}: {text}")
    print()
    rows = ((each.ticket, str(each.link), each.state, each.requester, each.subject) for each in linked)
    print_table(
        ("ticket", "link", "state", "requester", "subject"), rows, empty="No ticket is about it so far."
    )


@app.command()
def link(ticket: TicketNumber, number: Number, actor: As) -> None:
    """Have a ticket follow an alert: its people are told so, and of each update from then on."""
    _agent(actor)
    _check_open(number)
    from gateway.pipeline.alert_orders import follow

    CONTEXT.gateway.acting().act(ticket, actor, "", lambda orders: follow(orders, str(number)))
    print(f"#{ticket} follows alert {number}.")


@app.command()
def unlink(ticket: TicketNumber, number: Number, actor: As) -> None:
    """Have a ticket follow an alert no more."""
    _agent(actor)
    _check_open(number)
    from gateway.pipeline.alert_orders import unfollow

    CONTEXT.gateway.acting().act(ticket, actor, "", lambda orders: unfollow(orders, str(number)))
    print(f"#{ticket} does not follow alert {number} any more.")


# --- what was given --------------------------------------------------------------------------


def _agent(address: str) -> tuple[Contact, Desk]:
    desk = CONTEXT.gateway.directory.current()[0]
    person = desk.staff.get(author_key(address))
    if person is None or not person.works_tickets:
        raise ActRefused(f"{address} is no agent of this desk; alerts are for agents and leads")
    return person, desk


def _check_open(number: int) -> None:
    alert = CONTEXT.gateway.service_alerts.alert(number)
    if not alert.is_open:
        raise ActRefused(
            f"alert {number} was resolved on {instant(alert.resolved_at)}; nothing more comes of it"
        )


def _texts(french: str, english: str, option: str, longest: int) -> dict[str, str]:
    given = {"fr": clean_text(french).strip(), "en": clean_text(english).strip()}
    texts = {language: text for language, text in given.items() if text}
    if not texts:
        raise ActRefused(
            f"{option}-fr or {option}-en is needed; with one of them, all are told in that language"
        )
    for language, text in texts.items():
        if len(text) > longest:
            raise ActRefused(f"{option}-{language} has {len(text)} characters; {longest} are the most")
    return texts


def _words(given: dict[str, str]) -> dict[str, tuple[str, ...]]:
    words: dict[str, tuple[str, ...]] = {}
    for language, text in given.items():
        phrases = tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
        if len(phrases) > MOST_PHRASES:
            raise ActRefused(f"--words-{language} has {len(phrases)} phrases; {MOST_PHRASES} are the most")
        for each in phrases:
            try:
                phrase(each)
            except PatternError as error:
                raise ActRefused(f"--words-{language}: {each!r}: {error}") from error
        if phrases:
            words[language] = phrases
    if not words:
        raise ActRefused(
            "--words-fr or --words-en is needed, such as --words-fr 'connexion, SSO': no request would be met"
        )
    return words


def _offers(names: list[str], desk: Desk) -> tuple[str, ...]:
    known = {each.offer for each in desk.addresses.values()} | {
        each.offer for each in desk.organisations.values()
    }
    known |= {offer for person in desk.staff.values() for offer in person.offers}
    for name in names:
        if name not in known:
            raise ActRefused(f"there is no offer {name!r}; there are {', '.join(sorted(known - {''}))}")
    return tuple(dict.fromkeys(names))


def _organisations(names: list[str], desk: Desk) -> tuple[int, ...]:
    known = {each.name.casefold(): each.id for each in desk.organisations.values()}
    for name in names:
        if name.casefold() not in known:
            shown = ", ".join(sorted(each.name for each in desk.organisations.values())[:20])
            raise ActRefused(f"there is no organisation {name!r}; there are {shown}")
    return tuple(dict.fromkeys(known[name.casefold()] for name in names))


# --- what is printed -------------------------------------------------------------------------


def _object(alert: ServiceAlert) -> dict[str, Any]:
    organisations = CONTEXT.gateway.directory.current()[0].organisations
    return {
        "number": alert.number,
        "state": alert.state,
        "title": dict(alert.titles),
        "text": dict(alert.newest.texts),
        "words": {language: list(words) for language, words in alert.words.items()},
        "offers": list(alert.offers),
        "organisations": [
            organisations[each].name if each in organisations else str(each) for each in alert.organisations
        ],
        "opened_at": instant(alert.opened_at),
        "opened_by": alert.opened_by,
        "updated_at": instant(alert.newest.at),
        "updated_by": alert.newest.actor,
        "resolved_at": instant(alert.resolved_at),
    }


def _update(update: AlertUpdate) -> dict[str, Any]:
    return {
        "at": instant(update.at),
        "kind": update.kind,
        "by": update.actor,
        "text": dict(update.texts),
        "told": CONTEXT.gateway.service_alerts.told(update),
    }


def _shown(value: Any) -> str:  # noqa: ANN401  (JSON)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _people(count: int) -> str:
    return f"{count} {'person was' if count == 1 else 'people were'}"


def _say_who_reads_what(texts: ByLanguage, what: str) -> None:
    """One language alone is allowed, and whoever reads the other gets it all the same."""
    missing = [language for language in _NAMES if language not in texts]
    for language in missing:
        given = next(iter(texts))
        print(
            f"Mind: there is no {_NAMES[language]} {what}; whoever is written to in {_NAMES[language]} "
            f"reads the {_NAMES[given]} one."
        )
