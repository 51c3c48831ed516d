"""The in-memory tracking store keeps every law."""

import sys

import pytest

import hookline.testing
from hookline.system import run_process
from hookline.testing import DocumentsSuite, LoggedModelsSuite, TrackingStoreSuite


class TestMemoryTrackingStore(TrackingStoreSuite):
    target = "hookline.testing:MemoryTrackingStore"


class TestMemoryLoggedModels(LoggedModelsSuite):
    target = "hookline.testing:MemoryTrackingStore"


class TestMemoryDocuments(DocumentsSuite):
    target = "hookline.testing:MemoryTrackingStore"


def test_the_stores_need_no_test_library():
    program = (
        "import sys; from hookline.testing import MemoryModelRegistry, MemoryTrackingStore; "
        "MemoryTrackingStore(), MemoryModelRegistry(); print({'pytest', 'hypothesis'} & set(sys.modules))"
    )
    assert run_process([sys.executable, "-c", program]).strip() == "set()"


def test_a_name_that_is_not_in_the_kit_is_no_attribute():
    with pytest.raises(AttributeError, match="Missing"):
        _ = hookline.testing.Missing
    assert "TrackingStoreSuite" in dir(hookline.testing)
