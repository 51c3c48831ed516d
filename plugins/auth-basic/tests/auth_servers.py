"""Servers that know users, over real stores: in memory and on SQLite, with users whose passwords are hashed once."""

import base64
import http.client
import json
from contextlib import contextmanager
from functools import cache
from urllib.parse import quote, urlencode, urlsplit

from attrs import frozen

from hookline import Config, Workspace
from hookline.entities import Batch, Dataset, DatasetInput, Metric, NewLoggedModel, NewModelVersion, NewRun
from hookline_auth_basic.accounts import EXPERIMENT, MODEL, NAMESPACE
from hookline_auth_basic.authenticator import BasicAuthenticator
from hookline_auth_basic.levels import Level
from hookline_auth_basic.options import BasicOptions
from hookline_auth_basic.passwords import hashed
from hookline_auth_basic.routes import extension
from hookline_lib_serving import serving
from hookline_server.app import App
from hookline_server.services import Services
from hookline_server.settings import ServerSettings

API = "/api/2.0/mlflow"
PASSWORD = "correct horse battery"
ROLES = {"reader": Level.READ, "editor": Level.EDIT, "manager": Level.MANAGE}


def basic(name, password=PASSWORD):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


class Client:
    """Sends requests to a server in the name of users."""

    def __init__(self, port, app):
        self.port, self.app = port, app
        self.authenticator, self.services = app._authenticator, app._services
        self.accounts, self.tokens = self.authenticator.accounts, self.authenticator.tokens

    def raw(self, method, path, body=None, headers=None):
        """Return (status, headers, bytes)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def ask(self, user, method, path, **fields):
        """Return (status, answer) of a request; `user` a name, headers, or None; `path` as `runs/create` or whole."""
        headers = basic(user) if isinstance(user, str) else user or {}
        whole = path if path.startswith("/") else f"{API}/{path}"
        if method == "GET":
            pairs = [(k, each) for k, v in fields.items() for each in (v if isinstance(v, list) else [v])]
            status, _, body = self.raw(method, f"{whole}?{urlencode(pairs)}" if pairs else whole, None, headers)
        else:
            headers = {**headers, "Content-Type": "application/json"}
            status, _, body = self.raw(method, whole, json.dumps(fields), headers)
        return status, json.loads(body) if body[:1] in (b"{", b"[") else body

    def done(self, user, method, path, **fields):
        """Return the answer to a request that succeeds."""
        status, answer = self.ask(user, method, path, **fields)
        assert status == 200, answer
        return answer


@frozen
class Things:
    """An experiment with a run, a logged model and a file; and a registered model with a version."""

    experiment_id: str
    experiment_name: str
    run_id: str
    model_id: str
    name: str
    artifact_path: str


_numbers = iter(range(10**9))


def make_things(services, prefix="thing"):
    """Make things of which nobody was told that they may do anything."""
    name = f"{prefix}-{next(_numbers)}"
    tracking, registry = services.tracking, services.registry
    experiment = tracking.create_experiment(name)
    run = tracking.create_run(NewRun(experiment_id=experiment.experiment_id, run_name=f"{name}-run"))
    run_id = run.info.run_id
    tracking.log_batch(
        run_id, Batch(metrics=(Metric("m", 1.0, 0, 1),), params={f"{name}-param": "x"}, tags={"gone": "x"})
    )
    tracking.log_inputs(run_id, [DatasetInput(Dataset(name=f"{name}-data", digest="1", source_type="x", source="x"))])
    model = services.logged_models.create_logged_model(
        NewLoggedModel(
            experiment_id=experiment.experiment_id, name=f"{name}-model", source_run_id=run_id, tags={"x": "1"}
        )
    )
    registry.create_model(name, tags={"x": "1"})
    registry.create_version(NewModelVersion(name=name, source=f"runs:/{run_id}/m", run_id=run_id, tags={"x": "1"}))
    registry.set_alias(name, "x", 1)
    store = services.workspace.artifacts.locate("artifacts:/").store
    root = f"{experiment.experiment_id}/{run_id}/artifacts"
    file = services.workspace.config.home / f"{name}.txt"
    file.write_text("hello", encoding="utf-8")
    for key in ("a.txt", "m/x"):
        store.put(f"{root}/{key}", file)
    store.put(f"{experiment.experiment_id}/models/{model.model_id}/artifacts/x", file)
    return Things(experiment.experiment_id, name, run_id, model.model_id, name, f"{root}/a.txt")


def allow_roles(accounts, things):
    """Let reader, editor and manager have their rights on things."""
    for name, level in ROLES.items():
        accounts.grant(name, EXPERIMENT, things.experiment_id, level)
        accounts.grant(name, MODEL, things.name, level)


@cache
def kept_password():
    """The hash of the users' password, which takes long to compute."""
    return hashed(PASSWORD, "")


def add_user(documents, name):
    """Add a user, if there is none of the name; `admin` is an administrator."""
    if documents.get_document(NAMESPACE, f"users/{name}") is None:
        number = next(_numbers) + 1
        documents.put_document(NAMESPACE, "last-user", number)
        value = {"id": number, "password": kept_password(), "is_admin": name == "admin", "created": 0}
        documents.put_document(NAMESPACE, f"users/{name}", value)


@contextmanager
def served(workspace, options=None, users=("admin", "outsider", *ROLES)):
    """Serve a workspace that has these users, on a thread of this process."""
    services = Services(workspace, ServerSettings())
    services.authenticator = BasicAuthenticator(services, options or BasicOptions(default_permission="NO_PERMISSIONS"))
    for name in users:
        add_user(services.workspace.documents, name)
    app = App(services, [extension(services, None)], services.authenticator)
    try:
        with serving.in_background(app) as url:
            yield Client(urlsplit(url).port, app)
    finally:
        app.close()


def sqlite_workspace(folder):
    (folder / "hookline.yaml").touch()
    return Workspace(Config.load(folder, environ={}))


def quoted(path):
    return quote(path, safe="/")
