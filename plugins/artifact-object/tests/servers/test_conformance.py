"""The laws of artifact stores, on SeaweedFS and on Azurite."""

import os
import uuid

import pytest
from object_servers import BUCKET, CONTAINER, Azurite, Seaweed, names_with_versions

from hookline.testing import ArtifactStoreSuite

SEAWEED, AZURITE = names_with_versions(os.environ.get("HOOKLINE_TEST_OBJECTS", ""))


class TestS3(ArtifactStoreSuite):
    component = SEAWEED
    target = "hookline_artifact_object.store:ObjectArtifactStore"
    persistent = True

    @pytest.fixture
    def uri(self, on_seaweed: Seaweed) -> str:
        return f"s3://{BUCKET}/a team's 100% größe/{uuid.uuid4().hex}"


class TestAzure(ArtifactStoreSuite):
    component = AZURITE
    stands_for = "Azure Blob Storage"
    target = "hookline_artifact_object.store:ObjectArtifactStore"
    persistent = True

    @pytest.fixture
    def uri(self, on_azurite: Azurite) -> str:
        return f"az://{CONTAINER}/a team's 100% größe/{uuid.uuid4().hex}"
