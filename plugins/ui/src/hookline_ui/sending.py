"""Sending the page's files."""

from hookline_server.exchanges import Exchange, Reply
from hookline_ui.assets import Asset


async def send_asset(exchange: Exchange, asset: Asset, headers: dict[str, str], status: int = 200) -> None:
    """Answer with a file; not again where the browser has it."""
    encoding, body = asset.best(exchange.headers.get("accept-encoding", ""))
    etag = f'"{asset.etag}{"-" + encoding if encoding else ""}"'
    headers = {**headers, "etag": etag, "vary": "accept-encoding"}
    if status == 200 and etag in exchange.headers.get("if-none-match", ""):
        await exchange.answer(Reply(status=304, media_type="", headers=headers))
        return
    if encoding:
        headers["content-encoding"] = encoding
    await exchange.answer(Reply(body, status, media_type=asset.media_type, headers=headers))
