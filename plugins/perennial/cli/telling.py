"""The policy in whole sentences."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from perennial.campaigns.policy_file import read_policy
from perennial.campaigns.policy_telling import tell_policy
from perennial.cli.showing import AsJson, out, show
from perennial.settings import read_settings
from perennial.sources.shop_file import read_shop

telling = typer.Typer()


class Language(StrEnum):
    """What the policy can be told in."""

    EN = "en"
    ES = "es"
    RU = "ru"


@telling.command()
def policy(
    language: Annotated[
        Language, typer.Option(help="The language of the sentences.")
    ] = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Say who may be written to, how often, when, and for how much: policy.yaml in whole sentences."""
    project = read_settings().project
    rules = read_policy(project / "policy.yaml")
    title, chapters = tell_policy(rules, language, read_shop(project / "shop.yaml").currency)
    if as_json:
        told = {chapter.heading: list(chapter.sentences) for chapter in chapters}
        show({"title": title, "chapters": told}, as_json, str)
        return
    out.print(title, style="bold")
    for chapter in chapters:
        out.print(f"\n{chapter.heading}", style="bold")
        for sentence in chapter.sentences:
            out.print(f"- {sentence}", markup=False, highlight=False)
