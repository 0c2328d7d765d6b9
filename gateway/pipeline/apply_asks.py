"""Step 7, the asking part: what a mail wants done beside being read, and what of it may be.

Commands at its top, a nudge, a request for escalation, a claimed priority: each on its own evidence.
Pure, like all of step 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from gateway.domain.acts import (
    OPENED,
    Act,
    AddComment,
    AnswerCommands,
    AskToConfirm,
    AssignTicket,
    ChangePriority,
    ChangeState,
    ChangeType,
    ChargeFlex,
    ClaimPriority,
    CommandAnswer,
    DecideEscalation,
    Nudge,
    PutOffEscalation,
    RequestEscalation,
    Said,
)
from gateway.domain.desk import Contact, Desk
from gateway.domain.evidence import Level
from gateway.domain.intent.case import ReadMail
from gateway.domain.intent.result import Asked, Command, Hit, Intent
from gateway.domain.permissions import Deed, Role, Ruling, row_of, ruling
from gateway.domain.policy import Policy
from gateway.domain.service_alert import TicketAlert
from gateway.domain.text import clean_line
from gateway.domain.ticket import Ticket, TimelineEntry
from gateway.domain.workflow import CUSTOMER
from gateway.errors import ActRefused
from gateway.pipeline.commands import by_command
from gateway.pipeline.orders import Orders, by_label

_LONGEST_REASON = 300
_DEEDS: Mapping[str, Deed] = MappingProxyType(
    {
        "note": Deed.NOTE,
        "status": Deed.WORK,
        "priority": Deed.WORK,
        "assign": Deed.WORK,
        "type": Deed.WORK,
        "charge": Deed.WORK,
        "undo": Deed.WORK,
        "wrong": Deed.WORK,
        "nudge": Deed.ASK,
        "follow": Deed.ASK,
        "unfollow": Deed.ASK,
        "escalate": Deed.ASK,
        "close": Deed.END,
        "reopen": Deed.END,
        "approve": Deed.DECIDE,
        "refuse": Deed.DECIDE,
    }
)
# What an account manager may ask for, of an organisation of theirs.
_FLAGS = frozenset({"nudge", "escalate", "priority", "undo"})
_DECISIONS = frozenset({"approve", "refuse"})
_INSUFFICIENT = (
    "nothing proves well enough who wrote this",
    "rien ne prouve assez qui a écrit ce message",
)
_TOO_EARLY = (
    "this message has opened the request; a command is an answer to a mail of ours",
    "ce message a ouvert la demande ; une commande s'écrit en réponse à l'un de nos messages",
)
_ALONE = (
    "#undo stands alone: it takes back what was done before this message",
    "#annuler s'écrit seul : il annule ce qui a été fait avant ce message",
)
# What `domain.undo` knows how to take back.
_UNDOABLE = (ChangeState, ChangePriority, AssignTicket, ChangeType, DecideEscalation)
_FOLLOWING: Mapping[str, str] = MappingProxyType({"follow": "unfollow", "unfollow": "follow"})
_NOT_YOURS = ("this is not for you to do", "ceci ne vous revient pas")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, on what evidence, for what.

    Attributes:
        level: the evidence; E4 when somebody of the desk has let the mail in.
        recent, marked, alerts: see `Orders`.
    """

    intent: Intent
    said: Said
    author: Contact
    role: Role
    level: Level
    desk: Desk
    policy: Policy
    staff_token_suffices: bool
    now: datetime
    recent: tuple[TimelineEntry, ...] = ()
    marked: ReadMail | None = None
    alerts: tuple[TicketAlert, ...] = ()

    def ruled(self, deed: Deed) -> Ruling:
        """What becomes of a deed of this author's."""
        role, deed = row_of(self.role, deed, self.author.roles)
        return ruling(role, deed, self.level, staff_token_suffices=self.staff_token_suffices)

    def ruled_command(self, name: str) -> Ruling:
        """What becomes of a command of this author's."""
        if self.role is Role.ACCOUNT_MANAGER and name in _FLAGS:
            return self.ruled(Deed.FLAG)
        by_customer = self.role in {Role.REQUESTER, Role.COLLEAGUE}
        if name == "priority" and by_customer and self.policy.customers_choose:
            return self.ruled(Deed.ASK)
        return self.ruled(_DEEDS[name]) if name in _DEEDS else Ruling.ALLOW


def chosen_priority(asking: Asking) -> tuple[str, str]:
    """The priority that a customer gives a new ticket where the rules let them, and in which words; or empty."""
    policy, intent = asking.policy, asking.intent
    if asking.author.is_staff:
        return "", ""
    said = next((each.argument for each in intent.commands if each.name == "priority"), "")
    word, _, reason = said.partition(" ")
    found = (
        by_label(word, {each.id: each.labels.values() for each in policy.priorities.values()})
        or intent.claimed_priority
        or ""
    )
    if found not in policy.priorities or not policy.may_set(found, {CUSTOMER}):
        return "", ""
    return ("", "") if found == policy.default_priority else (found, reason or _claiming(intent))


def asks_of_new_ticket(asking: Asking, *, confirmed: bool) -> tuple[Act, ...]:
    """What a mail that opens a ticket asks for with it.

    Args:
        confirmed: whether its writer is sent a confirmation, which answers what they asked for.
    """
    intent = asking.intent
    chosen, _ = chosen_priority(asking)
    acts: list[Act] = [] if chosen else [*_claim(OPENED, asking)]
    opening = asking.policy.escalation.opening.intersection(intent.grounds)
    if intent.asked is Asked.ESCALATION or opening:
        if asking.policy.escalation.puts_off(intent.grounds):
            acts += [PutOffEscalation(OPENED, asking.said)] if confirmed else []
        elif asking.ruled(Deed.ASK) in {Ruling.ALLOW, Ruling.MARK}:
            acts.append(_request(OPENED, asking))
        elif asking.said.message_id:
            acts.append(AskToConfirm(OPENED, asking.author, "escalate", asking.said))
    if intent.commands and confirmed:
        done = {"help"} | ({"priority"} if chosen else set())
        done |= {"escalate"} if any(isinstance(act, RequestEscalation) for act in acts) else set()
        answers = tuple(_answered(each, done=each.name in done) for each in intent.commands)
        acts.append(AnswerCommands(OPENED, asking.author, answers, asking.level.name))
    return tuple(acts)


def _answered(command: Command, *, done: bool) -> CommandAnswer:
    english, french = ("", "") if done else _TOO_EARLY
    return CommandAnswer(_shown(command), done=done, english=english, french=french)


def _shown(command: Command) -> str:
    return f"#{command.name} {command.argument}".strip()


def asked_back(ticket: Ticket, asking: Asking) -> AskToConfirm | None:
    """The question to a lead whose decision is not proven well enough; None for any other mail."""
    commands = asking.intent.commands
    if len(commands) == 1 and commands[0].name in _DECISIONS and asking.ruled(Deed.DECIDE) is Ruling.CONFIRM:
        return AskToConfirm(ticket.number, asking.author, commands[0].name, asking.said)
    return None


def asks_on_ticket(ticket: Ticket, comment: tuple[Act, ...], asking: Asking) -> tuple[Act, ...]:
    """All acts of a mail on a ticket, its comment included.

    Args:
        comment: the acts that the mail's text comes to when it asks for nothing.
    """
    if asking.intent.commands:
        return _commanded(ticket, comment, asking)
    if asking.role is Role.AGENT:
        return comment
    intent, number = asking.intent, ticket.number
    opening = asking.policy.escalation.opening.intersection(intent.grounds)
    acts = [*comment, *_claim(number, asking)]
    if intent.asked is Asked.NONE and not opening:
        return tuple(acts)
    ruled = asking.ruled(Deed.ASK)
    early = asking.policy.escalation.must_nudge(ticket, intent.grounds)
    wants_escalation = (intent.asked is Asked.ESCALATION or bool(opening)) and not early
    if ruled in {Ruling.CONFIRM, Ruling.HOLD}:
        wanted = "escalate" if wants_escalation else "nudge"
        return (*acts, AskToConfirm(number, _confirmer(ticket, asking), wanted, asking.said))
    if ruled not in {Ruling.ALLOW, Ruling.MARK}:
        return tuple(acts)
    if early and intent.asked is Asked.ESCALATION:
        acts.append(PutOffEscalation(number, asking.said))
    if wants_escalation:
        return (*acts, _request(number, asking))
    # A nudge brings its own comment, and is told instead of it.
    rest = [act for act in acts if not isinstance(act, AddComment)]
    return (Nudge(number, asking.said), *rest)


def _claim(number: int, asking: Asking) -> tuple[Act, ...]:
    claimed = asking.intent.claimed_priority
    if claimed is None or asking.author.is_staff or claimed not in asking.policy.priorities:
        return ()
    return (ClaimPriority(number, claimed, _claiming(asking.intent), asking.said),)


def _claiming(intent: Intent) -> str:
    """The words that claim a priority."""
    rules = ("urgent", "high", "priority", "tone")
    return _words([hit for hit in intent.evidence if any(word in hit.rule for word in rules)])


def _request(number: int, asking: Asking) -> RequestEscalation:
    intent = asking.intent
    argument = next((each.argument for each in intent.commands if each.name == "escalate"), "")
    return RequestEscalation(
        ticket=number,
        said=asking.said,
        reason=clean_line(argument or asking.said.text, limit=_LONGEST_REASON),
        grounds=intent.grounds,
        refusals=intent.refusals,
        missing=tuple(name for name in intent.missing if name in asking.policy.escalation.asks_for),
    )


def _confirmer(ticket: Ticket, asking: Asking) -> Contact:
    """A colleague's request is confirmed by the requester, anybody else's by themselves."""
    if asking.role is Role.COLLEAGUE and ticket.requester is not None:
        return ticket.requester
    return asking.author


def _commanded(ticket: Ticket, comment: tuple[Act, ...], asking: Asking) -> tuple[Act, ...]:
    """Every command, in order; the text below them goes with the first that needs one."""
    text = below_commands(asking.said.text, len(asking.intent.commands))
    said = replace(asking.said, text=text)
    acts: list[Act] = []
    answers: list[CommandAnswer] = []
    moved = False
    for command in asking.intent.commands:
        found, answer = _command(command, ticket, said, asking)
        acts += found
        # What follows is asked of the ticket as this command leaves it.
        for act in found:
            if isinstance(act, ChangeState):
                minutes = act.charge or ticket.flex_minutes
                ticket, moved = replace(ticket, state=act.to, flex_minutes=minutes), True
            elif isinstance(act, ChangeType):
                ticket = replace(ticket, type=act.to)
            elif isinstance(act, ChargeFlex):
                ticket = replace(ticket, flex_minutes=act.minutes)
            elif isinstance(act, DecideEscalation):
                ticket = replace(ticket, escalation="decided")
        answers.append(answer)
        if any(_takes_text(act) for act in found):
            said = replace(said, text="")
    if said.text.strip():
        # "#close" and "thank you" below it: the words go with the command, bring nothing back, and are
        # there when the desk is told of the command.
        words = [
            replace(act, said=said) if isinstance(act, AddComment) else act
            for act in comment
            if not (moved and isinstance(act, ChangeState))
        ]
        acts = [*words, *acts]
    answered = AnswerCommands(
        ticket.number, asking.author, tuple(answers), asking.level.name, asking.said.message_id
    )
    return (*acts, answered)


def _command(command: Command, ticket: Ticket, said: Said, asking: Asking) -> tuple[list[Act], CommandAnswer]:
    shown = _shown(command)
    ruled = asking.ruled_command(command.name)
    if ruled is Ruling.CONFIRM:
        deed = shown[1:] if command.name == "priority" else command.name
        confirm = AskToConfirm(ticket.number, _confirmer(ticket, asking), deed, said)
        return [confirm], CommandAnswer(shown, done=False, english="to be confirmed", french="à confirmer")
    if ruled not in {Ruling.ALLOW, Ruling.MARK}:
        english, french = _NOT_YOURS if ruled is Ruling.NEVER else _INSUFFICIENT
        return [], CommandAnswer(shown, done=False, english=english, french=french)
    orders = Orders(
        ticket,
        asking.author,
        said,
        asking.desk,
        asking.policy,
        asking.now,
        recent=asking.recent,
        marked=asking.marked,
        alerts=asking.alerts,
    )
    if command.name == "undo" and len(asking.intent.commands) > 1:
        english, french = _ALONE
        return [], CommandAnswer(shown, done=False, english=english, french=french)
    try:
        if command.name == "escalate":
            reason = command.argument or said.text
            given = {name: name not in asking.intent.missing for name in asking.policy.escalation.asks_for}
            found = orders.escalate(
                clean_line(reason, limit=_LONGEST_REASON),
                grounds=asking.intent.grounds,
                refusals=asking.intent.refusals,
                given=given,
            )
        else:
            found = by_command(orders, command.name, command.argument)
    except ActRefused as refused:
        return [], CommandAnswer(
            shown, done=False, english=refused.in_language("en"), french=refused.in_language("fr")
        )
    return found, CommandAnswer(
        shown, done=True, english="", french="", undo=_undone_by(command, found, asking)
    )


def _undone_by(command: Command, found: list[Act], asking: Asking) -> str:
    """The command that takes this one back, or empty."""
    if not asking.author.is_staff:
        return {"close": "reopen", "reopen": "close", **_FOLLOWING}.get(command.name, "")
    if command.name in _FOLLOWING:
        return _FOLLOWING[command.name]
    return "undo" if any(isinstance(act, _UNDOABLE) for act in found) else ""


def _takes_text(act: Act) -> bool:
    if isinstance(act, DecideEscalation):
        return True
    said = getattr(act, "said", None)
    return isinstance(said, Said) and bool(said.text.strip())


def below_commands(text: str, count: int) -> str:
    """The text without its first `count` lines that are commands."""
    rest = text.lstrip()
    for _ in range(count):
        if not rest.startswith("#"):
            break
        rest = rest.partition("\n")[2].lstrip()
    return rest


def _words(hits: list[Hit]) -> str:
    return clean_line("; ".join(dict.fromkeys(hit.text for hit in hits)), limit=100)
