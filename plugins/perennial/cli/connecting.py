"""The command that connects a shop: looks at its data, and proposes the `sources:` part of shop.yaml."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from perennial.cli import connecting_views as views
from perennial.cli.installing import held_by_airflow
from perennial.cli.showing import AsJson, notes, show
from perennial.errors import SettingsError
from perennial.settings import read_settings

if TYPE_CHECKING:
    from perennial.pipeline.connecting import Place

connecting = typer.Typer()


@connecting.command(name="connect")
def connect_shop(
    source: Annotated[
        str | None,
        typer.Argument(
            help="A folder of files or a pattern such as 'exports/*.csv', an SQLAlchemy URL, or an Airflow connection."
            " Default: PERENNIAL_SOURCE_URL or PERENNIAL_SOURCE_CONNECTION."
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the proposal into shop.yaml.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the `sources:` part that is there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look at a shop's data and propose the mapping, with masked rows and what each campaign would lack."""
    from perennial.pipeline.connecting import connect
    from perennial.sources.proposing.shop_part import write_part

    settings = read_settings()
    shop_file = settings.project / "shop.yaml"
    found = connect(_place(source), settings.project, now=datetime.now(UTC))
    show(found.as_json(), as_json, views.connecting)
    if write:
        kept = write_part(shop_file, found.part, force=force)
        notes.print(f"{shop_file} has a new `sources:` part.", highlight=False)
        if kept:
            notes.print(f"As it was before: {kept}", highlight=False)
        notes.print("Check it: perennial check")


def _place(source: str | None) -> Place:
    """Where a word on the command line says that the data are."""
    from perennial.pipeline.connecting import Place

    if source is None:
        return _of_settings()
    if "://" in source:
        return Place(where=SecretStr(source))
    path = Path(source)
    if path.is_dir():
        return Place(where=path)
    if path.is_file():
        return Place(where=path.parent, pattern=path.name)
    if any(sign in source for sign in "*?["):
        parts = path.parts
        plain = next(n for n, part in enumerate(parts) if any(sign in part for sign in "*?["))
        return Place(where=Path(*parts[:plain]), pattern="/".join(parts[plain:]))
    if "/" in source or "." in source:
        msg = f"There is no folder {source}."
        raise SettingsError(msg)
    return _of_settings(source_connection=source)


def _of_settings(**chosen: object) -> Place:
    """The database that the settings name, or an Airflow connection."""
    from perennial.pipeline.connecting import Place

    settings = read_settings(**chosen)
    url = settings.source_url
    if settings.source_connection:
        found = held_by_airflow(settings).get("source_url")
        url = SecretStr(str(found)) if found else None
    if url is None:
        msg = (
            "No source is named, or it is an API. Say perennial connect FOLDER or set PERENNIAL_SOURCE_URL;"
            " an API brings its own mapping: docs/how-to/connect-a-shop-api.md."
        )
        raise SettingsError(msg)
    return Place(where=url)
