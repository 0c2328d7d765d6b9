"""How the text of a mail is read: zones, kinds, bounces, forwards, language. Pure, linear, no I/O."""
