"""MLflow's server and ours, asked the same in one order: their answers are equal, or the difference is known.

`HOOKLINE_PEER_MLFLOW` names an interpreter that has mlflow; `tox -e peers` makes one.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from known_differences import KNOWN
from requests_to_compare import EVERY
from servers import ours, theirs

PEER = os.environ.get("HOOKLINE_PEER_MLFLOW", "")
pytestmark = pytest.mark.skipif(not PEER, reason="HOOKLINE_PEER_MLFLOW names no interpreter; `tox -e peers` makes one")
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "mlflow-differences.md"
CHANGING = {"creation_time", "last_update_time", "creation_timestamp", "last_updated_timestamp", "next_page_token"}
CHANGING |= {"creation_timestamp_ms", "last_updated_timestamp_ms", "start_time", "end_time"}
THEIRS_ALONE = {"workspace", "sqlstate", "error_class"}
UNORDERED = {"tags", "params", "metrics", "aliases", "latest_versions"}


class Asker:
    """Sends the requests to one server, and keeps what answers are bound to."""

    def __init__(self, url):
        self.url = url
        self.bound = {}

    def fill(self, value):
        if isinstance(value, str):
            return re.sub(r"\$(\w+)", lambda match: self.bound.get(match[1], match[0]), value)
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        if isinstance(value, dict):
            return {key: self.fill(each) for key, each in value.items()}
        return value

    def ask(self, asked):
        path = self.fill(asked.path)
        url = self.url + (path if path.startswith("/") else f"/api/2.0/mlflow/{path}")
        fields, headers, body = self.fill(asked.fields), dict(asked.headers), asked.raw
        if asked.method == "GET":
            url += f"?{urlencode(fields, doseq=True)}" if fields else ""
        elif body is None:
            body, headers = json.dumps(fields).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(url, body, headers, method=asked.method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        try:
            found = json.loads(text)
        except ValueError:
            found = text.decode(errors="replace") if status == 200 else {}
        for name, place in asked.bind.items():
            value = found
            for part in place.split("."):
                value = value[part]
            self.bound[name] = value
        normal = self.normal(found if status == 200 else {"error_code": found.get("error_code")})
        if "get-latest-versions" in path and "model_versions" in normal:  # whose order nobody promises
            normal["model_versions"].sort(key=json.dumps)
        return status, normal

    def normal(self, value, name=""):
        """Return an answer without what differs from server to server, or from one second to the next."""
        if isinstance(value, dict):
            found = {
                key: "..." if key in CHANGING else self.normal(each, key)
                for key, each in value.items()
                if key not in THEIRS_ALONE
            }
            return {key: each for key, each in found.items() if each not in ({}, [], "")}
        if isinstance(value, list):
            found = [self.normal(each) for each in value]
            return sorted(found, key=lambda each: json.dumps(each, sort_keys=True)) if name in UNORDERED else found
        if isinstance(value, str):
            for known, real in self.bound.items():
                value = value.replace(real, f"${known}") if isinstance(real, str) and len(real) > 8 else value
            return re.sub(r"\b[0-9a-f]{32}\b", "ID", value)
        return value


def test_the_names_of_requests_are_unique_and_they_are_many():
    names = [asked.name for asked in EVERY]
    assert len(set(names)) >= len(names) - 5, sorted({name for name in names if names.count(name) > 1})
    assert len(names) >= 300


def test_two_servers_give_the_same_answers_or_a_known_one(tmp_path):
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    with theirs(PEER, tmp_path / "theirs") as their_url, ours(tmp_path / "ours") as our_url:
        them, us = Asker(their_url), Asker(our_url)
        differing = {}
        for asked in EVERY:
            answers = them.ask(asked), us.ask(asked)
            if answers[0] != answers[1]:
                differing[asked.name] = answers
    unknown = {name: answers for name, answers in differing.items() if name not in KNOWN}
    told = "\n".join(
        f"{name}\n  mlflow   {str(a)[:1500]}\n  hookline {str(b)[:1500]}" for name, (a, b) in unknown.items()
    )
    assert not unknown, f"{len(unknown)} of {len(EVERY)} requests are answered differently:\n{told}"
    assert KNOWN.keys() <= differing.keys(), "known differences that are none"
    print(f"{len(EVERY)} requests, {len(EVERY) - len(differing)} answered alike, {len(differing)} known differences")


def test_the_guide_names_every_known_difference():
    text = GUIDE.read_text(encoding="utf-8")
    for reason in set(KNOWN.values()):
        assert reason in text
