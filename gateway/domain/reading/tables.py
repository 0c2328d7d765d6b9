"""The words by which mail is read, as `rules/reading/` and `rules/bounces.yaml` list them, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.domain.alert_words import AlertTables
from gateway.domain.diagnostics import DiagnosticsTables
from gateway.domain.intent.tables import IntentTables
from gateway.domain.reading.phrases import PhraseSet


@dataclass(frozen=True, slots=True)
class QuoteTables:
    """How mail programs set off what they quote. All words are folded.

    Attributes:
        verbs: of attribution lines.
        verb_ends: the last characters of each verb, unfolded.
        starters: first words of attribution lines.
        spoilers: words that no attribution line holds.
        originals: what stands between the dashes above the history of a reply.
        forwards: the same above a forwarded mail.
        labels: role (from, sent, to, cc, subject, other) by label, folded and unfolded.
        reply_prefixes: of subjects.
        forward_prefixes: of subjects.
        forward_prefixes_by_label: those that pass on only above header lines that begin with a label.
    """

    verbs: PhraseSet
    verb_ends: frozenset[str]
    starters: frozenset[str]
    spoilers: PhraseSet
    originals: frozenset[str]
    forwards: frozenset[str]
    labels: Mapping[str, str]
    reply_prefixes: frozenset[str]
    forward_prefixes: frozenset[str]
    forward_prefixes_by_label: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SignatureTables:
    """Where a signature begins. All words are folded.

    Attributes:
        openers: first words of all that may begin a signature, folded and unfolded.
        sign_offs: lines that end a text.
        mobile: what mail programs add, whole lines.
        disclaimers: how a notice begins.
        answer_above: the line above which a desk asks to answer.
    """

    openers: frozenset[str]
    sign_offs: frozenset[str]
    mobile: PhraseSet
    disclaimers: PhraseSet
    answer_above: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AutomaticTables:
    """The words of automatic mail.

    Attributes:
        absence_seconds: what stands in an absence beside its opening, and in no request.
        return_words: what stands before the day of return.
        until_words: what stands before the last day of an absence.
        months: number by folded name.
    """

    absence_subjects: PhraseSet
    acknowledgement_subjects: PhraseSet
    challenge_subjects: PhraseSet
    receipt_subjects: PhraseSet
    receipt_openings: PhraseSet
    absence_openings: PhraseSet
    absence_seconds: PhraseSet
    acknowledgement_openings: PhraseSet
    challenge_openings: PhraseSet
    return_words: PhraseSet
    until_words: PhraseSet
    months: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BounceReason:
    """One row of rules/bounces.yaml.

    Attributes:
        statuses: enhanced status codes (RFC 3463), `5.1.1`, or `x.1.1` for any class.
        words: over the folded diagnostic.
        without_status: the status to name where the server named none.
    """

    id: str
    statuses: frozenset[str]
    words: PhraseSet
    without_status: str


@dataclass(frozen=True, slots=True)
class BounceTables:
    """How bounces without RFC 3464 are recognised, and the reasons of all of them; over folded text.

    Attributes:
        senders: local parts and names of the programs that write them.
        openings: sentences in the text that say what came back.
        original_marks: lines below which the returned mail stands.
    """

    reasons: tuple[BounceReason, ...]
    senders: PhraseSet
    subjects: PhraseSet
    delay_subjects: PhraseSet
    openings: PhraseSet
    delay_openings: PhraseSet
    original_marks: PhraseSet


@dataclass(frozen=True, slots=True)
class LanguageTables:
    """Frequent words: for each the languages that use it, with a weight that shrinks with their number."""

    words: Mapping[str, tuple[tuple[str, float], ...]]


@dataclass(frozen=True, slots=True)
class ReadingTables:
    """All of them."""

    quotes: QuoteTables
    signatures: SignatureTables
    automatic: AutomaticTables
    bounces: BounceTables
    languages: LanguageTables
    intent: IntentTables
    diagnostics: DiagnosticsTables
    alerts: AlertTables
