"""Settings: looked up, typed, refused where they are wrong, and shown without their passwords."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.settings import show
from gateway.errors import ConfigurationError
from gateway.settings import Settings, load_settings, settings_reference
from gateway.settings.environment import environment_values
from gateway.settings.sections import SECTIONS, OAuth2Settings
from gateway.settings.values import without_password

EVERYTHING = """\
[gateway]
data_dir = "var"
database_url = "sqlite:///var/gateway.db"    # or postgresql+psycopg://…
broker_url = ""
workers = 2
[desk]
file = "desk.yaml"
preset = "partner-24x7"
rules_dir = ""
templates_dir = ""
[smtp]
listen = "127.0.0.1:2525"
max_message_bytes = 26214400
[lmtp]
listen = "unix:run/lmtp.sock"
[[imap]]
name = "support"
host = "imap.example.test"
port = 993
tls = "implicit"
user = "support"
password_file = "imap.pass"
folder = "INBOX"
after = "move:Processed"
recipient = "support@example.test"
first_sync = "ask"
[[imap]]
name = "sales"
host = "outlook.example.test"
user = "sales@example.test"
oauth2 = {token_url = "https://login.example.test/token", client_id = "4b1", client_secret_file = "secret"}
after = "seen"
recipient = "sales@example.test"
[relay]
url = "file:var/sent"
[trust]
authserv_ids = ["mx.example.test"]
relays = ["192.0.2.7", "2001:db8::/32"]
verify = "auto"
staff = "token+dkim"
[web]
listen = "[::1]:8025"
base_url = "http://127.0.0.1:8025/"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "gateway.toml"
    path.write_text(text)
    return path


def refused(folder: Path, text: str, **environ: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(written(folder, text), environ)
    return caught.value


def test_every_key_of_the_contract_is_read(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, EVERYTHING), {})

    assert settings.gateway.workers == 2
    assert settings.lmtp.listen == f"unix:{tmp_path}/run/lmtp.sock"
    support, sales = settings.imap
    assert (support.host, support.port, support.oauth2) == ("imap.example.test", 993, None)
    assert sales.oauth2 is not None
    assert sales.oauth2.client_secret_file == str(tmp_path / "secret")
    assert settings.trust.relays == ("192.0.2.7/32", "2001:db8::/32")
    assert settings.web.base_url == "http://127.0.0.1:8025"


def test_relative_paths_start_from_the_files_folder(tmp_path: Path) -> None:
    settings = load_settings(
        written(tmp_path, '[smtp]\ncertificate = "tls/cert.pem"\nkey = "/etc/key.pem"\n'), {}
    )

    assert settings.gateway.data_dir == tmp_path / "var"
    assert settings.gateway.database_url == f"sqlite:///{tmp_path}/var/gateway.db"
    assert settings.relay.url == f"file:{tmp_path}/var/sent"
    assert settings.smtp.certificate == str(tmp_path / "tls/cert.pem")
    assert settings.smtp.key == "/etc/key.pem"
    assert settings.desk.rules_dir == ""


def test_without_a_file_the_defaults_start_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    settings = load_settings(None, {})

    assert settings.file is None
    assert settings.desk.file == tmp_path / "desk.yaml"


def test_the_file_in_the_working_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "[gateway]\nworkers = 3\n")
    monkeypatch.chdir(tmp_path)

    settings = load_settings(None, {})

    assert settings.gateway.workers == 3
    assert settings.file == tmp_path / "gateway.toml"
    assert str(settings.origins["gateway.workers"]) == "gateway.toml:2"


def test_the_environment_has_the_last_word(tmp_path: Path) -> None:
    environ = {
        "GATEWAY_GATEWAY__WORKERS": "4",
        "GATEWAY_TRUST__AUTHSERV_IDS": "mx1.example.test, mx2.example.test",
        "GATEWAY_TRUST__RELAYS": '["10.0.0.0/8"]',
        "GATEWAY_SMTP__LISTEN": "",
        "HOME": "/root",
    }

    settings = load_settings(written(tmp_path, EVERYTHING), environ)

    assert settings.gateway.workers == 4
    assert settings.trust.authserv_ids == ("mx1.example.test", "mx2.example.test")
    assert settings.trust.relays == ("10.0.0.0/8",)
    assert settings.smtp.listen == ""
    assert str(settings.origins["smtp.listen"]) == "variable GATEWAY_SMTP__LISTEN"
    assert str(settings.origins["smtp.max_connections"]) == "default"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[gatewy]\n", 1, "is gateway meant?"),
        ("[smtp]\n\nlissten = 'x'\n", 3, "is listen meant?"),
        ("top = 1\n", 1, "unknown section [top]"),
        ("smtp.listn = 'x'\n", 1, "is listen meant?"),
        ("[smtp]\nlisten = 2525\n", 2, "expected text in quotes, not a number"),
        ("[smtp]\nlisten = '2525'\n", 2, 'expected "host:port"'),
        ("[smtp]\nlisten = '::1:25'\n", 2, "[v6 address]:port"),
        ("[smtp]\nlisten = 'localhost:70000'\n", 2, "host:port"),
        ("[smtp]\nmax_message_bytes = '25M'\n", 2, "expected a whole number, not text"),
        ("[smtp]\nmax_message_bytes = true\n", 2, "not true or false"),
        ("[smtp]\nmax_message_bytes = 12\n", 2, "from 65536 to 268435456"),
        ("[gateway]\nworkers = 0\n", 2, "from 1 to 64"),
        ("[gateway]\ndata_dir = ''\n", 2, "not empty"),
        ("[gateway]\ndatabase_url = 'sqlite://'\n", 2, "on disk"),
        ("[gateway]\ndatabase_url = 'mysql://h/d'\n", 2, "postgresql+psycopg://"),
        ("[gateway]\nbroker_url = 'kafka://h'\n", 2, "amqp://"),
        ("[relay]\nurl = 'mail.example.test:25'\n", 2, "smtp://"),
        ("[relay]\nurl = 'smtp://u:geh/eim@h:25'\n", 2, "%2F"),
        ("[desk]\npreset = 'partner'\n", 2, "expected one of learning-saas, partner-24x7"),
        ("[trust]\nstaff = 'none'\n", 2, "token+dkim, token"),
        ("[trust]\nrelays = ['mx.example.test']\n", 2, "10.0.0.0/8"),
        ("[trust]\nauthserv_ids = 'mx'\n", 2, "expected a list of texts, not text"),
        ("[web]\nbase_url = 'ftp://h'\n", 2, "http://host"),
        ("[smtp]\ncertificate = 'c.pem'\n", 2, "smtp.key is needed too"),
        ("[smtp]\nlisten_tls = '127.0.0.1:465'\n", 2, "needs smtp.certificate"),
        ("[imap]\nname = 'x'\n", 1, "[[imap]]"),
        ("\n[[imap]]\nname = 'x'\n", 2, "imap.1 lacks the key host"),
        ("[smtp]\nlisten = 'a\n", 2, "is not TOML"),
        ("smtp = 3\n", 1, "write [smtp]"),
    ],
)
def test_a_wrong_setting_is_refused_where_it_stands(tmp_path: Path, text: str, line: int, words: str) -> None:
    error = refused(tmp_path, text)

    assert (error.file, error.line) == (str(tmp_path / "gateway.toml"), line)
    assert words in error.reason


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (('name = "sales"', 'name = "support"'), 28, "two mailboxes are called 'support'"),
        (("port = 993", "prot = 993"), 19, "is port meant?"),
        (('tls = "implicit"', 'tls = "none"'), 20, "loopback only"),
        (('after = "move:Processed"', 'after = "move:"'), 24, "move:FOLDER"),
        (('password_file = "imap.pass"\n', ""), 17, "either password_file or oauth2"),
        (('client_id = "4b1"', 'client = "4b1"'), 31, "is client_id meant?"),
        (('client_id = "4b1", ', ""), 28, "oauth2 by client-credentials needs the key client_id"),
        (("https://login", "http://login"), 31, "a secret is sent there"),
        (('after = "move:Processed"', 'after = "move:INBOX"'), 24, "where it is fetched from"),
        (('after = "move:Processed"', 'after = "move:Inbox"'), 24, "where it is fetched from"),
        (
            (
                'host = "outlook.example.test"\nuser = "sales@example.test"',
                'host = "imap.example.test"\nuser = "support"',
            ),
            28,
            "the same folder of one account",
        ),
    ],
)
def test_a_wrong_mailbox_is_refused_where_it_stands(
    tmp_path: Path, change: tuple[str, str], line: int, words: str
) -> None:
    error = refused(tmp_path, EVERYTHING.replace(*change, 1))

    assert error.line == line
    assert words in error.reason


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GATEWAY_SMTP__LISTN", "x", "is GATEWAY_SMTP__LISTEN meant?"),
        ("GATEWAY_SMTP_LISTEN", "x", "is GATEWAY_SMTP__LISTEN meant?"),
        ("GATEWAY_IMAP__HOST", "x", "only by [[imap]]"),
        ("GATEWAY_GATEWAY__WORKERS", "many", "expected a whole number"),
        ("GATEWAY_TRUST__RELAYS", "[1", "expected a list"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(tmp_path: Path, name: str, value: str, words: str) -> None:
    error = refused(tmp_path, "", **{name: value})

    assert str(error).startswith(f"variable {name}: ")
    assert words in error.reason


def test_variables_of_others_are_left_alone() -> None:
    environ = {
        "GATEWAY_LOG": "json",
        "GATEWAY_PORT_25_TCP_ADDR": "10.1.1.1",
        "GATEWAY_SERVICE_HOST": "10.1.1.1",
    }

    assert environment_values(environ) == {}


def test_a_named_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml: cannot be read: No such file"):
        load_settings(tmp_path / "none.toml", {})


def test_a_rules_folder_of_its_own_may_have_other_presets(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "[desk]\nrules_dir = 'rules'\npreset = 'ours'\n"), {})

    assert settings.desk.preset == "ours"


@given(
    st.dictionaries(
        st.text(max_size=8), st.text(max_size=8) | st.integers() | st.lists(st.text()), max_size=3
    )
)
def test_whatever_a_section_says_is_read_or_refused(table: dict[str, object]) -> None:
    body = "".join(f"{json.dumps(key)} = {json.dumps(value)}\n" for key, value in table.items())
    try:
        tomllib.loads(body)
    except tomllib.TOMLDecodeError:
        return  # JSON writes a few texts that TOML does not read
    folder = Path("/nonexistent")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", lambda *_: io.BytesIO(f"[smtp]\n{body}".encode()))
        with contextlib.suppress(ConfigurationError):
            load_settings(folder / "gateway.toml", {})


def test_settings_are_shown_with_origin_and_help_and_without_passwords(tmp_path: Path) -> None:
    environ = {"GATEWAY_GATEWAY__BROKER_URL": "amqp://bunny:hunter2@127.0.0.1/vhost"}
    settings = load_settings(written(tmp_path, EVERYTHING), environ)
    page, lines = io.StringIO(), io.StringIO()

    show(settings, as_json=False, stream=page)
    show(settings, as_json=True, stream=lines)

    assert "hunter2" not in page.getvalue() + lines.getvalue() + repr(settings)
    shown = {entry["key"]: entry for entry in map(json.loads, lines.getvalue().splitlines())}
    assert shown["gateway.broker_url"]["value"] == "amqp://bunny:***@127.0.0.1/vhost"
    assert shown["gateway.broker_url"]["origin"] == "variable GATEWAY_GATEWAY__BROKER_URL"
    assert shown["imap.2.oauth2.client_id"]["value"] == "4b1"
    assert shown["smtp.listen"]["origin"].endswith("gateway.toml:12")
    assert all(entry["help"] for entry in shown.values())
    assert tomllib.loads(page.getvalue())["smtp"]["max_connections"] == 200


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("smtp://user:p@ss@host:25", "smtp://user:***@host:25"),
        ("smtps://host:465?starttls=required", "smtps://host:465?starttls=required"),
        (
            "postgresql+psycopg://host/db?user=u&password=x",
            "postgresql+psycopg://host/db?user=u&password=***",
        ),
        ("redis://:secret@host:6379/0", "redis://:***@host:6379/0"),
    ],
)
def test_no_password_of_a_url_is_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_the_reference_has_every_key_with_its_help() -> None:
    rows = settings_reference().splitlines()

    sections = [*SECTIONS.values(), OAuth2Settings]
    keys = [field.name for section in sections for field in dataclasses.fields(section)]
    assert len(rows) == len(keys) + 2
    assert all(row.count("|") == 4 for row in rows)
    assert '| `[smtp]` `listen` | `"127.0.0.1:2525"` |' in settings_reference()


def test_the_readme_has_the_reference_as_it_is() -> None:
    readme = Path(__file__).resolve().parents[2] / "README.md"

    assert settings_reference() in readme.read_text(), (
        "paste what gateway.settings.settings_reference() returns"
    )


def test_settings_cost_the_receiver_only_the_standard_library() -> None:
    code = (
        "import sys, gateway.settings; print([m for m in sys.modules if m.partition('.')[0] in sys.argv[1:]])"
    )
    others = ["pydantic", "sqlalchemy", "dramatiq", "typer", "yaml", "mailparser", "email"]
    done = subprocess.run([sys.executable, "-c", code, *others], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_settings_cannot_be_changed() -> None:
    settings = load_settings(None, {})

    assert isinstance(settings, Settings)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.smtp.listen = ""  # type: ignore[misc]
