"""Models served on this machine: the scoring server, and managed local deployments."""

from collections.abc import Iterable

from hookline.providers import Provider, hookimpl


@hookimpl
def deployment_targets() -> Iterable[Provider]:
    """Offer the target `local`."""
    return [
        Provider(
            "local",
            "hookline_deploy_local.target:LocalTarget",
            "Models that answer on this machine, each in a process of its own",
        )
    ]


@hookimpl
def commands() -> Iterable[Provider]:
    """Offer `hookline models serve`."""
    return [
        Provider("models serve", "hookline_deploy_local.command:serve", "Answer requests with a model over HTTP"),
    ]
