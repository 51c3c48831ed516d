"""`hookline models`: look at models, register them, compare them, score with them; plugins add `serve`."""

import click

from hookline.cli.context import CliContext, only_reads, pass_cli
from hookline.cli.groups import PluginGroup
from hookline.cli.model_views import (
    facts,
    inspected_fields,
    model_fields,
    model_row,
    model_uri,
    version_row,
)
from hookline.cli.next_commands import no_match, program, shell_word
from hookline.cli.options import check_there, confirmed, first, model_names, pairs, pairs_option, search_options
from hookline.cli.output import NO_DIFFERENCE, side_by_side
from hookline.cli.scoring import score
from hookline.entities import ModelChange, VersionChange, check_alias

VERSION_COLUMNS = ["version", "aliases", "created", "run_id", "description", "source"]
by_name = click.argument("name", shell_complete=model_names)
one_version = click.option("--version", metavar="VERSION", help="Of one version: its number, @ALIAS or latest.")


@click.group(cls=PluginGroup)
def models() -> None:
    """Models: look at them, register them, compare them, score with them; plugins add serving.

    URI names a model: a folder, runs:/RUN_ID/NAME, models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/latest, or a
    folder in an artifact store.
    """


models.add_command(score)


@models.command()
@click.argument("uri")
@click.pass_context
@only_reads
def inspect(ctx: click.Context, uri: str) -> None:
    """Print what a model is: flavors, signature, requirements, digests, and what its pickles would import.

    Nothing of the model is executed. The exit code is 1 where its files are not those on record.
    """
    cli = ctx.ensure_object(CliContext)
    found = cli.workspace.models.inspect(uri)
    cli.out(found.to_dict() if cli.as_json else inspected_fields(found))
    if found.problems:
        ctx.exit(1)


@models.command()
@click.argument("uri")
@click.argument("name", shell_complete=model_names)
@click.option("--description", default="", help="Of the version.")
@pairs_option("--tag", "tags", help="A tag of the version; repeatable.")
@click.option("--alias", "aliases", multiple=True, metavar="ALIAS", help="Let this alias point at it; repeatable.")
@click.option("--allow-pickle", is_flag=True, help="Vouch for its pickles, so that the version opens without asking.")
@pass_cli
def register(
    cli: CliContext,
    uri: str,
    name: str,
    description: str,
    tags: dict[str, str],
    aliases: tuple[str, ...],
    allow_pickle: bool,
) -> None:
    """Make the next version of a registered model, which is made where it is not there."""
    for alias in aliases:
        check_alias(alias)  # before anything is made
    made = cli.workspace.models.register(uri, name, description=description, tags=tags, allow_pickle=allow_pickle)
    for alias in aliases:
        cli.workspace.registry.set_alias(name, alias, made.version)
    stored = cli.workspace.registry.get_version(name, made.version)
    cli.out(stored, text=f"Registered {uri} as version {made.version} of {name!r}: models:/{name}/{made.version}")


@models.command()
@search_options
@pass_cli
@only_reads
def search(cli: CliContext, filter: str | None, order_by: tuple[str, ...], max_results: int) -> None:
    """Print the registered models that a filter such as "name LIKE 'fraud%'" asks for; default: all, by name."""
    found = cli.workspace.registry.search(filter, order_by=order_by, max_results=max_results + 1)
    shown = first(found, max_results, cli)
    columns = ["name", "latest", "aliases", "changed", "description"]
    make = "models register runs:/RUN_ID/NAME NAME"
    nothing = no_match(cli, "registered models", "models list", narrowed=bool(filter), make=make)
    cli.out(shown, rows=[model_row(each) for each in shown], columns=columns, nothing=nothing)


models.add_command(search, "list")


@models.command()
@by_name
@pass_cli
@only_reads
def show(cli: CliContext, name: str) -> None:
    """Print all that is known of a registered model."""
    found = cli.workspace.registry.get(name)
    cli.out(found if cli.as_json else model_fields(found))


@models.command()
@by_name
@pass_cli
@only_reads
def versions(cli: CliContext, name: str) -> None:
    """Print the versions of a registered model, the newest first."""
    found = cli.workspace.registry.versions(name)
    nothing = f"{name!r} has no versions. To make one: {program(cli)} models register URI {shell_word(name)}"
    cli.out(found, rows=[version_row(each) for each in found], columns=VERSION_COLUMNS, nothing=nothing)


@models.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--all", "everything", is_flag=True, help="Show also what is equal.")
@pass_cli
@only_reads
def diff(cli: CliContext, a: str, b: str, everything: bool) -> None:
    """Print in what two models differ: params and metrics of their training, signature, requirements, files.

    A and B are NAME/VERSION, NAME@ALIAS or model URIs: hookline models diff wine/1 wine@champion
    """
    uris = [model_uri(each) for each in (a, b)]
    sides = [facts(cli.workspace, uri) for uri in uris]
    rows = side_by_side(uris, sides, everything)
    found = {"models": uris, "differences": {row["what"]: [row[uri] for uri in uris] for row in rows}}
    cli.out(found, rows=rows, columns=["what", *dict.fromkeys(uris)], nothing=NO_DIFFERENCE)


@models.command()
@by_name
@click.argument("text")
@one_version
@pass_cli
def describe(cli: CliContext, name: str, text: str, version: str | None) -> None:
    """Set the description of a registered model, or of one version."""
    registry = cli.workspace.registry
    if version is None:
        cli.out(registry.update(name, ModelChange(description=text)), text=f"Described {name!r}.")
    else:
        number = registry.get_version(name, version).version
        changed = registry.update_version(name, number, VersionChange(description=text))
        cli.out(changed, text=f"Described version {number} of {name!r}.")


@models.command()
@by_name
@click.argument("new_name")
@pass_cli
def rename(cli: CliContext, name: str, new_name: str) -> None:
    """Give a registered model another name; its versions go with it."""
    changed = cli.workspace.registry.update(name, ModelChange(name=new_name))
    cli.out(changed, text=f"The registered model {name!r} is now called {new_name!r}.")


@models.command()
@by_name
@one_version
@confirmed("A deleted version or model cannot be restored. Delete it?")
@pass_cli
def delete(cli: CliContext, name: str, version: str | None) -> None:
    """Delete a registered model with its versions, or one version; the models' files stay."""
    registry = cli.workspace.registry
    if version is None:
        registry.delete(name)
        cli.out({"name": name}, text=f"Deleted the registered model {name!r}.")
    else:
        number = registry.get_version(name, version).version
        registry.delete_version(name, number)
        cli.out({"name": name, "version": number}, text=f"Deleted version {number} of {name!r}.")


@models.group()
def alias() -> None:
    """Names that point at versions, such as `champion`."""


@alias.command("set")
@by_name
@click.argument("alias")
@click.argument("version")
@pass_cli
def set_alias(cli: CliContext, name: str, alias: str, version: str) -> None:
    """Let an alias point at a version; one that points elsewhere moves."""
    number = cli.workspace.registry.get_version(name, version).version
    cli.workspace.registry.set_alias(name, alias, number)
    text = f"models:/{name}@{alias} is now version {number}."
    cli.out({"name": name, "alias": alias, "version": number}, text=text)


@alias.command("delete")
@by_name
@click.argument("alias")
@pass_cli
def delete_alias(cli: CliContext, name: str, alias: str) -> None:
    """Remove an alias; the version stays."""
    check_there("alias", alias, cli.workspace.registry.get(name).aliases)
    cli.workspace.registry.delete_alias(name, alias)
    cli.out({"name": name, "alias": alias}, text=f"Removed the alias {alias!r} of {name!r}.")


@models.group()
def tag() -> None:
    """Tags of a registered model, or of one version."""


@tag.command("set")
@by_name
@click.argument("tags", nargs=-1, required=True, metavar="KEY=VALUE...", callback=pairs)
@one_version
@pass_cli
def set_tags(cli: CliContext, name: str, tags: dict[str, str], version: str | None) -> None:
    """Set tags; the last value of a tag wins."""
    _change_tags(cli, name, version, set_tags=tags)
    cli.out(tags, text=f"Set: {', '.join(tags)}.")


@tag.command("delete")
@by_name
@click.argument("key")
@one_version
@pass_cli
def delete_tag(cli: CliContext, name: str, key: str, version: str | None) -> None:
    """Remove a tag."""
    registry = cli.workspace.registry
    there = registry.get(name) if version is None else registry.get_version(name, version)
    check_there("tag", key, there.tags)
    _change_tags(cli, name, version, deleted=(key,))
    cli.out({"name": name, "key": key}, text=f"Removed: {key}.")


def _change_tags(
    cli: CliContext,
    name: str,
    version: str | None,
    set_tags: dict[str, str] | None = None,
    deleted: tuple[str, ...] = (),
) -> None:
    registry = cli.workspace.registry
    if version is None:
        registry.update(name, ModelChange(tags=set_tags or {}, deleted_tags=deleted))
    else:
        number = registry.get_version(name, version).version
        registry.update_version(name, number, VersionChange(tags=set_tags or {}, deleted_tags=deleted))
