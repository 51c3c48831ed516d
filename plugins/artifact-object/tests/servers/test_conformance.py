"""The laws of artifact stores, on SeaweedFS and on Azurite."""

import uuid

import pytest
from object_servers import BUCKET, CONTAINER, Azurite, Seaweed

from hookline.testing import ArtifactStoreSuite


class TestS3(ArtifactStoreSuite):
    target = "hookline_artifact_object.store:ObjectArtifactStore"
    persistent = True

    @pytest.fixture
    def uri(self, on_seaweed: Seaweed) -> str:
        return f"s3://{BUCKET}/a team's 100% größe/{uuid.uuid4().hex}"


class TestAzure(ArtifactStoreSuite):
    target = "hookline_artifact_object.store:ObjectArtifactStore"
    persistent = True

    @pytest.fixture
    def uri(self, on_azurite: Azurite) -> str:
        return f"az://{CONTAINER}/a team's 100% größe/{uuid.uuid4().hex}"
