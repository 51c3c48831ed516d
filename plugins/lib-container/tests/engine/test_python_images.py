"""Images with packages on a real engine: what their build is told stays out of them."""

import json
import ssl
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hookline.errors import ExecutionFailed, NotFound
from hookline.testing.environment_suite import write_wheel
from hookline_lib_container.containers import ContainerSpec
from hookline_lib_container.context import Context
from hookline_lib_container.dockerfile import Dockerfile
from hookline_lib_container.python_images import BuildOptions, Packages, PythonImages
from hookline_lib_container.testing import BASE

PASSWORD = "hunter2-in-the-address"
PROBE = Packages(("probe==1.0",))


@pytest.fixture
def authority(tmp_path):
    """A certificate that nobody trusts, for 127.0.0.1: its PEM file and that of its key."""
    certificate, key = tmp_path / "ca.pem", tmp_path / "key.pem"
    options = [
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=company",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", *options, *files], check=True, capture_output=True)
    return certificate, key


@pytest.fixture
def index(tmp_path, authority):
    """A package index over TLS, which has `probe`; gives its URL with a password."""
    simple = tmp_path / "index" / "simple" / "probe"
    simple.mkdir(parents=True)
    wheel = write_wheel(simple, "probe", "1.0")
    (simple / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>', encoding="utf-8")

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=tmp_path / "index")

        def log_message(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://reader:{PASSWORD}@127.0.0.1:{server.server_port}/simple"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_authority_is_trusted_by_the_build_and_by_nothing_after_it(engine, tmp_path, authority, index):
    """Without it the index is refused; with it the package is there, and neither it nor the index's password is."""
    with pytest.raises(ExecutionFailed, match="could not be built") as caught:
        PythonImages(engine, tmp_path, BuildOptions(index_url=index, network="host")).make(BASE, PROBE)
    assert PASSWORD not in str(caught.value)
    options = BuildOptions(index_url=index, network="host", ca_bundle=str(authority[0]))
    made = PythonImages(engine, tmp_path, options).make(BASE, PROBE)
    assert "probe==1.0" in made.lock
    look = "import os, json; print(json.dumps([dict(os.environ), os.listdir('/'), os.path.exists('/etc/pip.conf')]))"
    variables, root, configured = json.loads(engine.run(ContainerSpec(made.reference, ("-c", look), ("python",))))
    assert not [name for name in variables if "CERT" in name or "CA_BUNDLE" in name or name.startswith("PIP")]
    assert ("hookline-build" in root, configured) == (False, False)
    assert PASSWORD not in json.dumps([variables, engine.history(made.reference)])
    assert "ca.pem" not in json.dumps(engine.history(made.reference))


def test_files_that_options_name_are_there_or_it_is_said(engine, tmp_path):
    for options, said in (
        (BuildOptions(ca_bundle=str(tmp_path / "absent.pem")), "ca_bundle.*absent.pem"),
        (BuildOptions(find_links=(str(tmp_path / "absent"),)), "find_links.*absent"),
    ):
        with pytest.raises(NotFound, match=said):
            PythonImages(engine, tmp_path, options).make(BASE, PROBE)


def test_an_image_without_python_is_said(engine, tmp_path):
    bare = "localhost/hookline-test-bare:1"
    file = Dockerfile().start(BASE).variables({"PATH": "/nowhere"}).labels({"hookline.recipe": "test"})
    engine.build(Context(file), bare)
    with pytest.raises(ExecutionFailed, match="not found"):
        PythonImages(engine, tmp_path, BuildOptions()).look(bare)
    engine.remove_image(bare)


def test_values_arrive_in_the_image_as_they_are(engine):
    """What the Dockerfile quotes is read back by the engine, character for character."""
    nasty = ["a b", "'", '"', "$HOME", "$(x)", "`x`", "; x", "a\\b", "${A:-b}", "# x", "", "ü€😀"]
    name = "localhost/hookline-test-values:1"
    variables = {f"V{number}": value for number, value in enumerate(nasty)}
    file = Dockerfile().start(BASE).variables(variables).labels({**variables, "hookline.recipe": "test"})
    file.entry("python", "-c", "import os, json, sys; print(json.dumps([dict(os.environ), sys.argv[1:]]))").command(
        *nasty
    )
    image = engine.build(Context(file), name)
    found, argv = json.loads(engine.run(ContainerSpec(name)))
    assert {key: found[key] for key in variables} == variables
    assert argv == nasty
    assert {key: image.labels[key] for key in variables} == variables
    engine.remove_image(name)
