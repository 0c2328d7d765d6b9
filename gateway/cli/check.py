"""`gateway check`: whether everything that the gateway rests on is there and right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.cli.context import Context
from gateway.cli.output import print_json
from gateway.errors import DnsUnavailable, GatewayError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `remark` says what was found, wrong or worth knowing."""

    name: str
    right: bool
    remark: str


def run(context: Context, *, as_json: bool) -> int:
    """Look at all of it; 0 when nothing is wrong, else 1."""
    findings = [_look(name, look, context) for name, look in _LOOKS]
    for finding in findings:
        if as_json:
            print_json({"check": finding.name, "ok": finding.right, "remark": finding.remark})
        else:
            print(f"{'ok   ' if finding.right else 'WRONG'}  {finding.name:<10} {finding.remark}")
    return 0 if all(finding.right for finding in findings) else 1


def _look(name: str, look: Callable[[Context], str], context: Context) -> Finding:
    try:
        return Finding(name, right=True, remark=look(context))
    except GatewayError as error:
        return Finding(name, right=False, remark=str(error))


def _settings(context: Context) -> str:
    return f"from {context.settings.file or 'defaults and environment'}"


def _rules(context: Context) -> str:
    from gateway.rulebook.calendars import load_calendars
    from gateway.rulebook.folder import rules_folder

    load_calendars(rules_folder(context.settings.desk.rules_dir), context.settings.desk.preset)
    return f"version {context.gateway.policy.version}"


def _templates(context: Context) -> str:
    context.gateway.renderer.check()
    return "rendered from their samples in every language"


def _desk(context: Context) -> str:
    from gateway.rulebook.desk_file import load_desk_file

    calendars = context.gateway.policy.service_levels.calendars
    read = load_desk_file(context.settings.desk.file, calendars=calendars)
    return (
        f"{len(read.addresses)} addresses, {len(read.people)} people, {len(read.organisations)} organisations"
    )


def _database(context: Context) -> str:
    from gateway.storage.upgrade import pending

    lacking = pending(context.gateway.database)
    if lacking:
        raise GatewayError(f"lacks revision {lacking}; run `gateway db upgrade`")
    return f"{context.gateway.database.url.get_backend_name()}, up to date"


def _tickets(context: Context) -> str:
    context.gateway.check_tickets()
    return "every state, resolution, priority and type in use is defined"


def _ledger(context: Context) -> str:
    counts = context.gateway.ledger.counts()
    words = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    return f"{sum(counts.values())} mails received" + (f": {words}" if words else "")


def _outbox(context: Context) -> str:
    counts = context.gateway.outbox.counts()
    words = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    return f"{sum(counts.values())} notifications" + (f": {words}" if words else "")


def _broker(context: Context) -> str:
    from gateway.broker.brokers import probe

    return probe(context.settings.gateway.broker_url)


def _relay(context: Context) -> str:
    from gateway.transports.opening import probe

    return probe(context.settings.relay.url)


def _dns(context: Context) -> str:
    if context.settings.trust.verify == "off":
        return "not asked: trust.verify is off"
    try:
        took_s = context.gateway.resolver().probe()
    except DnsUnavailable as error:
        # No fault of the set-up: a desk may work without, and what needs the DNS is then claimed, not lost.
        return f"{error}: signatures and DMARC are not judged, and mail counts as claimed (E1)"
    return f"answers in {took_s * 1000:.0f} ms"


def _mailboxes(context: Context) -> str:
    from gateway.endpoints.imap import probe

    remarks, all_right = [], True
    for settings in context.settings.imap:
        try:
            remarks.append(probe(settings))
        except GatewayError as error:
            remarks.append(f"{settings.name}: {error}")
            all_right = False
    if not all_right:
        raise GatewayError("; ".join(remarks))
    return "; ".join(remarks) or "none"


def _alarms(context: Context) -> str:
    current = context.gateway.alarms.current()
    if current:
        raise GatewayError("; ".join(f"{alarm.key}: {alarm.reason}" for alarm in current))
    return "none"


def _trust(context: Context) -> str:
    trust = context.settings.trust
    if trust.authserv_ids and not trust.relays:
        raise GatewayError(
            f"trust.authserv_ids names {', '.join(trust.authserv_ids)}, and trust.relays says of no peer that "
            "its word counts: name the addresses that these write from"
        )
    if trust.relays and not trust.authserv_ids:
        raise GatewayError(
            f"trust.relays names {', '.join(trust.relays)}, and trust.authserv_ids nobody: name what stands "
            "first in their Authentication-Results"
        )
    words = [
        "staff act by mail on a reply address alone: whoever can read their mail can act for them"
        if trust.staff == "token"
        else "staff act by mail on a reply address and a signature of their domain"
    ]
    if trust.relays:
        words.append(
            f"{', '.join(trust.authserv_ids)} is believed from {', '.join(trust.relays)}, "
            "which must take the same name out of what strangers send"
        )
    return "; ".join(words)


_LOOKS: tuple[tuple[str, Callable[[Context], str]], ...] = (
    ("settings", _settings),
    ("rules", _rules),
    ("templates", _templates),
    ("desk", _desk),
    ("database", _database),
    ("tickets", _tickets),
    ("ledger", _ledger),
    ("outbox", _outbox),
    ("broker", _broker),
    ("relay", _relay),
    ("dns", _dns),
    ("mailboxes", _mailboxes),
    ("alarms", _alarms),
    ("trust", _trust),
)
