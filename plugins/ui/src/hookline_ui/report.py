"""A report: the page in one file, with the data of an experiment inside, which opens without a server."""

import base64
import hashlib
import html
import re
import secrets
from collections.abc import Collection, Sequence
from pathlib import Path

from attrs import frozen

from hookline import Workspace
from hookline.entities import Experiment, RunRecord, now_ms
from hookline.errors import InvalidValue, Unavailable
from hookline.liveness import observed_record
from hookline_lib_wire import answers
from hookline_lib_wire.codec import encode
from hookline_lib_wire.messages.own import GetCharts, ListKeys
from hookline_server.handlers.tables import MAX_CHARTED, get_charts, list_keys
from hookline_server.services import Services
from hookline_ui.assets import REPORT, STATIC

AXES = ("step", "time")
_ENDS = re.compile(r"<([/!])(?=script|style|--)", re.IGNORECASE)
"""What in a script or a style would end it, or begin a comment: in a text of either, the escaped form says the same."""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div id="root"></div>
<script id="data" type="application/json">{data}</script>
<script>{script}</script>
</body>
</html>
"""


@frozen
class Extent:
    """How much of an experiment goes into a report.

    Attributes:
        runs: at most so many, the newest. metrics: only these are charted; None for all.
        points: at most so many a line. most_bytes: the greatest size of the file.
    """

    runs: int = 1000
    metrics: Collection[str] | None = None
    points: int = 300
    most_bytes: int = 50_000_000


def report_of(workspace: Workspace, experiment: Experiment, extent: Extent) -> bytes:
    """Return the file.

    Raises:
        InvalidValue: it would be larger than allowed; the text says what to leave out.
        Unavailable: the page was not built with this installation.
    """
    script, style = _built("report.js"), _built("report.css")
    services = Services(workspace)
    found = workspace.runs.search(experiment_ids=[experiment.experiment_id], max_results=extent.runs)
    size = len(script) + len(style)
    charts = {x: _charts(services, x, found, extent, size) for x in AXES}
    data = encode(
        {
            "made": now_ms(),
            "experiment": answers.experiment(experiment),
            "runs": [answers.run(observed_record(each)) for each in found],
            "points": extent.points,
            "keys": list_keys(services, ListKeys(experiment_ids=[experiment.experiment_id])).keys,
            "charts": charts,
        }
    )
    page = PAGE.format(
        policy=_policy(script, style),
        title=html.escape(f"{experiment.name} · Hookline"),
        style=style,
        script=script,
        data=_inert(data.decode()),
    ).encode()
    _check(len(page), extent)
    return page


def _charts(
    services: Services, x: str, runs: Sequence[RunRecord], extent: Extent, size: int
) -> dict[str, list[object]]:
    """Return the series of each metric; several at a time, so that what becomes too large is not read to its end."""
    having: dict[str, list[str]] = {}
    for run in runs:
        for key in run.data.points:
            if extent.metrics is None or key in extent.metrics:
                having.setdefault(key, []).append(run.info.run_id)
    charts: dict[str, list[object]] = {}
    for key, ids in having.items():
        charts[key] = []
        for begin in range(0, len(ids), MAX_CHARTED):
            asked = GetCharts(run_ids=ids[begin : begin + MAX_CHARTED], key=key, x=x, width=extent.points)
            series = get_charts(services, asked).series
            charts[key] += series
            size += len(encode(series))
            _check(size, extent)
    return charts


def _check(size: int, extent: Extent) -> None:
    if size > extent.most_bytes:
        raise InvalidValue(
            f"The report would be larger than {extent.most_bytes:,} bytes. Take fewer runs (--runs), name the metrics "
            "to chart (--metrics), take fewer points a line (--points), or allow more (--max-bytes)."
        )


def _built(name: str) -> str:
    try:
        text = (STATIC / REPORT / name).read_text(encoding="utf-8")
    except OSError as error:
        raise Unavailable(
            "The web page was not built with this installation of hookline-ui. Install it again: "
            "pip install --force-reinstall --no-deps hookline-ui (from a clone: ./plugins/ui)."
        ) from error
    return _ENDS.sub(lambda found: "<" + {"/": "\\/", "!": "\\x21"}[found[1]], text)


def _inert(data: str) -> str:
    """Return JSON that says the same and cannot end the element that it stands in."""
    return data.replace("<", "\\u003c")


def _policy(script: str, style: str) -> str:
    """Nothing runs but the page's own script, and nothing is asked of anybody."""
    return (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, or leave what was there."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InvalidValue(f"{str(path)!r} cannot be written: {error.strerror or error}.") from error
