"""What the server sends: the page, its files, their headers."""

import base64
import gzip
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from hookline.errors import NotFound, Unavailable
from hookline.testing import PluginSuite
from hookline_lib_wire.table import ROUTES
from hookline_server.access import EVERYTHING, Authenticator, Caller
from hookline_server.openapi import document
from hookline_ui.assets import STATIC, Assets, accepts

FRONTEND = Path(__file__).parents[1] / "frontend"
BUDGET = 250_000
WHOLE = 1_500_000


class TestPlugin(PluginSuite):
    plugin = "ui"


def links(page):
    found = re.findall(r'(?:src|href)="([^"]+)"', page.decode())
    assert all(each.startswith("./static/") for each in found)
    return [each.removeprefix("./") for each in found]


def policy(headers):
    return dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))


def test_the_page_lets_nothing_run_but_its_own_files(ask):
    status, headers, page = ask("/")
    assert status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    said = policy(headers)
    assert said["default-src"] == said["script-src"] == said["style-src"] == said["connect-src"] == "'self'"
    assert (said["frame-ancestors"], said["object-src"], said["base-uri"]) == ("'self'", "'none'", "'none'")
    assert "unsafe" not in headers["content-security-policy"]
    assert b"<style" not in page
    assert not re.search(rb"<script(?![^>]* src=)", page)
    assert headers["x-content-type-options"] == "nosniff"


def test_every_address_of_the_page_is_relative(ask):
    assert len(links(ask("/")[2])) >= 3


def test_the_page_is_asked_for_again_and_its_files_are_kept_for_good(ask):
    _, headers, page = ask("/")
    assert headers.get_all("cache-control") == ["no-cache"]
    for link in links(page):
        status, headers, _ = ask(f"/{link}")
        assert status == 200
        assert headers.get_all("cache-control") == ["public, max-age=31536000, immutable"]


@pytest.mark.parametrize("encoding", ["", "gzip", "br"])
def test_a_file_comes_as_the_browser_takes_it(ask, encoding):
    script = next(each for each in links(ask("/")[2]) if each.endswith(".js"))
    _, plain, body = ask(f"/{script}")
    assert "content-encoding" not in plain
    status, headers, packed = ask(f"/{script}", accept_encoding=encoding)
    assert (status, headers.get("content-encoding", "")) == (200, encoding)
    assert headers["vary"] == "accept-encoding"
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert int(headers["content-length"]) == len(packed)
    if encoding:
        assert len(packed) < len(body) / 2
    if encoding == "gzip":
        assert gzip.decompress(packed) == body
    assert ask(f"/{script}", accept_encoding=encoding, if_none_match=headers["etag"])[::2] == (304, b"")
    assert ask(f"/{script}", accept_encoding=encoding, if_none_match='"another"')[0] == 200


def test_a_head_has_the_length_and_no_body(ask):
    status, headers, body = ask("/", method="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 200


@pytest.mark.parametrize(
    ("header", "is_accepted"),
    [("gzip, br", True), ("BR", True), ("br;q=0.5", True), ("br;q=0", False), ("br; q=0.0", False), ("", False)],
)
def test_an_encoding_that_is_refused_is_not_sent(header, is_accepted):
    assert accepts(header, "br") is is_accepted


@pytest.mark.parametrize(
    "path", ["/static/missing.js", "/static/../index.html", "/static/%2e%2e/__init__.py", "/static/built-from.txt"]
)
def test_nothing_but_the_page_is_sent(ask, path):
    status, headers, body = ask(path)
    assert status == 404
    assert headers["content-type"] == "application/json"
    assert json.loads(body)["error_code"] in ("RESOURCE_DOES_NOT_EXIST", "ENDPOINT_NOT_FOUND")


def test_below_a_prefix_everything_is_found_and_nothing_outside(serve):
    with serve(prefix="/ml") as ask:
        status, _, page = ask("/ml/")
        assert status == 200
        assert all(ask(f"/ml/{each}")[0] == 200 for each in links(page))
        assert ask("/ml/ajax-api/2.0/mlflow/experiments/get?experiment_id=0")[0] == 200
        status, headers, _ = ask("/ml")
        assert (status, headers["location"]) == (308, "ml/")
        assert ask("/")[0] == 404


def test_an_artifact_that_is_a_page_can_do_nothing(ask, workspace):
    with workspace.start_run(sampled=False) as run:
        run.log_text("<script>alert(1)</script>", "page.html")
    status, headers, body = ask(f"/ui/frame?run_id={run.run_id}&path=page.html")
    assert (status, body) == (200, b"<script>alert(1)</script>")
    said = policy(headers)
    assert said["sandbox"] == ""
    assert said["default-src"] == "'none'"
    assert "script-src" not in said
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["../../secret", "missing.html", ""])
def test_a_frame_shows_files_of_the_run_alone(ask, workspace, path):
    with workspace.start_run(sampled=False) as run:
        run.log_text("x", "page.html")
    status, headers, _ = ask(f"/ui/frame?run_id={run.run_id}&path={path}")
    assert status in (400, 404)
    assert headers["content-type"] == "application/json"


def test_what_loads_at_first_is_small():
    page = (STATIC / "index.html").read_bytes()
    first = sum(len(gzip.compress((STATIC / each).read_bytes(), 9)) for each in links(page))
    whole = sum(path.stat().st_size for path in STATIC.rglob("*.gz"))
    assert first < BUDGET
    assert whole < WHOLE


def test_a_missing_build_is_told_with_the_way_out(tmp_path):
    with pytest.raises(Unavailable, match="pip install"):
        Assets(tmp_path)


def test_a_file_that_is_gone_after_an_update_is_told():
    with pytest.raises(NotFound, match="Load the page again"):
        Assets()["static/index-of-yesterday.js"]


def outline(api):
    """The operations, and the fields of their structs: what every version of msgspec describes alike."""
    operations = {
        (path, method): each["operationId"] for path, at in api["paths"].items() for method, each in at.items()
    }
    return operations, {name: set(each.get("properties", ())) for name, each in api["components"]["schemas"].items()}


def test_the_types_of_the_page_are_made_from_the_api_as_it_is():
    golden = json.loads((FRONTEND / "openapi.json").read_text(encoding="utf-8"))
    now = json.loads(json.dumps(document(ROUTES)))
    view = outline if version("msgspec") < "0.22" else dict  # the golden file was made with 0.22
    assert view(golden) == view(now), "The API changed: hookline server --openapi > plugins/ui/frontend/openapi.json"


def test_the_lock_file_names_no_host():
    lock = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))
    packages = [each for name, each in lock["packages"].items() if name and not each.get("link")]
    assert packages
    assert all("resolved" not in each and each["integrity"].startswith("sha512-") for each in packages)


def test_the_command_says_where_the_page_is(tmp_path):
    words = [sys.executable, "-m", "hookline", "ui", "--no-browser", "--port", "0", "--json"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            line = ""
            while not line.rstrip().endswith("}"):
                part = process.stdout.readline()
                assert part, "it ended"
                line += part
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", json.loads(line)["url"])
        finally:
            process.terminate()
        assert process.wait(30) == 0


def test_a_server_without_users_knows_nobody_and_asks_nobody(ask):
    status, _, body = ask("/who")
    assert (status, json.loads(body)) == (200, {})
    status, headers, _ = ask("/sign-in")
    assert (status, headers["location"]) == (303, "./")
    assert ask("/sign-out")[0] == 200


class Known(Authenticator):
    """Knows whoever gives the password."""

    def identify(self, headers, address):
        return Caller("jane") if headers.get("authorization") == basic("jane", "right") else None

    def allows(self, caller, permission, names):
        return True

    def visible(self, caller, thing):
        return EVERYTHING


def basic(name, password):
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


@pytest.fixture(scope="module")
def guarded(serve):
    with serve(authenticator=Known()) as found:
        yield found


def test_the_page_itself_is_for_everybody_and_its_requests_are_not_challenged(guarded):
    assert guarded("/")[0] == 200
    status, headers, _ = guarded("/who", x_requested_with="hookline")
    assert (status, headers["www-authenticate"]) == (401, None)
    assert guarded("/who")[1]["www-authenticate"].startswith("Basic")


def test_signing_in_asks_until_the_password_is_right(guarded):
    for given in ({}, {"authorization": basic("jane", "wrong")}):
        status, headers, body = guarded("/sign-in", **given)
        assert (status, headers["www-authenticate"]) == (401, 'Basic realm="hookline"')
        assert b"<script" in body
        assert policy(headers)["default-src"] == "'self'"
    status, headers, _ = guarded("/sign-in", authorization=basic("jane", "right"))
    assert (status, headers["location"]) == (303, "./")
    assert json.loads(guarded("/who", authorization=basic("jane", "right"))[2]) == {"name": "jane"}


@pytest.mark.parametrize("given", ["", "Bearer x", "Basic %", basic("jane", "right")])
def test_signing_out_asks_for_another_name_and_takes_that_of_nobody(guarded, given):
    status, headers, _ = guarded("/sign-out", authorization=given, x_requested_with="hookline")
    assert (status, headers["www-authenticate"]) == (401, 'Basic realm="hookline"')
    assert guarded("/sign-out", authorization=basic("signed-out", "x"))[0] == 200
    assert guarded("/who", authorization=basic("signed-out", "x"))[0] == 401
