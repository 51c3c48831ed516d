"""Real servers of files on free ports of this machine: OpenSSH, asyncssh, pyftpdlib, vsftpd, wsgidav, Samba."""

import getpass
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import trustme

HOST = "127.0.0.1"
USER, PASSWORD = "the user", "s3cr3t @/:% that nobody may see"
HERE = Path(__file__).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Running:
    """A server of the folder `files`, which can be killed in the middle of something and started again."""

    def __init__(self, folder: Path, command: Callable[[int], list[str]]) -> None:
        self.folder = folder
        self.files = folder / "files"
        self.files.mkdir()
        self.port = free_port()
        self._command = command(self.port)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not self._answers():
            failed = self._process.poll() is not None or time.monotonic() > deadline
            assert not failed, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill it with all that it started, as a machine that loses its power."""
        if self._process is None:
            return
        for pid in (self._process.pid, *_below(self._process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(30)
        self._process = None

    def freeze(self) -> None:
        """Let it and all that it started do nothing any more, while its connections stay."""
        assert self._process is not None
        root, stopped = self._process.pid, set[int]()
        while new := {root, *_below(root)} - stopped:  # what starts others stops first, and may have just started one
            for pid in sorted(new):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            stopped |= new

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection((HOST, self.port), timeout=5):
            return True
        return False


def _below(pid: int) -> list[int]:
    """The processes that a process started, and those that they did."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for each in map(int, path.read_text().split()):
                found += [each, *_below(each)]
    return found


@contextmanager
def running(server: Running) -> Iterator[Running]:
    try:
        server.start()
        yield server
    finally:
        server.kill()


def new_key(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)


class OpenSsh(Running):
    """OpenSSH's server for this very user, whose key it knows."""

    def __init__(self, folder: Path) -> None:
        for name in ("host_key", "user_key", "other_key"):
            new_key(folder / name)
        (folder / "authorized_keys").write_text((folder / "user_key.pub").read_text())
        super().__init__(folder, self._configured)
        host_key = (folder / "host_key.pub").read_text()
        (folder / "known_hosts").write_text(f"[{HOST}]:{self.port} {host_key}")
        self.key, self.known_hosts = str(folder / "user_key"), str(folder / "known_hosts")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)

    def _configured(self, port: int) -> list[str]:
        settings = {
            "ListenAddress": HOST,
            "Port": port,
            "HostKey": self.folder / "host_key",
            "AuthorizedKeysFile": self.folder / "authorized_keys",
            "PidFile": "none",
            "PasswordAuthentication": "no",
            "PermitRootLogin": "yes",
            "StrictModes": "no",
            "UsePAM": "no",
            "MaxStartups": 100,
            "Subsystem": "sftp internal-sftp",
        }
        (self.folder / "config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        return ["/usr/sbin/sshd", "-D", "-e", "-f", str(self.folder / "config")]

    def home(self, folder: Path) -> None:
        """Make the files of a person who signs in with `ssh` and nothing else."""
        (folder / ".ssh").mkdir()
        lines = (f"IdentityFile {self.key}", f"UserKnownHostsFile {self.known_hosts}")
        (folder / ".ssh/config").write_text("\n".join(("Host *", *lines, "")))


class AskingSsh(Running):
    """asyncssh's server, which asks for a password, shows its files only, and replaces none."""

    def __init__(self, folder: Path) -> None:
        new_key(folder / "host_key")
        super().__init__(folder, lambda port: self._script("serve_ssh.py", port, str(folder / "host_key")))
        (folder / "known_hosts").write_text(f"[{HOST}]:{self.port} {(folder / 'host_key.pub').read_text()}")
        self.known_hosts = str(folder / "known_hosts")

    def _script(self, name: str, port: int, *more: str) -> list[str]:
        return [sys.executable, str(HERE / name), str(port), str(self.files), USER, PASSWORD, *more]


class Scripted(Running):
    """A server that a script of this folder starts, with a certificate or without one."""

    def __init__(self, folder: Path, script: str, *, encrypted: bool = False) -> None:
        self.ca_bundle = str(folder / "ca.pem")
        more = []
        if encrypted:
            authority = trustme.CA()
            authority.cert_pem.write_to_path(self.ca_bundle)
            more = [str(folder / "server.pem")]
            authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(more[0])

        def command(port: int) -> list[str]:
            return [sys.executable, str(HERE / script), str(port), str(folder / "files"), USER, PASSWORD, *more]

        super().__init__(folder, command)


class Vsftpd(Running):
    """vsftpd, as it is on many machines: it has neither `MLSD` nor `MLST`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, self._configured)
        self.files.chmod(0o755)
        (self.files / "open").mkdir()
        (self.files / "open").chmod(0o777)

    def _configured(self, port: int) -> list[str]:
        settings = {
            "listen": "YES",
            "listen_address": HOST,
            "listen_port": port,
            "background": "NO",
            "run_as_launching_user": "NO" if os.geteuid() == 0 else "YES",
            "local_enable": "NO",
            "anonymous_enable": "YES",
            "anon_root": self.files,
            "ftp_username": "daemon" if os.geteuid() == 0 else getpass.getuser(),
            "allow_writeable_chroot": "YES",
            "write_enable": "YES",
            "anon_upload_enable": "YES",
            "anon_mkdir_write_enable": "YES",
            "anon_other_write_enable": "YES",
            "anon_world_readable_only": "NO",
            "anon_umask": "022",
            "seccomp_sandbox": "NO",
            "secure_chroot_dir": self.folder / "empty",
            "xferlog_enable": "NO",
        }
        (self.folder / "empty").mkdir()
        (self.folder / "config").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        return ["/usr/sbin/vsftpd", str(self.folder / "config")]


class Samba(Running):
    """Samba with one share, for the file system `smb` of fsspec; this very user has a password of its own there."""

    def __init__(self, folder: Path) -> None:
        self.user = getpass.getuser()
        super().__init__(folder, self._configured)

    def _configured(self, port: int) -> list[str]:
        for name in ("private", "lock", "state", "cache", "pid", "ncalrpc"):
            (self.folder / name).mkdir()
        text = f"""
[global]
smb ports = {port}
interfaces = {HOST}
bind interfaces only = yes
server role = standalone server
disable netbios = yes
private dir = {self.folder}/private
lock directory = {self.folder}/lock
state directory = {self.folder}/state
cache directory = {self.folder}/cache
pid directory = {self.folder}/pid
ncalrpc dir = {self.folder}/ncalrpc
passdb backend = smbpasswd:{self.folder}/private/smbpasswd
load printers = no
case sensitive = yes
mangled names = no
log file = {self.folder}/samba.log
[files]
path = {self.files}
read only = no
"""
        (self.folder / "config").write_text(text)
        command = ["smbpasswd", "-c", str(self.folder / "config"), "-s", "-a", self.user]
        said = f"{PASSWORD}\n{PASSWORD}\n"
        subprocess.run(command, input=said, text=True, check=True, capture_output=True)
        return ["/usr/sbin/smbd", "--foreground", "--no-process-group", f"--configfile={self.folder}/config"]
