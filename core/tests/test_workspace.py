"""The workspace's own folder, and the public names of the package."""

import pytest

import hookline
from hookline.errors import Refused
from hookline.testing.memory_plugin import memory_workspace


@pytest.fixture
def in_a_file(tmp_path):
    """A workspace whose folder cannot be made, since a file lies above it."""
    (tmp_path / "file").write_text("")
    with memory_workspace(tmp_path / "file" / ".hookline") as workspace:
        yield workspace


def test_a_folder_that_cannot_be_made_is_named_with_a_way_out(in_a_file):
    with pytest.raises(Refused, match=r"file/\.hookline, which keeps the runs, cannot be made: .*TRACKING_URI"):
        assert in_a_file.tracking


def test_a_mistyped_name_of_the_package_can_be_suggested():
    with pytest.raises(AttributeError, match="no attribute 'log_metrc'") as caught:
        hookline.log_metrc  # noqa: B018
    assert (caught.value.name, caught.value.obj) == ("log_metrc", hookline)
    assert "log_metric" in dir(caught.value.obj)
