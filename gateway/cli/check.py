"""`gateway check`: whether everything that the gateway rests on is there and right."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from gateway.cli.context import Context
from gateway.cli.output import Progress, print_json
from gateway.domain.finding import Finding
from gateway.errors import DnsUnavailable, GatewayError
from gateway.pipeline.link_acts import LINK_ACTS
from gateway.settings.values import is_loopback


def run(context: Context, *, as_json: bool, quick: bool) -> int:
    """Look at all of it; 0 when nothing is wrong, else 1.

    Args:
        quick: without hashing all mails anew.
    """
    return 0 if tell(_all(context, quick=quick), as_json=as_json) else 1


def tell(findings: Iterator[Finding], *, as_json: bool) -> bool:
    """Print each finding as it is found; whether all are right."""
    all_right = True
    for finding in findings:
        all_right &= finding.right
        if as_json:
            print_json(
                {
                    "check": finding.check,
                    "ok": finding.right,
                    "remark": finding.remark,
                    "count": finding.count,
                    "rows": list(finding.rows),
                    "remedy": finding.remedy,
                }
            )
            continue
        print(f"{'ok   ' if finding.right else 'WRONG'}  {finding.check:<17} {finding.remark}")
        if finding.rows:
            more = ", …" if finding.count > len(finding.rows) else ""
            print(f"{'':<6} which: {', '.join(finding.rows)}{more}")
        if finding.remedy:
            print(f"{'':<6} do: {finding.remedy}")
        sys.stdout.flush()
    return all_right


def _all(context: Context, *, quick: bool) -> Iterator[Finding]:
    for name, look in _LOOKS:
        yield _look(name, look, context)
    if _look("database", _database, context).right:
        yield from context.gateway.upkeep.auditor(Progress()).audit(quick=quick)


def _look(name: str, look: Callable[[Context], str], context: Context) -> Finding:
    try:
        return Finding(name, look(context))
    except GatewayError as error:
        return Finding(name, str(error), _REMEDIES.get(name, "see the sentence above"), count=1)


# Whoever renews certificates by machine does so long before.
_RENEWED_BEFORE = timedelta(days=7)

# Where the sentence does not say it by itself.
_REMEDIES = {
    "alarms": "each ends by itself once what it names is over",
    "broker": "start the broker, or correct gateway.broker_url; mail waits meanwhile, and none is lost",
    "certificate": "renew it, and `kill -HUP` the gateway's process: it reads smtp.certificate and smtp.key again",
    "database": "start it, or correct gateway.database_url",
    "mailboxes": "correct [[imap]], then `gateway mailboxes start NAME`",
    "relay": "start the relay, or correct relay.url; notifications wait meanwhile, and none is lost",
}


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


def _outbox(context: Context) -> str:
    counts = context.gateway.outbox.counts()
    words = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    return f"{sum(counts.values())} notifications" + (f": {words}" if words else "")


def _storms(context: Context) -> str:
    from gateway.storage.storms import StormStore

    current = StormStore(context.gateway.database).current(context.gateway.clock.now())
    # A storm is weather, no fault: it is kept from the desk, and ends by itself.
    return (
        "; ".join(
            f"{each.key} on #{each.ticket}: {each.folded} mails held since {each.began_at:%Y-%m-%dT%H:%M:%SZ}"
            for each in current
        )
        or "none"
    )


def _broker(context: Context) -> str:
    from gateway.broker.brokers import probe

    return probe(context.settings.gateway.broker_url)


def _relay(context: Context) -> str:
    from gateway.transports.opening import probe

    return probe(context.settings.relay.url)


def _certificate(context: Context) -> str:
    from gateway.authentication.certificate import validity
    from gateway.endpoints.certificate import server_context

    smtp = context.settings.smtp
    if not smtp.certificate:
        return "none: mail comes in without TLS"
    server_context(smtp.certificate, smtp.key)
    begins, ends = validity(smtp.certificate)
    now = context.gateway.clock.now()
    if now < begins:
        raise GatewayError(f"{smtp.certificate} is good from {begins:%Y-%m-%dT%H:%M:%SZ} on, not yet")
    if now > ends:
        raise GatewayError(f"{smtp.certificate} has expired on {ends:%Y-%m-%dT%H:%M:%SZ}")
    words = f"{smtp.certificate} is good until {ends:%Y-%m-%d}"
    if ends - now < _RENEWED_BEFORE:
        raise GatewayError(f"{words}, and nobody has renewed it")
    return words


def _dns(context: Context) -> str:
    if context.settings.trust.verify == "off":
        return "not asked: trust.verify is off"
    try:
        took_s = context.gateway.resolver().probe()
    except DnsUnavailable as error:
        # No fault of the set-up: a desk may work without, and what needs the DNS is then claimed, not lost.
        return f"{error}: signatures and DMARC are not judged, and mail counts as claimed (E1)"
    return f"answers in {took_s * 1000:.0f} ms"


def _web(context: Context) -> str:
    url = context.settings.links_to
    if not url:
        return "off: no mail carries a link"
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in {"0.0.0.0", "::"}:  # noqa: S104  (compared with, not bound to)
        raise GatewayError(f"web.base_url is missing: nobody can open {url}")
    if parts.scheme != "https" and not is_loopback(host):
        raise GatewayError(
            f"web.base_url is {url}: links decide, and must not be read on their way; use https://"
        )
    context.gateway.pages.check(LINK_ACTS)
    where = ", which only this machine can open" if is_loopback(host) else ""
    return f"links in mails lead to {url}{where}"


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


def _silence(context: Context) -> str:
    upkeep = context.gateway.upkeep
    wrong = upkeep.watch.wrong(others_only=False)
    if wrong:
        raise GatewayError("; ".join(f"{key}: {reason}" for key, reason in wrong.items()))
    pulses = upkeep.measures.queues(context.gateway.clock.now()).pulses
    return ", ".join(f"{pulse.name} on {pulse.host}" for pulse in pulses) or "no process runs"


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
    ("outbox", _outbox),
    ("storms", _storms),
    ("broker", _broker),
    ("relay", _relay),
    ("certificate", _certificate),
    ("dns", _dns),
    ("web", _web),
    ("mailboxes", _mailboxes),
    ("processes", _silence),
    ("alarms", _alarms),
    ("trust", _trust),
)
