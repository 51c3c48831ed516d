"""The conformance suite of `RunContext`."""

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hookline.entities import SYSTEM_PREFIX, check_key
from hookline.interfaces import RunContext
from hookline.paths import check_key_path
from hookline.testing.store_suite import at_once
from hookline.testing.suite import Suite

PLANTED = {
    "GITHUB_TOKEN": "ghp_plantedPlantedPlantedPlantedPlanted01",
    "AWS_SECRET_ACCESS_KEY": "planted/aws/secret/0123456789",
    "DATABASE_URL": "postgresql://user:planted-password@db/runs",
    "HOOKLINE_TRACKING_URI": "sqlite:///planted-path.db?token=planted-token",
}
"""Environment variables whose values no context may pass on."""
_SECRETS = ("lantedPlanted", "planted/aws", "planted-password", "planted-token")


class RunContextSuite(Suite):
    """The laws of a run context: those of `hookline.interfaces.contexts`, each as a test.

    A subclass gives the fixture `context`: a new object, made in surroundings that it has something to say about.
    """

    kind = "run context"
    version = 1

    @pytest.fixture
    def context(self) -> RunContext:
        """A new context."""
        raise NotImplementedError("a subclass of RunContextSuite gives the fixture `context`")

    def test_tags_are_texts_under_keys_that_tags_may_have(self, context: RunContext) -> None:
        """A run takes every tag as it is."""
        tags = context.tags()
        assert tags or context.sample(), (
            "the surroundings of this test are to be such that the context has something to say"
        )
        for key, value in tags.items():
            assert check_key("tag", key) == key
            assert isinstance(value, str)

    def test_artifacts_are_bytes_under_keys_that_artifacts_may_have(self, context: RunContext) -> None:
        """A run stores every file as it is."""
        for key, data in context.artifacts().items():
            assert check_key_path(key) == key
            assert isinstance(data, bytes)

    def test_samples_are_numbers_under_keys_of_the_system(self, context: RunContext) -> None:
        """A run takes every sample as it is, the first and those after it; NaN says that something is not known."""
        for sample in (context.sample(), context.sample()):
            for key, value in sample.items():
                assert check_key("metric", key) == key
                assert key.startswith(SYSTEM_PREFIX), f"{key!r} may be the name of a metric that a person logs"
                assert isinstance(value, float)
                assert not math.isinf(value)

    def test_a_sample_starts_no_program(self, context: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is taken every ten seconds beside a training, which must not notice it."""
        started: list[Any] = []

        class Noticed(subprocess.Popen):  # type: ignore[type-arg]
            def __init__(self, argv: Any, **options: Any) -> None:
                started.append(argv)
                super().__init__(argv, **options)

        monkeypatch.setattr(subprocess, "Popen", Noticed)
        context.sample()
        context.sample()
        assert started == []

    def test_asking_again_changes_nothing(self, context: RunContext) -> None:
        """The answers are the same, whatever the caller did with those before; samples are of their moment."""
        tags, artifacts = dict(context.tags()), dict(context.artifacts())
        assert (dict(context.tags()), dict(context.artifacts())) == (tags, artifacts)

    def test_any_thread_may_ask(self, context: RunContext) -> None:
        """Several at once get the same answers; artifacts and samples are asked for off the caller's thread."""
        answers = at_once(*([lambda: dict(context.tags())] * 4))
        assert answers == [answers[0]] * 4
        files = at_once(*([lambda: dict(context.artifacts())] * 2))
        assert files == [files[0]] * 2
        at_once(*([context.sample] * 4))

    def test_secrets_of_the_surroundings_stay_there(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither the environment's secrets nor those on the command line get into tags, files and names of metrics."""
        for name, value in PLANTED.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["train.py", "--api-key", PLANTED["GITHUB_TOKEN"]])
        context: RunContext = request.getfixturevalue("context")
        said = [*context.tags().values(), *(data.decode("latin-1") for data in context.artifacts().values())]
        said += context.sample()
        assert [secret for secret in _SECRETS for text in said if secret in text] == []

    def test_surroundings_that_are_absent_are_no_error(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """No programs to call, no home, no variables, and a working folder that was removed."""
        context: RunContext = request.getfixturevalue("context")
        nowhere = tmp_path / "nowhere"
        nowhere.mkdir()
        for name in list(os.environ):
            monkeypatch.delenv(name)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.chdir(nowhere)
        nowhere.rmdir()
        assert all(isinstance(value, str) for value in context.tags().values())
        assert all(isinstance(data, bytes) for data in context.artifacts().values())
        assert all(isinstance(value, float) for value in context.sample().values())
