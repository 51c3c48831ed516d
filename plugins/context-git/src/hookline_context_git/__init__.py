"""The git commit that a run starts from, and what was not committed."""

from collections.abc import Iterable

from hookline.providers import Provider, hookimpl


@hookimpl
def run_contexts() -> Iterable[Provider]:
    """Offer the context of the repository that the running program lies in."""
    return [
        Provider(
            name="git",
            target="hookline_context_git.context:GitContext",
            summary="commit, branch and repository of the running program, and its uncommitted changes as a patch",
        )
    ]
