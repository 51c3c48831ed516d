"""Gives projects their dependencies: as they are here, or in virtual environments that are made once and reused."""

from hookline.providers import Provider, hookimpl

_OPTIONS = "hookline_env_venv.options:VenvOptions"


@hookimpl
def environments() -> list[Provider]:
    """Offer the environments `current`, `uv` and `virtualenv`."""
    return [
        Provider(
            "current",
            "hookline_env_venv.current:CurrentEnvironment",
            "The interpreter that runs Hookline, as it is; says what a project asks for and is not there",
        ),
        Provider("uv", "hookline_env_venv.uv:UvEnvironment", "A virtual environment made by uv", _OPTIONS),
        Provider(
            "virtualenv",
            "hookline_env_venv.virtualenv:VirtualenvEnvironment",
            "A virtual environment made by virtualenv (or venv) and pip",
            _OPTIONS,
        ),
    ]
