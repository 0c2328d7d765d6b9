"""The settings: read once, typed, and passed down."""

from gateway.settings.load import load_settings
from gateway.settings.reference import settings_reference
from gateway.settings.sections import (
    DeskSettings,
    GatewaySettings,
    LmtpSettings,
    MailboxSettings,
    OAuth2Settings,
    Origin,
    RelaySettings,
    Settings,
    SmtpSettings,
    TrustSettings,
    WebSettings,
)

__all__ = [
    "DeskSettings",
    "GatewaySettings",
    "LmtpSettings",
    "MailboxSettings",
    "OAuth2Settings",
    "Origin",
    "RelaySettings",
    "Settings",
    "SmtpSettings",
    "TrustSettings",
    "WebSettings",
    "load_settings",
    "settings_reference",
]
