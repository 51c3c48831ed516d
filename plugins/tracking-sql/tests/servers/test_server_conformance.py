"""On database servers the store and the registry keep the same laws."""

import pytest

from hookline.testing import DocumentsSuite, LoggedModelsSuite, ModelRegistrySuite, TrackingStoreSuite

POSTGRESQL, MARIADB = "hookline_tracking_sql.postgresql:Postgresql", "hookline_tracking_sql.mariadb:Mariadb"


class OnPostgresql:
    target = f"{POSTGRESQL}TrackingStore"
    persistent = True

    @pytest.fixture
    def uri(self, postgresql_uri: str) -> str:
        return postgresql_uri


class OnMariadb:
    target = f"{MARIADB}TrackingStore"
    persistent = True

    @pytest.fixture
    def uri(self, mariadb_uri: str) -> str:
        return mariadb_uri


class TestTrackingOnPostgresql(OnPostgresql, TrackingStoreSuite):
    pass


class TestTrackingOnMariadb(OnMariadb, TrackingStoreSuite):
    pass


class TestLoggedModelsOnPostgresql(OnPostgresql, LoggedModelsSuite):
    pass


class TestLoggedModelsOnMariadb(OnMariadb, LoggedModelsSuite):
    pass


class TestDocumentsOnPostgresql(OnPostgresql, DocumentsSuite):
    pass


class TestDocumentsOnMariadb(OnMariadb, DocumentsSuite):
    pass


class TestRegistryOnPostgresql(OnPostgresql, ModelRegistrySuite):
    target = f"{POSTGRESQL}ModelRegistry"


class TestRegistryOnMariadb(OnMariadb, ModelRegistrySuite):
    target = f"{MARIADB}ModelRegistry"
