"""Gives projects environments of conda packages, which are solved and installed in this process."""

from hookline.providers import Provider, hookimpl


@hookimpl
def environments() -> list[Provider]:
    """Offer the environment `conda`."""
    return [
        Provider(
            "conda",
            "hookline_env_conda.environment:CondaEnvironment",
            "An environment of conda packages, made without conda being installed",
            "hookline_env_conda.options:CondaOptions",
        )
    ]
