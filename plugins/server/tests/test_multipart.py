"""Uploads in parts: as clients send them, and as they must not be sent."""

import concurrent.futures
import hashlib
import json
import os
import re
import time
from urllib.parse import urlsplit

import pytest

from hookline_server import part_uploads
from hookline_server.access import EVERYTHING, Authenticator, Caller

MPU = "/api/2.0/mlflow-artifacts/mpu"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
JSON = {"Content-Type": "application/json"}
SECRET = "x-hookline-upload-secret"


def ask(client, verb, folder="0/run/artifacts", headers=None, **fields):
    """Return the status and the answer of a request about an upload."""
    body = json.dumps({"path": "/home/me/a file.bin", **fields})
    status, _, answer = client.raw("POST", f"{MPU}/{verb}/{folder}", body, {**JSON, **(headers or {})})
    return status, json.loads(answer)


def begin(client, parts, **named):
    status, answer = ask(client, "create", num_parts=parts, **named)
    assert status == 200, answer
    return answer


def send(client, target, content, **changed):
    """Send a part; return the status, its ETag and what is said."""
    headers = {**target["headers"], **changed}
    status, answered, body = client.raw("PUT", urlsplit(target["url"]).path, content, headers)
    return status, answered.get("etag", ""), body


def part(number, etag):
    return {"part_number": number, "etag": etag, "url": None}


def uploaded(client, begun, contents):
    sent = [send(client, target, content) for target, content in zip(begun["credentials"], contents, strict=True)]
    assert [status for status, _, _ in sent] == [200] * len(sent)
    return [part(number, etag) for number, (_, etag, _) in enumerate(sent, 1)]


def stored(client, key="0/run/artifacts/a%20file.bin"):
    status, _, body = client.raw("GET", f"{FILES}/{key}")
    return body if status == 200 else None


def open_uploads(workspace):
    folder = workspace.config.home / "uploads/parts"
    return sorted(each.name for each in folder.iterdir()) if folder.exists() else []


CONTENTS = [b"a" * 100_000, b"b" * 100_000, b"c" * 7]


def test_parts_become_one_file_in_their_order(client, workspace):
    begun = begin(client, 3)
    for target in begun["credentials"]:
        assert target["url"].startswith(f"http://127.0.0.1:{client.port}/api/2.0/mlflow-artifacts/mpu/parts/")
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        pairs = list(zip(begun["credentials"], CONTENTS, strict=True))[::-1]
        sent = list(pool.map(lambda pair: send(client, *pair), pairs))[::-1]
    assert [etag for _, etag, _ in sent] == [f'"{hashlib.sha256(each).hexdigest()}"' for each in CONTENTS]
    assert stored(client) is None
    parts = [part(number, etag) for number, (_, etag, _) in enumerate(sent, 1)]
    assert ask(client, "complete", upload_id=begun["upload_id"], parts=parts) == (200, {})
    assert stored(client) == b"".join(CONTENTS)
    assert open_uploads(workspace) == []
    assert ask(client, "complete", upload_id=begun["upload_id"], parts=parts)[0] == 404


def test_a_part_that_is_sent_again_replaces_the_first(client):
    begun = begin(client, 2)
    uploaded(client, begun, [b"wrong", b"-b"])
    parts = uploaded(client, begun, [b"right", b"-b"])
    assert ask(client, "complete", upload_id=begun["upload_id"], parts=parts)[0] == 200
    assert stored(client) == b"right-b"


def test_an_upload_that_is_given_up_leaves_nothing(client, workspace):
    begun = begin(client, 3)
    assert send(client, begun["credentials"][0], b"x" * 100)[0] == 200
    assert len(open_uploads(workspace)) == 1
    assert ask(client, "abort", upload_id=begun["upload_id"]) == (200, {})
    assert open_uploads(workspace) == []
    assert send(client, begun["credentials"][1], b"x")[0] == 404
    assert ask(client, "abort", upload_id=begun["upload_id"])[0] == 404
    assert stored(client) is None


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        (lambda parts: [], "Missing value for required parameter|ends with its parts 1 to 3"),
        (lambda parts: parts[:2], "ends with its parts 1 to 3"),
        (lambda parts: parts[::-1], "each once and in this order"),
        (lambda parts: [*parts, parts[0]], "each once and in this order"),
        (lambda parts: [*parts[:2], part(3, '"0"')], "Part 3 of the upload was not received"),
        (lambda parts: [*parts[:2], part(3, "../../../etc/passwd")], "Part 3 of the upload was not received"),
        (lambda parts: [*parts[:2], part(3, parts[0]["etag"])], "Part 3 of the upload was not received"),
    ],
    ids=["none", "too few", "order", "twice", "digest", "path", "another's digest"],
)
def test_what_is_not_whole_is_not_stored_and_can_still_be_ended(client, listed, message):
    begun = begin(client, 3)
    parts = uploaded(client, begun, CONTENTS)
    status, answer = ask(client, "complete", upload_id=begun["upload_id"], parts=listed(parts))
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert re.search(message, answer["message"])
    assert stored(client) is None
    assert ask(client, "complete", upload_id=begun["upload_id"], parts=parts)[0] == 200


@pytest.mark.parametrize("parts", [0, -1, 10_001, 2**70, "x", None])
def test_a_number_of_parts_that_is_not_allowed_is_refused(client, workspace, parts):
    status, answer = ask(client, "create", num_parts=parts)
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert open_uploads(workspace) == []


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        *(("0/run", each) for each in ("", "/", "a/..", "C:\\x\\..", "a\0b", "x.", " x", "~", "/home/me/%2e%2e")),
        *((each, "x") for each in ("..", "0/..%2f..", "%2e%2e/x", "a%00", "~root", "a%5c..%5cb", "0//x")),
    ],
)
def test_a_key_never_leads_out_of_the_store(client, workspace, folder, path):
    status, _ = ask(client, "create", folder=folder, path=path, num_parts=1)
    assert status == 400
    assert open_uploads(workspace) == []


@pytest.mark.parametrize("path", ["x.bin", "/a/b/x.bin", "C:\\Users\\me\\x.bin", "\\\\server\\share\\x.bin"])
def test_of_the_clients_path_only_the_name_counts(client, path):
    begun = begin(client, 1, path=path)
    parts = uploaded(client, begun, [b"x"])
    assert ask(client, "complete", path=path, upload_id=begun["upload_id"], parts=parts)[0] == 200
    assert stored(client, "0/run/artifacts/x.bin") == b"x"


# Who may -------------------------------------------------------------------------------------------------------------


def test_a_part_is_taken_with_the_secret_of_its_upload_only(client):
    begun, other = begin(client, 2), begin(client, 2)
    first = begun["credentials"][0]
    for secret in ("", "x", other["credentials"][0]["headers"][SECRET], begun["upload_id"]):
        status, _, body = send(client, first, b"x", **{SECRET: secret})
        assert (status, json.loads(body)["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert send(client, first, b"x")[0] == 200
    assert begun["credentials"][0]["headers"][SECRET] not in first["url"], "URLs are logged"


@pytest.mark.parametrize("number", ["0", "3", "-1", "00001x", "x", "1e1", "99999", "999999", "%2e%2e", "%D9%A1"])
def test_a_part_that_the_upload_does_not_have_is_refused(client, number):
    target = begin(client, 2)["credentials"][0]
    path = urlsplit(target["url"]).path.rpartition("/")[0]
    assert client.raw("PUT", f"{path}/{number}", b"x", target["headers"])[0] == 400


@pytest.mark.parametrize("upload_id", ["", "x", "..", "../parts", "0" * 32, "a" * 31 + "/", "%2e%2e"])
@pytest.mark.parametrize("verb", ["complete", "abort"])
def test_an_upload_that_is_not_there_is_not_found(client, verb, upload_id):
    status, answer = ask(client, verb, upload_id=upload_id, parts=[part(1, "x")])
    assert status == (404 if upload_id else 400), answer


def test_an_upload_is_of_one_key(client):
    begun = begin(client, 1)
    parts = uploaded(client, begun, [b"x"])
    for verb in ("complete", "abort"):
        for named in ({"folder": "1/run/artifacts"}, {"path": "another.bin"}):
            assert ask(client, verb, upload_id=begun["upload_id"], parts=parts, **named)[0] == 404
    assert ask(client, "complete", upload_id=begun["upload_id"], parts=parts)[0] == 200


class _Named(Authenticator):
    """Everybody is who they say, and may do everything."""

    def identify(self, headers, address):
        return Caller(headers["x-name"]) if "x-name" in headers else None

    def allows(self, caller, permission, names):
        return True

    def visible(self, caller, thing):
        return EVERYTHING


def test_an_upload_is_of_who_began_it_and_its_parts_need_no_name(serve):
    with serve((), _Named()) as client:
        assert ask(client, "create", num_parts=1)[0] == 401
        jane, mallory = {"X-Name": "jane"}, {"X-Name": "mallory"}
        begun = begin(client, 1, headers=jane)
        parts = uploaded(client, begun, [b"x"])  # as clients send them: without a name
        for verb in ("complete", "abort"):
            assert ask(client, verb, headers=mallory, upload_id=begun["upload_id"], parts=parts)[0] == 404
        assert ask(client, "complete", headers=jane, upload_id=begun["upload_id"], parts=parts)[0] == 200


# Limits --------------------------------------------------------------------------------------------------------------


def test_all_parts_together_are_no_larger_than_a_file_may_be(serve, workspace):
    with serve(max_file=1000) as client:
        begun = begin(client, 3)
        assert send(client, begun["credentials"][0], b"x" * 600)[0] == 200
        status, _, body = send(client, begun["credentials"][1], b"x" * 600)
        assert (status, json.loads(body)["error_code"]) == (413, "REQUEST_TOO_LARGE")
        assert send(client, begun["credentials"][0], b"x" * 900)[0] == 200, "it replaces the first"
        assert send(client, begun["credentials"][1], b"x" * 100)[0] == 200
        assert send(client, begun["credentials"][2], b"x")[0] == 413
    (upload,) = (workspace.config.home / "uploads/parts").iterdir()
    assert sum(each.stat().st_size for each in upload.iterdir() if each.name != "about.json") == 1000


def test_an_upload_that_rests_for_long_is_over(client, workspace):
    begun = begin(client, 1)
    parts = uploaded(client, begun, [b"x"])
    (upload,) = (workspace.config.home / "uploads/parts").iterdir()
    before = time.time() - part_uploads.SECONDS - 1
    for each in (*upload.iterdir(), upload):
        os.utime(each, (before, before))
    assert send(client, begun["credentials"][0], b"x")[0] == 404
    assert ask(client, "complete", upload_id=begun["upload_id"], parts=parts)[0] == 404
    another = begin(client, 1)
    assert open_uploads(workspace) == [another["upload_id"]], "the next one clears away"


def test_what_was_left_is_cleared_away_at_the_start(serve, workspace):
    with serve() as client:
        begin(client, 1)
        (upload,) = (workspace.config.home / "uploads/parts").iterdir()
        before = time.time() - part_uploads.SECONDS - 1
        for each in (*upload.iterdir(), upload):
            os.utime(each, (before, before))
        assert part_uploads.PartUploads(upload.parent).sweep() == 0
    assert open_uploads(workspace) == []


def test_not_too_many_uploads_are_open(client, monkeypatch):
    monkeypatch.setattr(part_uploads, "MOST_OPEN", 2)
    begin(client, 1)
    begin(client, 1)
    status, answer = ask(client, "create", num_parts=1)
    assert (status, answer["error_code"]) == (429, "REQUEST_LIMIT_EXCEEDED")


def test_a_disk_that_takes_nothing_is_told_without_its_paths(client, workspace):
    (workspace.config.home / "uploads").parent.mkdir(parents=True, exist_ok=True)
    (workspace.config.home / "uploads").write_text("a file where the folder would be")
    status, answer = ask(client, "create", num_parts=1)
    assert (status, answer["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
    assert str(workspace.config.home) not in answer["message"]


def test_a_sender_that_goes_leaves_no_part(client, workspace):
    target = begin(client, 1)["credentials"][0]
    head = f"PUT {urlsplit(target['url']).path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n"
    head += f"{SECRET}: {target['headers'][SECRET]}\r\n\r\n"
    client.bytes(head.encode() + b"half")
    (upload,) = (workspace.config.home / "uploads/parts").iterdir()
    deadline = time.monotonic() + 20
    while len(list(upload.iterdir())) > 1:
        assert time.monotonic() < deadline, list(upload.iterdir())
        time.sleep(0.02)


# URLs ----------------------------------------------------------------------------------------------------------------


def test_parts_go_to_the_public_url(serve):
    with serve(public_url="https://ml.example/hookline") as client:
        url = begin(client, 1)["credentials"][0]["url"]
        assert url.startswith("https://ml.example/hookline/api/2.0/mlflow-artifacts/mpu/parts/")
        assert client.get("/api/3.0/mlflow/server-info")["multipart_uploads_enabled"] is True


def test_parts_go_below_the_prefix(serve):
    with serve(prefix="/hookline") as client:
        body = json.dumps({"path": "x", "num_parts": 1})
        status, _, answer = client.raw("POST", f"/hookline{MPU}/create/0/run", body, JSON)
        target = json.loads(answer)["credentials"][0]
        assert status == 200
        assert urlsplit(target["url"]).path.startswith(f"/hookline{MPU}/parts/")
        assert send(client, target, b"x")[0] == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via"])
def test_behind_a_proxy_that_is_not_known_clients_are_told_to_send_the_file_whole(client, workspace, header):
    """In the words that MLflow's clients look for."""
    status, answer = ask(client, "create", num_parts=1, headers={header: "https"})
    assert (status, answer["error_code"]) == (501, "NOT_IMPLEMENTED")
    assert answer["message"].startswith("Multipart upload is not supported for the current artifact repository")
    assert client.get("/api/3.0/mlflow/server-info")["multipart_uploads_enabled"] is False
    assert open_uploads(workspace) == []
