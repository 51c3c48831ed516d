"""Artifacts on remote file systems: what this plugin provides."""

from hookline.providers import StoreProvider, hookimpl

_KINDS = {
    "sftp": ("Files of a server that is reached by SSH", "SftpOptions"),
    "ftp": ("Files of an FTP server, without encryption", "FtpOptions"),
    "ftps": ("Files of an FTP server, with TLS (AUTH TLS)", "FtpOptions"),
    "webdav": ("Files of a WebDAV server, such as Nextcloud, by http and without encryption", "WebdavOptions"),
    "webdavs": ("Files of a WebDAV server, such as Nextcloud, by https", "WebdavOptions"),
    "hdfs": ("Files of a Hadoop cluster", "GeneralOptions"),
    "fsspec": ("Files of any file system of fsspec: fsspec:PROTOCOL://...", "GeneralOptions"),
}


@hookimpl
def artifact_stores() -> list[StoreProvider]:
    """Offer the artifact stores of remote file systems."""
    return [
        StoreProvider(
            name=scheme,
            target="hookline_artifact_fsspec.store:FilesystemArtifactStore",
            summary=summary,
            options=f"hookline_artifact_fsspec.options:{options}",
        )
        for scheme, (summary, options) in _KINDS.items()
    ]
