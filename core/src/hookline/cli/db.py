"""`hookline db`: the commands of the tracking store's plugin for its database."""

import click

from hookline.cli.groups import PluginGroup


@click.group(cls=PluginGroup)
def db() -> None:
    """The database of the tracking store.

    The commands here come from the plugin of the store: hookline-tracking-sql brings `upgrade`, `check` and `backup`.
    Where none are listed, the store in use needs no care, or its plugin is not installed: see `hookline plugins list`.
    """
