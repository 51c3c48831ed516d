"""A server of MLflow's that is older than logged models: a stand-in that knows none of what it is asked."""

import http.server
import threading

import pytest

from hookline import search
from hookline.entities import NewLoggedModel
from hookline.errors import NotSupported
from hookline_lib_client.options import HttpOptions
from hookline_tracking_http.mlflow_store import MlflowTrackingStore


class NothingKnown(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_error(404)

    do_GET = do_POST = answer  # noqa: N815 - names of http.server

    def log_message(self, *_given):
        pass


@pytest.fixture
def store():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), NothingKnown) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        made = MlflowTrackingStore(f"mlflow+http://127.0.0.1:{server.server_port}", HttpOptions(retries=0))
        try:
            yield made
        finally:
            made.close()
            server.shutdown()
            thread.join()


def test_it_has_no_logged_models(store):
    """So that a run of it is shown, and its files are listed."""
    assert store.search_logged_models(["0"], search.parse(search.LOGGED_MODELS, "name = 'm'")).items == []


def test_a_model_that_is_logged_there_says_which_servers_keep_it(store):
    with pytest.raises(NotSupported, match=r"from 3\.0 on"):
        store.create_logged_model(NewLoggedModel("0", "m"))
