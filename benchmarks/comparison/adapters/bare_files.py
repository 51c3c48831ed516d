"""What one Python process can do behind a proxy of files: an ASGI application that checks nothing.

    python bare_files.py FOLDER PORT

A body is written as it comes to a file that is then moved to its place; a file is sent a mebibyte at a time.
"""

import os
import sys
from itertools import count
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from comparison.adapters import bare_server, base

CHUNK = 1 << 20
PREFIX = "/api/2.0/mlflow-artifacts/artifacts/"


class Serving(base.Serving):
    """The application over a folder."""

    def command(self, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
        return [sys.executable, str(Path(__file__)), str(folder / "files"), str(port)], {}


class Files:
    """The ASGI application."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.numbers = folder, count()
        folder.mkdir()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = self.folder / scope["path"].removeprefix(PREFIX).removeprefix("/")
        if scope["method"] == "PUT":
            await self.put(path, receive)
            body = b"{}"
        elif scope["path"].startswith(PREFIX):
            await self.get(path, send)
            return
        else:  # is it there?
            body = b"{}"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": body})

    async def put(self, path: Path, receive: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".{next(self.numbers)}"
        with temporary.open("wb", buffering=0) as file:
            more = True
            while more:
                message = await receive()
                file.write(message["body"])
                more = message.get("more_body")
        temporary.replace(path)

    async def get(self, path: Path, send: Any) -> None:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            head = [(b"content-length", b"%d" % size)]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            while part := file.read(CHUNK):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    bare_server.serve(Files(Path(sys.argv[1])), int(sys.argv[2]))
