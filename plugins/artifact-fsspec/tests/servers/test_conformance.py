"""The laws of artifact stores, on servers of each protocol."""

import os
import uuid
from pathlib import Path
from urllib.parse import quote

import pytest
from file_servers import PASSWORD, USER

from hookline.testing import ArtifactStoreSuite

SIGNED_IN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"


class Remote(ArtifactStoreSuite):
    target = "hookline_artifact_fsspec.store:FilesystemArtifactStore"
    persistent = True
    withstands_swaps = False


@pytest.fixture
def folder() -> str:
    return f"a team's 100% größe/{uuid.uuid4().hex}"


class TestSftp(Remote):
    component = "OpenSSH"

    @pytest.fixture
    def uri(self, shared, home: Path, folder: str) -> str:
        server = shared("sftp")
        server.home(home)
        return f"sftp://{server.host}{server.files}/{folder}"

    @pytest.fixture
    def root(self, shared, folder: str) -> Path:
        return shared("sftp").files / folder


class TestFtp(Remote):
    component = "pyftpdlib"

    @pytest.fixture
    def uri(self, shared, folder: str) -> str:
        return f"ftp://{SIGNED_IN}@{shared('ftp').host}/{folder}"


class TestVsftpd(Remote):
    """A server without `MLSD` and `MLST`."""

    component = "vsftpd"

    @pytest.fixture
    def uri(self, shared, folder: str) -> str:
        if os.geteuid() != 0:
            pytest.skip("vsftpd changes its root folder, which root may do")
        return f"ftp://{shared('vsftpd').host}/open/{folder}"


class TestWebdav(Remote):
    component = "wsgidav"

    @pytest.fixture
    def uri(self, shared, folder: str) -> str:
        return f"webdav://{SIGNED_IN}@{shared('webdav').host}/files/{folder}"
