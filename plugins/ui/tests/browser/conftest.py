"""A real browser on a real server over a filled store. Whatever a page writes to the console is a failure.

It runs where Playwright, Debian's Chromium and axe-core are: `tox -e ui` brings them.
"""

import json
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import warnings
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
LARGE = 3000

NEEDED = "playwright", "sklearn", "plotly", "pandas"

if not all(map(find_spec, NEEDED)) or not Path(CHROMIUM).exists() or not AXE.exists():
    collect_ignore_glob = ["*"]
else:
    sys.path.insert(0, str(Path(__file__).parent))
    from filling import fill
    from playwright.sync_api import expect, sync_playwright

    from hookline import Workspace
    from hookline.config import Config

    expect.set_options(timeout=20_000)  # a slow machine is no failure

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


class Site:
    """A server, and the ids of what its store is filled with."""

    def __init__(self, url, ids):
        self.url, self.ids = url, ids

    def post(self, path, **body):
        sent = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return json.load(answer)

    def runs(self, experiment, count=5, **search):
        """Return ids of the newest runs of an experiment, by what it is for."""
        found = self.post(
            "api/hookline/v1/runs/search", experiment_ids=[self.ids[experiment]], max_results=count, **search
        )
        return [each["info"]["run_id"] for each in found["runs"]]

    def run(self, run_id):
        with urllib.request.urlopen(f"{self.url}api/2.0/mlflow/runs/get?run_id={run_id}", timeout=30) as answer:
            return json.load(answer)["run"]


@contextmanager
def started(folder, command, *options):
    """Start a server; gives its URL and its process."""
    words = [sys.executable, "-m", "hookline", command, "--port", "0", "--json", *options]
    with (
        (folder / "log.txt").open("a") as log,
        subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            text = ""
            while not text.rstrip().endswith("}"):
                part = process.stdout.readline()
                assert part, text
                text += part
            yield json.loads(text)["url"].rstrip("/") + "/", process
        finally:
            process.terminate()


@contextmanager
def serving(folder, command, *options):
    with started(folder, command, *options) as (url, _process):
        yield url


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="session")
def filled(folder):
    with warnings.catch_warnings():  # of scikit-learn, and of pickles that are written
        warnings.simplefilter("ignore")
        with Workspace(Config.load(folder)) as workspace:
            return fill(workspace, LARGE)


@pytest.fixture
def serve(folder, filled, tmp_path):
    """Serve a copy of the store with a command and its options."""
    shutil.copytree(folder, tmp_path / "store")
    return partial(serving, tmp_path / "store")


@pytest.fixture(scope="session")
def site_at(filled):
    return lambda url: Site(url, filled)


@pytest.fixture(scope="session")
def site(folder, filled, site_at):
    with serving(folder, "ui", "--no-browser") as url:
        yield site_at(url)


PREFIX = "/a/b"
DROPPED = {"host", "connection", "content-length", "transfer-encoding"}


class Proxying(BaseHTTPRequestHandler):
    """Passes on what is below `/a/b` without that prefix, as a reverse proxy does."""

    def _pass_on(self):
        size = int(self.headers.get("Content-Length") or 0)
        headers = {key: value for key, value in self.headers.items() if key.lower() not in DROPPED}
        if self.server.passes_host:
            headers["Host"] = self.headers["Host"]
        address = self.server.upstream.rstrip("/") + self.path.removeprefix(PREFIX)
        asked = urllib.request.Request(address, self.rfile.read(size) if size else None, headers, method=self.command)
        try:
            answer = urllib.request.urlopen(asked, timeout=30)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            body = answer.read()
        self.send_response(answer.status)
        for key, value in answer.headers.items():
            if key.lower() not in DROPPED:
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815 - the names that the library asks for

    def log_message(self, *_words):
        """Say nothing."""


@pytest.fixture
def proxy():
    """Give a reverse proxy; its `upstream` is set by the test, and `url` is where the page is behind it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Proxying) as found:
        found.url = f"http://127.0.0.1:{found.server_port}{PREFIX}/"
        found.passes_host = True
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield found
        found.close()


class Tab:
    """A page with what it said: errors, violations of its policy, requests to other places."""

    def __init__(self, browser, site, size=(1440, 900), scheme="light", credentials=None):
        width, height = size
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            accept_downloads=True,
            http_credentials=credentials,
        )
        self.context.add_init_script(WATCH)
        self.site, self.page, self.said, self.expected = site, self.context.new_page(), [], []
        self.page.on("console", lambda each: each.type in ("error", "warning") and self.said.append(each.text))
        self.page.on("pageerror", lambda error: self.said.append(f"uncaught: {error}"))
        self.page.on("dialog", lambda dialog: (self.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", self._note)

    def _note(self, request):
        address = re.sub("//[^/@]*@", "//", request.url)  # a name for the server is no other server
        if not address.startswith((self.site.url, "data:", "blob:")):
            self.said.append(f"asked elsewhere: {request.url}")

    def open(self, path=""):
        self.page.goto(self.site.url + path)
        self.page.locator("main .page, main .empty").first.wait_for()
        return self.page

    def expect(self, part):
        """Allow messages that hold this text: the test makes the server refuse something."""
        self.expected.append(part)

    def check(self):
        self.said += self.page.evaluate("window.violations")
        assert [each for each in self.said if not any(part in each for part in self.expected)] == []

    def axe(self):
        """Return what axe-core finds wrong, as `rule: element` lines."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{rule['id']}: {node['target']} {node['failureSummary'][:300]}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]


@pytest.fixture
def tabs(browser, site):
    """Open tabs of a size and a colour scheme; each is checked at the end."""
    opened = []

    def make(**options):
        opened.append(Tab(browser, options.pop("site", site), **options))
        return opened[-1]

    yield make
    for each in opened:
        each.check()
        each.context.close()


@pytest.fixture
def tab(tabs):
    return tabs()
