"""Where files are, and where they are not: no path and no location that a client names leads out of the store."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookline.entities import NewRun

TRAVERSALS = [
    *("../x", "a/../../x", "..", "a/..", "./x", "a/./x", ".", "a//b", "/etc/passwd", "//etc/passwd", "~root", "~/x"),
    *("..\\x", "C:\\x", "C:/x", "\\\\srv\\x", "a\\b", "..;/x", "a/..;x/b", "x\0y", "x\ny", "x.", "x ", "a./b", " x"),
    *("x::$DATA", "x:y", "%2e%2e/x", "..%2fx", "%252e%252e%252fx", "%c0%ae%c0%ae/x", "\u2024\u2024/x", "a\uff0fb"),
    *(
        "\u2025/x",
        "x\u2028y",
        "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace") + "/..",
        "a" * 300,
    ),
    "/".join("d" * 101),
]
PROXY = "/api/2.0/mlflow-artifacts"


def ways(run_id, model_id, path):
    """Every request that names a file by a path: (method, path, body)."""
    encoded = quote(path, safe="")
    mlflow = "/api/2.0/mlflow"
    return [
        ("GET", f"{PROXY}/artifacts/{encoded}", None),
        ("PUT", f"{PROXY}/artifacts/{encoded}", b"evil"),
        ("PUT", f"{PROXY}/artifacts/0/{run_id}/artifacts/{encoded}", b"evil"),
        ("DELETE", f"{PROXY}/artifacts/{encoded}", None),
        ("GET", f"{PROXY}/artifacts?path={encoded}", None),
        ("GET", f"{mlflow}/artifacts/list?run_id={run_id}&path={encoded}", None),
        ("GET", f"/get-artifact?run_id={run_id}&path={encoded}", None),
        ("POST", f"{mlflow}/upload-artifact?run_id={run_id}&path={encoded}", b"evil"),
        ("GET", f"{mlflow}/logged-models/{model_id}/artifacts/directories?artifact_directory_path={encoded}", None),
        ("GET", f"{mlflow}/logged-models/{model_id}/artifacts/files?artifact_file_path={encoded}", None),
        ("GET", f"/model-versions/get-artifact?name=m&version=1&path={encoded}", None),
    ]


@pytest.fixture
def things(client):
    run_id = client.run()
    model_id = client.post("logged-models", experiment_id="0", name="n")["model"]["info"]["model_id"]
    client.post("registered-models/create", name="m")
    client.post("model-versions/create", name="m", source=f"models:/{model_id}")
    return run_id, model_id


@pytest.mark.parametrize("path", TRAVERSALS, ids=lambda path: ascii(path)[:40])
def test_a_path_that_leads_elsewhere_is_refused_on_every_way(client, workspace, things, path):
    for method, url, body in ways(*things, path):
        status, _, answer = client.raw(method, url, body)
        assert status in (400, 404, 405), (method, url, status, answer)
        assert b"/etc" not in answer or path.encode() in answer
    assert workspace.artifacts.locate("artifacts:/").store.list("") == []


@pytest.mark.parametrize("path", ["%c0%ae%c0%ae/x", "a%ff", "%ed%a0%80", "%e2%82/x"])
def test_a_path_that_is_no_utf_8_is_refused_and_stands_for_no_other_name(client, workspace, things, path):
    run_id, _ = things
    for method in ("GET", "PUT", "DELETE"):
        for at in (f"{PROXY}/artifacts/0/{run_id}/artifacts/{path}", f"/api/2.0/mlflow/logged-models/{path}"):
            assert client.raw(method, at, b"x")[0] == 400
    assert workspace.artifacts.locate("artifacts:/").store.list("") == []
    assert client.raw("PUT", f"{PROXY}/artifacts/0/{run_id}/artifacts/{quote(chr(0xFFFD))}", b"x")[0] == 200


def test_what_was_put_is_listed_read_and_removed(client):
    run_id = client.run()
    key = f"0/{run_id}/artifacts/plots/ä b.txt"
    assert client.raw("PUT", f"{PROXY}/artifacts/{quote(key)}", b"x" * 3_000_000)[0] == 200
    root = f"mlflow-artifacts:/0/{run_id}/artifacts"
    listed = client.get("artifacts/list", run_id=run_id)
    assert listed == {"root_uri": root, "files": [{"path": "plots", "is_dir": True}]}
    files = client.get(f"artifacts/list?run_id={run_id}&path=plots")["files"]
    assert files == [{"path": "plots/ä b.txt", "is_dir": False, "file_size": 3_000_000}]
    assert client.get(f"{PROXY}/artifacts?path=0/{run_id}/artifacts/plots")["files"][0]["path"] == "ä b.txt"
    status, headers, body = client.raw("GET", f"/get-artifact?run_uuid={run_id}&path={quote('plots/ä b.txt')}")
    assert (status, len(body), headers["content-length"]) == (200, 3_000_000, "3000000")
    assert headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A4%20b.txt"
    assert client.raw("DELETE", f"{PROXY}/artifacts/{quote(key)}")[0] == 200
    assert client.raw("GET", f"{PROXY}/artifacts/{quote(key)}")[0] == 404


SIZE = 3_000_000
WHOLE = (200, SIZE, 0, None)


@pytest.mark.parametrize(
    ("wanted", "status", "size", "first", "said"),
    [
        ("bytes=0-99", 206, 100, 0, f"bytes 0-99/{SIZE}"),
        ("bytes=2999990-", 206, 10, 2_999_990, f"bytes 2999990-2999999/{SIZE}"),
        ("bytes=-7", 206, 7, SIZE - 7, f"bytes 2999993-2999999/{SIZE}"),
        ("bytes=5-9999999", 206, SIZE - 5, 5, f"bytes 5-2999999/{SIZE}"),
        ("bytes=-9999999", 206, SIZE, 0, f"bytes 0-2999999/{SIZE}"),
        *((each, *WHOLE) for each in ("bytes=9-5", "bytes=-0", "bytes=0-1,5-6", "lines=0-1", "bytes=x", "bytes=-", "")),
    ],
)
def test_a_part_of_a_file_is_sent_alone(client, wanted, status, size, first, said):
    run_id = client.run()
    content = bytes(at % 251 for at in range(SIZE))
    client.raw("PUT", f"{PROXY}/artifacts/0/{run_id}/artifacts/a.bin", content)
    address = f"/get-artifact?run_id={run_id}&path=a.bin"
    found, headers, body = client.raw("GET", address, headers={"Range": wanted})
    assert (found, headers["content-length"], headers.get("content-range")) == (status, str(size), said)
    assert body == content[first : first + size]
    assert headers["accept-ranges"] == "bytes"
    for other in ({}, {"If-Range": '"a"', "Range": wanted}):
        assert client.raw("GET", address, headers=other)[0] == 200
    assert client.raw("HEAD", address, headers={"Range": wanted})[0] == 200


def test_a_part_that_no_file_has_is_refused(client):
    run_id = client.run()
    client.raw("PUT", f"{PROXY}/artifacts/0/{run_id}/artifacts/a.bin", b"abc")
    client.raw("PUT", f"{PROXY}/artifacts/0/{run_id}/artifacts/empty.bin", b"")
    address = f"/get-artifact?run_id={run_id}&path="
    status, _, body = client.raw("GET", f"{address}a.bin", headers={"Range": "bytes=3-"})
    assert (status, json.loads(body)["error_code"]) == (416, "RANGE_NOT_SATISFIABLE")
    assert client.raw("GET", f"{address}empty.bin", headers={"Range": "bytes=-5"})[::2] == (200, b"")


@pytest.mark.parametrize("name", ["page.html", "image.svg", "script.js", "report.pdf", "data.json"])
def test_a_file_that_a_browser_would_run_is_an_attachment_in_a_sandbox(client, name):
    run_id = client.run()
    client.raw("PUT", f"{PROXY}/artifacts/0/{run_id}/artifacts/{name}", b"<script>alert(1)</script>")
    _, headers, _ = client.raw("GET", f"/get-artifact?run_id={run_id}&path={name}")
    assert headers["content-disposition"].startswith("attachment")
    assert headers["content-security-policy"].startswith("sandbox")
    assert headers["x-content-type-options"] == "nosniff"


def test_a_file_that_does_not_come_whole_is_not_there(serve, workspace):
    with serve(max_file=1000) as client:
        head = b"PUT %s/artifacts/0/x HTTP/1.1\r\nHost: localhost\r\n" % PROXY.encode()
        assert client.bytes(head + b"Content-Length: 2000\r\n\r\n" + b"x" * 2000).startswith(b"HTTP/1.1 413")
        chunk = b"400\r\n" + b"x" * 0x400 + b"\r\n"
        assert client.bytes(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk).startswith(b"HTTP/1.1 413")
        client.bytes(head + b"Content-Length: 500\r\n\r\n" + b"x" * 100)
        assert workspace.artifacts.locate("artifacts:/").store.list("") == []


# Locations -----------------------------------------------------------------------------------------------------------

LOCATIONS = [
    *("file:///etc", "FILE:///etc", "file://host/etc", "file:etc", "/etc", "etc", "../etc", "~root", "C:\\x", ""),
    *("http://evil/x", "http:///#/../../etc", "https://evil/?a=..", "s3://bucket/x", "ftp://evil/x", "dbfs:/x"),
    *("mlflow-artifacts:/../x", "mlflow-artifacts:/a/../../x", "mlflow-artifacts://host/x", "mlflow-artifacts:/a\\b"),
    *("artifacts:/0", "artifacts:/../x", "sqlite:///x", "runs:/../x", "mlflow-artifacts:x", "data:,x", "git+file:///x"),
]


@pytest.mark.parametrize("location", [each for each in LOCATIONS if each])
def test_a_location_that_the_server_would_have_to_open_is_refused(client, workspace, location):
    status, code, _ = client.refused("POST", "experiments/create", name="e", artifact_location=location)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    client.post("registered-models/create", name="m")
    status, _, _ = client.refused("POST", "model-versions/create", name="m", source=location)
    assert status in (400, 404)
    assert workspace.tracking.get_experiment_by_name("e") is None


def test_a_scheme_that_the_owner_allows_is_stored_and_never_opened(serve):
    with serve(artifact_schemes=("s3",)) as client:
        made = client.post("experiments/create", name="e", artifact_location="s3://bucket/x")["experiment_id"]
        run = client.post("runs/create", experiment_id=made)["run"]["info"]
        assert run["artifact_uri"].startswith("s3://bucket/x/")
        status, code, message = client.refused("GET", "artifacts/list", run_id=run["run_id"])
        assert (status, code) == (501, "NOT_IMPLEMENTED")
        assert "s3" not in message
        for trick in ("s3://b/../x", "s3://b/#/x", "s3://b/x?y", "s3://b/x;y"):
            assert client.refused("POST", "experiments/create", name="f", artifact_location=trick)[0] == 400


def test_an_experiment_that_lies_elsewhere_is_not_opened_for_a_client(client, workspace):
    made = workspace.tracking.create_experiment("elsewhere", artifact_location="file:///etc")
    run_id = workspace.tracking.create_run(NewRun(made.experiment_id)).info.run_id
    assert client.refused("GET", "artifacts/list", run_id=run_id)[0] == 501
    assert client.raw("GET", f"/get-artifact?run_id={run_id}&path=passwd")[0] == 501
    url = f"/api/2.0/mlflow/upload-artifact?run_id={run_id}&path=x"
    assert client.raw("POST", url, b"evil")[0] == 501


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    key=st.sampled_from(["mlflow.source.name", "mlflow.artifactUri", "artifact_location", "mlflow.runName", "x"]),
    value=st.sampled_from(["file:///etc", "true", "1", "allow"]),
    header=st.sampled_from(["X-Allow", "X-Forwarded-Proto", "Authorization", "X-Databricks"]),
)
def test_no_tag_and_no_header_changes_what_is_allowed(client, key, value, header):
    body = {"name": "never", "artifact_location": "file:///etc", "tags": [{"key": key, "value": value}]}
    headers = {"Content-Type": "application/json", header: value}
    assert client.raw("POST", "/api/2.0/mlflow/experiments/create", json.dumps(body), headers)[0] == 400
