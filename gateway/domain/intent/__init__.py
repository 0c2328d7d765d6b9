"""What the new text of a mail asks for: nudge, escalation, grounds, claimed priority, commands."""
