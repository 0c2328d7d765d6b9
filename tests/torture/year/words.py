"""What people write, in French and English: one plain text for each thing that a mail may want."""

from __future__ import annotations

from types import MappingProxyType

TEXTS = MappingProxyType(
    {
        "open": {
            "fr": "Le module Paie ne s'ouvre plus sur mon poste depuis hier, pourriez-vous nous aider ?",
            "en": "The payroll module does not open on my computer since yesterday, could you please help us?",
        },
        "none": {
            "fr": "Voici le numéro de version que vous avez demandé : nous utilisons la version 12 sur tous les postes.",
            "en": "Here is the version number that you wanted: we use version 12 on all of our computers.",
        },
        "nudge": {
            "fr": "Avez-vous des nouvelles de ma demande ?",
            "en": "Is there any news about my request?",
        },
        "escalation": {
            "fr": "Je souhaite escalader cette demande, car toute la comptabilité est arrêtée et la clôture a lieu demain.",
            "en": "I would like to escalate this request, because all of our accounting has stopped and the books close tomorrow.",
        },
        "claim": {
            "fr": "C'est très urgent : la production est arrêtée depuis ce matin dans notre usine.",
            "en": "This is urgent: production is down in our plant since this morning.",
        },
    }
)
SUBJECTS = MappingProxyType(
    {
        "fr": ("Module Paie", "Export des factures", "Étiquettes du dépôt", "Accès au portail"),
        "en": ("Payroll module", "Export of invoices", "Labels of the warehouse", "Access to the portal"),
    }
)


def written(wants: str, language: str, name: str) -> str:
    """The text of a mail, with its greeting and its end."""
    hello, bye = ("Bonjour,", "Cordialement,") if language == "fr" else ("Hello,", "Best regards,")
    return f"{hello}\n\n{TEXTS[wants][language]}\n\n{bye}\n{name}"


def absence(language: str, day: str) -> tuple[str, str]:
    """Subject and text of an absence message; `day` is ISO, or empty."""
    if language == "fr":
        until = f" jusqu'au {day[8:]}/{day[5:7]}/{day[:4]}" if day else ""
        return "Absence du bureau", f"Je suis absente du bureau{until}. Je répondrai à mon retour."
    until = f" until {day}" if day else ""
    return "Out of office", f"I am out of the office{until} and will answer your message when I return."
