"""An SSH server that asks for a password and has no `posix-rename`: `serve_ssh.py PORT FOLDER USER PASSWORD KEY`."""

import asyncio
import sys

import asyncssh


class Server(asyncssh.SSHServer):
    def begin_auth(self, _username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (sys.argv[3], sys.argv[4])


class Files(asyncssh.SFTPServer):
    def __init__(self, channel: asyncssh.SSHServerChannel) -> None:
        super().__init__(channel, chroot=sys.argv[2].encode())

    def posix_rename(self, _old: bytes, _new: bytes) -> None:
        raise asyncssh.SFTPOpUnsupported("not here")


async def main(port: str, _folder: str, _user: str, _password: str, key: str) -> None:
    await asyncssh.listen("127.0.0.1", int(port), server_factory=Server, server_host_keys=[key], sftp_factory=Files)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
