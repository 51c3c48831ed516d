"""On database servers the store and the registry keep the same laws."""

import re
import shutil
from pathlib import Path

import pytest

from hookline.system import run_process
from hookline.testing import DocumentsSuite, LoggedModelsSuite, ModelRegistrySuite, TrackingStoreSuite

POSTGRESQL, MARIADB = "hookline_tracking_sql.postgresql:Postgresql", "hookline_tracking_sql.mariadb:Mariadb"


def name_with_version(name: str, *programs: str | Path) -> str:
    """What the tests run against, as it is called in the table of certificates."""
    found = next((each for each in programs if shutil.which(each)), None)
    version = re.search(r"\d+(\.\d+)+", run_process([str(found), "--version"])) if found else None
    return f"{name} {version[0]}" if version else name


DEBIANS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda each: -int(each.parts[-3]))
POSTGRESQL_HERE = name_with_version("PostgreSQL", "postgres", *DEBIANS)
MARIADB_HERE = name_with_version("MariaDB", "mariadbd", "/usr/sbin/mariadbd")


class OnPostgresql:
    component = POSTGRESQL_HERE
    target = f"{POSTGRESQL}TrackingStore"
    persistent = True

    @pytest.fixture
    def uri(self, postgresql_uri: str) -> str:
        return postgresql_uri


class OnMariadb:
    component = MARIADB_HERE
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
