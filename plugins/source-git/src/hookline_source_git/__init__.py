"""Fetches projects from Git repositories, by the `git` program."""

from hookline.providers import Provider, hookimpl

_TARGET = "hookline_source_git.source:GitSource"


@hookimpl
def project_sources() -> list[Provider]:
    """Offer the schemes of Git URLs; `git` takes those of local repositories as well."""
    return [
        Provider("git", _TARGET, "A Git repository: git://host/path, or a local one"),
        Provider("ssh", _TARGET, "A Git repository over SSH: ssh://host/path or git@host:path"),
        Provider("https", _TARGET, "A Git repository over HTTPS: https://host/path.git"),
        Provider("http", _TARGET, "A Git repository over HTTP: http://host/path.git"),
    ]
