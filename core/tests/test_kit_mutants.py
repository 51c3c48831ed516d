"""The suites of artifact stores and run contexts can fail: each thing here breaks one law, and its test notices."""

import math
import os
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from time import sleep

import pytest

from hookline.entities import FileInfo
from hookline.errors import NotFound
from hookline.interfaces import ArtifactStore, RunContext
from hookline.testing import ArtifactStoreSuite, MemoryArtifactStore, RunContextSuite


class KeepsNoCopy(MemoryArtifactStore):
    def put(self, key, source):
        super().put(key, source)
        self._files[key] = source

    def open(self, key):
        self._read(key)
        return BytesIO(self._files[key].read_bytes())


class AppendsToOldFiles(MemoryArtifactStore):
    def put(self, key, source):
        old = self._files.get(key, b"")
        super().put(key, source)
        self._files[key] += old[len(self._files[key]) :]


class ListsBySize(MemoryArtifactStore):
    def list(self, prefix=""):
        return sorted(super().list(prefix), key=lambda each: (each.is_dir, each.path), reverse=True)


class ListsAllLevels(MemoryArtifactStore):
    def list(self, prefix=""):
        return [FileInfo(key, False, 1) for key in sorted(self._files) if key.startswith(prefix)]


class TakesPrefixesForTheStartsOfNames(MemoryArtifactStore):
    def list(self, prefix=""):
        found = super().list(prefix)
        return found or [FileInfo(key, False, 1) for key in self._files if prefix and key.startswith(prefix)]


class ComplainsOfMissingFiles(MemoryArtifactStore):
    def delete(self, key):
        if not self.list(key):
            raise NotFound(key)
        super().delete(key)


class DeletesByTheStartOfNames(MemoryArtifactStore):
    def delete(self, key):
        for each in [each for each in self._files if each.startswith(key)]:
            del self._files[each]


class WritesBeforeItLooks(MemoryArtifactStore):
    def get(self, key, destination):
        destination.touch()
        super().get(key, destination)


class OnDisk(ArtifactStore):
    """What everybody writes first: paths joined as they come."""

    def __init__(self, root):
        self.root = root
        root.mkdir(exist_ok=True)

    def put(self, key, source):
        (self.root / key).parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as data, (self.root / key).open("wb") as target:
            while chunk := data.read(50_000):
                target.write(chunk)
                target.flush()
                sleep(0)

    def get(self, key, destination):
        with self.open(key) as data:
            destination.write_bytes(data.read())

    def open(self, key):
        try:
            return (self.root / key).open("rb")
        except OSError as error:
            raise NotFound(key) from error

    def list(self, prefix=""):
        folder = self.root / prefix
        if folder.is_file():
            return [FileInfo(prefix, False, folder.stat().st_size)]
        names = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
        keys = [f"{prefix}/{name}".lstrip("/") for name in names]
        sizes = {key: None if (self.root / key).is_dir() else (self.root / key).stat().st_size for key in keys}
        return [FileInfo(key, size is None, size) for key, size in sizes.items()]

    def delete(self, key):
        if (self.root / key).is_dir():
            shutil.rmtree(self.root / key)
        else:
            (self.root / key).unlink(missing_ok=True)

    def local_path(self, key):
        return self.root / key


STORES = [
    (KeepsNoCopy, "test_what_is_stored_is_a_copy", {}),
    (AppendsToOldFiles, "test_put_replaces", {}),
    (ListsBySize, "test_a_listing_shows_one_level", {}),
    (ListsAllLevels, "test_a_listing_shows_one_level", {}),
    (TakesPrefixesForTheStartsOfNames, "test_a_prefix_ends_at_a_slash", {}),
    (ComplainsOfMissingFiles, "test_deleting_what_is_missing_is_no_error", {"key": "missing"}),
    (DeletesByTheStartOfNames, "test_a_deleted_file_is_gone", {}),
    (WritesBeforeItLooks, "test_a_missing_file_is_not_found", {"key": "missing"}),
    (MemoryArtifactStore, "test_a_large_file_takes_little_memory", {}),
    (OnDisk, "test_a_key_never_leads_out_of_the_root", {"key": "../x"}),
    (OnDisk, "test_a_reader_never_sees_a_part", {}),
    (OnDisk, "test_a_folder_ends_with_its_last_file", {}),
    (OnDisk, "test_storing_while_a_folder_is_deleted_fails_for_nobody", {}),
    (OnDisk, "test_a_link_is_no_way_out", {"kind": "file"}),
    (OnDisk, "test_a_link_is_no_way_out", {"kind": "folder"}),
    (OnDisk, "test_replacing_a_hard_link_changes_no_file_outside", {}),
]


@pytest.mark.parametrize(("store", "law", "case"), STORES, ids=[f"{each.__name__}-{law}" for each, law, _ in STORES])
def test_a_store_that_breaks_a_law_is_noticed(store, law, case, tmp_path):
    def is_noticed(folder):
        (folder / "scratch").mkdir(parents=True)
        made = store(folder / "root") if store is OnDisk else store()
        given = {"store": made, "scratch": folder / "scratch", "root": folder / "root", **case}
        return breaks(ArtifactStoreSuite, law, given)

    assert any(is_noticed(tmp_path / str(number)) for number in range(30))  # a race is lost in most runs, not in all


def breaks(suite, law, given):
    """Return whether a law does not hold for what is given."""
    test = getattr(suite, law)
    names = test.__code__.co_varnames[1 : test.__code__.co_argcount]
    arguments = {name: given[name] for name in names}
    try:
        test(suite(), **arguments)
    except (AssertionError, pytest.fail.Exception, NotFound, OSError):
        return True
    return False


# Run contexts --------------------------------------------------------------------------------------------------------


class Surroundings(RunContext):
    def tags(self):
        return {"cluster.job": "17"}

    def artifacts(self):
        return {"cluster/job.txt": b"17"}


class NumbersForTexts(Surroundings):
    def tags(self):
        return {"cluster.job": 17}


class StrangeKeys(Surroundings):
    def tags(self):
        return {"../job": "17"}


class StrangeFiles(Surroundings):
    def artifacts(self):
        return {"/etc/job": b"17"}


class TextForBytes(Surroundings):
    def artifacts(self):
        return {"job": "17"}


class LooksAgain(Surroundings):
    asked = 0

    def tags(self):
        self.asked += 1
        return {"cluster.job": str(self.asked)}


class TellsTheEnvironment(Surroundings):
    def artifacts(self):
        return {"environment.txt": repr(dict(os.environ)).encode()}


class NeedsAHome(Surroundings):
    def tags(self):
        return {"home": os.environ["HOME"]}


class NeedsAFolder(Surroundings):
    def tags(self):
        return {"folder": str(Path.cwd())}


class SamplesTexts(Surroundings):
    def sample(self):
        return {"system/load": "high"}


class SamplesInfinity(Surroundings):
    def sample(self):
        return {"system/load": math.inf}


class SamplesElsewhere(Surroundings):
    def sample(self):
        return {"loss": 1.0}


class SamplesStrangeKeys(Surroundings):
    def sample(self):
        return {"system/../load": 1.0}


class SamplesOnce(Surroundings):
    asked = False

    def sample(self):
        if self.asked:
            raise RuntimeError("asked twice")
        self.asked = True
        return {"system/load": 1.0}


class SamplesByAProgram(Surroundings):
    def sample(self):
        subprocess.run(["true"], check=True)
        return {"system/load": 1.0}


class SamplesInAFolder(Surroundings):
    def sample(self):
        return {"system/files": float(len(list(Path.cwd().iterdir())))}


class TellsItsArguments(Surroundings):
    def sample(self):
        return {f"system/{sys.argv[-1]}": 1.0}


CONTEXTS = [
    (NumbersForTexts, "test_tags_are_texts_under_keys_that_tags_may_have"),
    (StrangeKeys, "test_tags_are_texts_under_keys_that_tags_may_have"),
    (StrangeFiles, "test_artifacts_are_bytes_under_keys_that_artifacts_may_have"),
    (TextForBytes, "test_artifacts_are_bytes_under_keys_that_artifacts_may_have"),
    (LooksAgain, "test_asking_again_changes_nothing"),
    (LooksAgain, "test_any_thread_may_ask"),
    (TellsTheEnvironment, "test_secrets_of_the_surroundings_stay_there"),
    (NeedsAHome, "test_surroundings_that_are_absent_are_no_error"),
    (NeedsAFolder, "test_surroundings_that_are_absent_are_no_error"),
    (SamplesTexts, "test_samples_are_numbers_under_keys_of_the_system"),
    (SamplesInfinity, "test_samples_are_numbers_under_keys_of_the_system"),
    (SamplesElsewhere, "test_samples_are_numbers_under_keys_of_the_system"),
    (SamplesStrangeKeys, "test_samples_are_numbers_under_keys_of_the_system"),
    (SamplesOnce, "test_samples_are_numbers_under_keys_of_the_system"),
    (SamplesByAProgram, "test_a_sample_starts_no_program"),
    (SamplesInAFolder, "test_surroundings_that_are_absent_are_no_error"),
    (TellsItsArguments, "test_secrets_of_the_surroundings_stay_there"),
]


class TestSurroundings(RunContextSuite):
    @pytest.fixture
    def context(self):
        return Surroundings()


class Request:
    """Stands for pytest's request where a law is called by hand."""

    def __init__(self, context):
        self.context = context

    def getfixturevalue(self, name):
        return self.context


@pytest.mark.parametrize(("context", "law"), CONTEXTS, ids=[f"{each.__name__}-{law}" for each, law in CONTEXTS])
def test_a_context_that_breaks_a_law_is_noticed(context, law, tmp_path, monkeypatch):
    made = context()
    test = getattr(RunContextSuite, law)
    given = {"context": made, "request": Request(made), "tmp_path": tmp_path}
    names = test.__code__.co_varnames[1 : test.__code__.co_argcount]
    with monkeypatch.context() as patch, pytest.raises(Exception):  # noqa: B017 - whatever the law is broken with
        test(RunContextSuite(), **{name: {**given, "monkeypatch": patch}[name] for name in names})
