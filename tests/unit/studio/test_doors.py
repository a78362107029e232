"""Nobody passes whom Airflow does not know, and nobody does what they may not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Route

from perennial.settings import Settings
from perennial.studio.app import make_studio
from perennial.studio.protecting import HEADERS
from studio_visits import OPERATOR, VIEWER, Door, NamedLogin, PlayedAirflow, studio_door


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module")
def door(settings: Settings) -> Iterator[Door]:
    with studio_door(settings) as door:
        yield door


def _routes(settings: Settings) -> list[Route]:
    studio = make_studio(settings, login=NamedLogin(), airflow=PlayedAirflow())
    return [route for route in studio.routes if isinstance(route, Route)]


def _path(route: Route) -> str:
    return route.path_format.replace("{", "").replace("}", "")


def test_who_has_not_signed_in_is_refused_on_every_route(settings: Settings, door: Door) -> None:
    stranger = door.as_(None)
    routes = _routes(settings)
    answers = {
        (method, route.path): (
            stranger.send(_path(route), {}) if method == "POST" else stranger.see(_path(route))
        ).status
        for route in routes
        for method in (route.methods or ())
        if method != "HEAD"
    }

    assert len(routes) > 1
    assert answers == dict.fromkeys(answers, 401)


def test_a_viewer_is_refused_every_action(settings: Settings, door: Door) -> None:
    actions = [_path(route) for route in _routes(settings) if "POST" in (route.methods or ())]

    assert [door.as_(VIEWER).send(path, {}).status for path in actions] == [403] * len(actions)


def test_a_form_without_its_key_is_refused(settings: Settings, door: Door) -> None:
    actions = [_path(route) for route in _routes(settings) if "POST" in (route.methods or ())]
    forged = [door.send(path, {"form_key": "0" * 64}).status for path in actions]
    foreign = [door.send(path, {}, Origin="https://elsewhere.example").status for path in actions]
    borrowed = [
        door.send(path, {"form_key": OPERATOR.form_key("another secret")}).status
        for path in actions
    ]

    assert forged == foreign == borrowed == [403] * len(actions)


def test_every_answer_is_kept_from_other_sites(door: Door) -> None:
    for path in ("/", "/static/studio.css", "/static/none"):
        headers = door.see(path).headers
        kept = {name: headers[name] for name in HEADERS if name != "Cache-Control"}

        assert kept == {name: value for name, value in HEADERS.items() if name != "Cache-Control"}


def test_static_files_are_only_those_of_the_folder(door: Door) -> None:
    assert door.see("/static/studio.css").status == 200
    assert door.see("/static/..%2fapp.py").status == 404
    assert door.see("/static/%2e%2e%2fapp.py").status == 404


def test_a_shop_without_a_night_has_a_page_that_says_so(door: Door) -> None:
    page = door.see("/")

    assert page.status == 200
    assert "no verified data for this day" in page.text
    assert str(Path.home()) not in page.text
