"""Why a mail became what it became: the trace of every step, stored with the mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from gateway.domain.acts import AddComment, OpenTicket
from gateway.domain.classification import Classified
from gateway.domain.decision import Decision
from gateway.domain.evidence import Evidence
from gateway.domain.intent.result import Hit, Intent
from gateway.domain.thread import Candidate
from gateway.pipeline.apply_rules import Facts


def explain(
    classified: Classified, facts: Facts, decision: Decision, told: Sequence[str], *, policy_version: str
) -> dict[str, object]:
    """A JSON document with a key a step; `gateway mail explain` prints it."""
    match = facts.match
    return {
        "read": {"defects": list(classified.mail.defects), "attachments": len(classified.mail.attachments)},
        "refused_files": _refused_files(decision),
        "kind": {"kind": str(classified.kind), "evidence": list(classified.kind_evidence)},
        "language": classified.language,
        "zones": {
            "reply": len(classified.zones.reply),
            "signature": len(classified.zones.signature),
            "quoted": len(classified.zones.quoted),
        },
        "intent": _intent(classified.intent),
        "diagnostics": [asdict(told) for told in classified.details],
        "identity": _identity(facts.evidence),
        "thread": {
            "chosen": None if match.chosen is None else _candidate(match.chosen),
            "others": [_candidate(other) for other in match.others],
        },
        "first_answer": _first_answer(decision),
        "alerts": [{"alert": each.alert.number, "words": list(each.words)} for each in facts.matched],
        "decision": {
            "outcome": str(decision.outcome),
            "reason": decision.reason,
            "role": str(facts.role),
            "ruling": decision.ruling,
            "acts": [type(act).__name__ for act in decision.acts],
            "policy": policy_version,
        },
        "notifications": list(told),
    }


def _refused_files(decision: Decision) -> list[dict[str, str]]:
    """What came with the mail and is not handed on, by which kind of rules/attachments.yaml."""
    said = next((act.said for act in decision.acts if isinstance(act, OpenTicket | AddComment)), None)
    return [
        {"filename": each.filename, "rule": each.refused}
        for each in (said.attachments if said is not None else ())
        if each.refused
    ]


def _identity(evidence: Evidence) -> dict[str, object]:
    return {
        "level": evidence.level.name,
        "reasons": list(evidence.reasons),
        "judged_by": evidence.judgement.by,
        "results": [asdict(finding) for finding in evidence.judgement.findings],
    }


def _intent(intent: Intent) -> dict[str, object]:
    return {
        "asked": str(intent.asked),
        "evidence": [_hit(each) for each in intent.evidence],
        "set_aside": [{**_hit(each.hit), "operator": each.operator} for each in intent.set_aside],
        "suggested": [_hit(each) for each in intent.suggested],
        "shadowed": [_hit(each) for each in intent.shadowed],
        "grounds": list(intent.grounds),
        "refusals": list(intent.refusals),
        "claimed_priority": intent.claimed_priority,
        "commands": [f"#{each.name} {each.argument}".rstrip() for each in intent.commands],
    }


def _hit(hit: Hit) -> dict[str, object]:
    return {"rule": hit.rule, "zone": hit.zone, "text": hit.text}


def _first_answer(decision: Decision) -> dict[str, object] | None:
    """What the confirmation of a new ticket asks, suggests and names."""
    opened = next((act for act in decision.acts if isinstance(act, OpenTicket)), None)
    if opened is None:
        return None
    named = [{"number": each.number, "title": each.title} for each in opened.first_answer.alerts]
    return {**asdict(opened.first_answer), "alerts": named}


def _candidate(candidate: Candidate) -> dict[str, object]:
    return {"ticket": candidate.ticket, "by": candidate.authority.name.lower(), "reason": candidate.reason}
