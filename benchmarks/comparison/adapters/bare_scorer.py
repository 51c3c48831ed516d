"""What one Python process can do behind a request to a model: an ASGI application without any check.

    python bare_scorer.py FOLDER PORT

msgspec decodes, the model answers on the event loop.
"""

import pickle
import sys
from pathlib import Path
from typing import Any

from comparison.adapters import base


class ModelServing(base.ModelServing):
    """The application over a pickle."""

    def save(self, model: Any, rows: Any, folder: Path) -> None:
        folder.mkdir()
        (folder / "model.pickle").write_bytes(pickle.dumps(model))

    def command(self, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
        return [sys.executable, str(Path(__file__)), str(folder), str(port)], {
            "PYTHONPATH": str(Path(__file__).parents[2])
        }


def main(folder: Path, port: int) -> None:
    """Serve until a signal."""
    import msgspec
    import numpy
    import uvicorn

    model = pickle.loads((folder / "model.pickle").read_bytes())
    decode, encode = msgspec.json.Decoder(dict[str, list[list[float]]]).decode, msgspec.json.Encoder().encode

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        body = b"{}"
        if scope["method"] == "POST":
            message = await receive()
            given = message["body"]
            while message.get("more_body"):
                message = await receive()
                given += message["body"]
            body = encode({"predictions": model.predict(numpy.array(decode(given)["inputs"])).tolist()})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    options: dict[str, Any] = {"access_log": False, "log_level": "warning", "lifespan": "off", "http": "httptools"}
    uvicorn.run(answer, host="127.0.0.1", port=port, **options)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
