"""A real Postfix on private ports and folders, from Debian's package."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.process import Unavailable, free_port

_PROGRAMS = Path("/usr/lib/postfix/sbin")


class Postfix:
    """One instance over one folder, which has to lie where Postfix's user may look.

    Args:
        main: lines of main.cf beyond the usual.
        master: services of master.cf beyond the usual.
    """

    def __init__(self, folder: Path, *, main: str = "", master: str = "") -> None:
        if shutil.which("postfix") is None and not Path("/usr/sbin/postfix").exists():
            raise Unavailable("postfix is not installed")
        if os.geteuid() != 0:
            raise Unavailable("postfix has to be started by root")
        self.folder = folder
        self.port = free_port()
        self._config = folder / "etc"
        self._main = main
        self._master = master

    @contextmanager
    def running(self) -> Iterator[Postfix]:
        """Started, and stopped at the end."""
        self._write()
        self._postfix("start")
        try:
            yield self
        finally:
            self._postfix("stop")

    def queue(self) -> list[str]:
        """The lines of what is still waiting."""
        shown = subprocess.run(
            ["/usr/sbin/postqueue", "-c", str(self._config), "-p"],
            capture_output=True,
            text=True,
            check=False,
        )
        return [] if "is empty" in shown.stdout else shown.stdout.splitlines()

    def log(self) -> str:
        """What it has logged."""
        path = self.folder / "postfix.log"
        return path.read_text() if path.exists() else ""

    def _postfix(self, command: str) -> None:
        done = subprocess.run(
            ["/usr/sbin/postfix", "-c", str(self._config), command],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Unavailable(f"postfix {command}: {done.stderr}{done.stdout}{self.log()}")

    def _write(self) -> None:
        for path in (self._config, self.folder / "spool", self.folder / "data"):
            path.mkdir(parents=True)
        user, group = pwd.getpwnam("postfix"), grp.getgrnam("postdrop")
        os.chown(self.folder / "data", user.pw_uid, user.pw_gid)
        for parent in (self.folder, *self.folder.parents):
            if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o055)
        (self._config / "main.cf").write_text(
            f"queue_directory = {self.folder}/spool\ndata_directory = {self.folder}/data\n"
            f"maillog_file = {self.folder}/postfix.log\nmaillog_file_prefixes = {self.folder}\n"
            f"mail_owner = {user.pw_name}\nsetgid_group = {group.gr_name}\ncompatibility_level = 3.6\n"
            f"daemon_directory = {_PROGRAMS}\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n"
            "myhostname = mx.example.test\nmydestination =\nlocal_recipient_maps =\nalias_maps =\nalias_database =\n"
            "mynetworks = 127.0.0.0/8\nsmtpd_relay_restrictions = permit_mynetworks, reject\n"
            "smtpd_peername_lookup = no\nrecipient_delimiter = +\nminimal_backoff_time = 5s\n"
            f"queue_run_delay = 5s\nsmtputf8_enable = no\n{self._main}"
        )
        (self._config / "master.cf").write_text(
            f"127.0.0.1:{self.port} inet n - n - - smtpd\n"
            "postlog unix-dgram n - n - 1 postlogd\ncleanup unix n - n - 0 cleanup\n"
            "qmgr unix n - n 300 1 qmgr\nrewrite unix - - n - - trivial-rewrite\n"
            "bounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\ntrace unix - - n - 0 bounce\n"
            "verify unix - - n - 1 verify\nproxymap unix - - n - - proxymap\nsmtp unix - - n - - smtp\n"
            "relay unix - - n - - smtp\nerror unix - - n - - error\nretry unix - - n - - error\n"
            "discard unix - - n - - discard\nlocal unix - n n - - local\nvirtual unix - n n - - virtual\n"
            "lmtp unix - - n - - lmtp\nanvil unix - - n - 1 anvil\nscache unix - - n - 1 scache\n"
            "pickup unix n - n 60 1 pickup\nflush unix n - n 1000? 0 flush\nshowq unix n - n - - showq\n"
            f"{self._master}"
        )
